"""Draws leaks as a heat map of source by behaviour: colours around zero, even to the eye; hatched is not measured."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from harness.report.number_format import significant
from harness.report.palette import GREY, INK, WIDTH, new_figure
from harness.report.plot_frame import LABEL, SMALL
from harness.report.text_width import text_width, wrap_text
from harness.report.tiles import Box, Values, draw_scale, draw_tiles, print_values

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing

    from harness.domains.leakage.sections.leaks import Leak

EDGE, PAD, SCALE, TALL, WIDE = 0.12, 0.08, 0.95, 0.36, 1.5  # inches: around all, beside labels, for the scale; the height and the greatest width of a tile
LONGEST, LEADING = 2.2, 1.15 * LABEL / 72  # inches: of a source's name before it goes on in a second line, and of a line


def draw(leaks: Sequence[Leak]) -> Drawing:
    """Sources to the left in the order of the records, behaviours below, the scale to the right."""
    sources, behaviours = (list(dict.fromkeys(getattr(leak, key) for leak in leaks)) for key in ("source", "behaviour"))
    names = [wrap_text(source, LONGEST, LABEL) for source in reversed(sources)]  # tiles are laid from the foot upwards
    left = EDGE + PAD + max(text_width(line, LABEL) for lines in names for line in lines)
    wide = min(WIDE, (WIDTH - left - SCALE) / len(behaviours))
    labels = [wrap_text(label_of(leaks, behaviour), wide - 0.06, SMALL) for behaviour in behaviours]
    high = max(TALL, max(map(len, names)) * LEADING + 0.06)
    foot = EDGE + PAD + max(map(len, labels)) * LEADING
    figure = new_figure(EDGE + high * len(sources) + foot)
    values = [[value_of(leaks, source, behaviour) for behaviour in behaviours] for source in reversed(sources)]
    box = (left, foot, wide * len(behaviours), high * len(sources))
    mesh = draw_values(figure, values, box)
    draw_scale(figure, mesh, (left + box[2] + 0.2, foot, 0.12, box[3]), *ticks_of(mesh))
    write(figure, left + box[2] + 0.2, foot - PAD, ["shift"], va="top", fontsize=SMALL, color=GREY)
    for place, lines in enumerate(names):
        write(figure, left - PAD, foot + (place + 0.5) * high, lines, ha="right", va="center", fontsize=LABEL)
    for place, lines in enumerate(labels):
        write(figure, left + (place + 0.5) * wide, foot - PAD, lines, ha="center", va="top", fontsize=SMALL)
    return figure


def draw_values(figure: Drawing, values: Values, box: Box) -> Any:
    """The tiles with their numbers; zero lies in the middle of the colours."""
    width, height = figure.get_size_inches()
    axes = figure.add_axes((box[0] / width, box[1] / height, box[2] / width, box[3] / height))
    most = max((abs(value) for row in values for value in row if value is not None), default=0.0) or 1.0
    mesh = draw_tiles(axes, values, "RdBu", (-most, most))
    axes.set_xlim(0, len(values[0]))
    axes.set_ylim(0, len(values))
    print_values(axes, values, mesh, significant, SMALL)
    return mesh


def ticks_of(mesh: Any) -> tuple[list[float], list[str]]:
    ends = [mesh.norm.vmin, 0.0, mesh.norm.vmax]
    return ends, [significant(end) for end in ends]


def write(figure: Drawing, x: float, y: float, lines: Sequence[str], **style: Any) -> None:
    """Lines of text at a place in inches."""
    look: dict[str, Any] = {"color": INK, "linespacing": 1.0, "transform": figure.dpi_scale_trans} | style
    figure.text(x, y, "\n".join(lines), **look)


def value_of(leaks: Sequence[Leak], source: str, behaviour: str) -> float | None:
    return next((leak.beyond for leak in leaks if (leak.source, leak.behaviour) == (source, behaviour)), None)


def label_of(leaks: Sequence[Leak], behaviour: str) -> str:
    """The behaviour with its unit, and that it is shown by a fall where it is."""
    leak = next(leak for leak in leaks if leak.behaviour == behaviour)
    return f"{leak.behaviour} ({leak.unit}{', falls' if leak.falls else ''})"
