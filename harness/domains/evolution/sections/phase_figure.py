"""Draws maps over two parameters: colours even to the eye, around zero where values of both signs occur; hatched is not measured."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from harness.report.number_format import significant
from harness.report.palette import INK, WIDTH, new_figure
from harness.report.plot_frame import HEAD, LABEL, SMALL, label_of
from harness.report.text_width import text_width, wrap_text
from harness.report.tiles import Box, draw_scale, draw_tiles, print_values

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing

    from harness.domains.evolution.sections.phases import PhaseMap

EVEN, AROUND_ZERO = "cividis", "RdBu"
BESIDE = 3  # maps that stand side by side, where their values can be printed
SCALE, TITLE, FOOT = 0.22, 0.15, 0.46  # inches: a scale without its labels, a line of a title, what stands below a map
SIDE = (0.24, 0.32)  # inches: the least and the greatest height of a cell
PRINTED, TICKS = 0.335, 0.34  # inches of width that a printed value and a tick need


def draw_maps(maps: Sequence[PhaseMap]) -> Drawing:
    """Up to three maps in a row where all are narrow enough."""
    columns = max(len(phase.xs) for phase in maps)
    left = 0.36 + max(text_width(significant(y), SMALL) for phase in maps for y in phase.ys)
    right = SCALE + 0.08 + max(text_width(label, SMALL) for phase in maps for label in ticks_of(phase)[1])
    across = next((many for many in range(min(BESIDE, len(maps)), 1, -1) if WIDTH / many - left - right >= PRINTED * columns), 1)
    room = WIDTH / across
    titles = [wrap_text(label_of(phase.name, phase.unit), room - left - 0.05, HEAD, bold=True) for phase in maps]
    rows = [list(zip(maps, titles, strict=True))[start : start + across] for start in range(0, len(maps), across)]
    heads = [TITLE * max(len(title) for _, title in row) + 0.08 for row in rows]
    talls = [max(height_of(phase) for phase, _ in row) for row in rows]
    height = sum(talls) + sum(heads) + FOOT * len(rows)
    figure, top = new_figure(height), height
    for row, head, tall in zip(rows, heads, talls, strict=True):
        for column, (phase, title) in enumerate(row):
            draw_map(figure, phase, (left + column * room, top - head - height_of(phase), room - left - right, height_of(phase)), title)
        top -= head + tall + FOOT
    return figure


def height_of(phase: PhaseMap) -> float:
    return max(0.9, min(SIDE[1], max(SIDE[0], 3.2 / len(phase.ys))) * len(phase.ys))


def draw_map(figure: Drawing, phase: PhaseMap, box: Box, title: Sequence[str]) -> None:
    left, bottom, wide, tall = box
    width, height = figure.get_size_inches()
    axes = figure.add_axes((left / width, bottom / height, wide / width, tall / height))
    low, high = limits_of(phase)
    mesh = draw_tiles(axes, phase.mean, AROUND_ZERO if low < 0 < high else EVEN, (low, high))
    axes.set_xlim(0, len(phase.xs))
    axes.set_ylim(0, len(phase.ys))
    if wide / len(phase.xs) >= PRINTED:
        print_values(axes, phase.mean, mesh, lambda value: significant(value, 2), SMALL)
    label_axes(figure, phase, box, title)
    draw_scale(figure, mesh, (left + wide + 0.08, bottom, 0.1, tall), *ticks_of(phase))


def limits_of(phase: PhaseMap) -> tuple[float, float]:
    return colour_limits([value for row in phase.mean for value in row if value is not None])


def ticks_of(phase: PhaseMap) -> tuple[list[float], list[str]]:
    """Both ends of the colours and their middle, with their labels."""
    low, high = limits_of(phase)
    ticks = [low, 0.0, high] if low < 0 < high else [low, (low + high) / 2, high]
    return ticks, [significant(tick, 2) for tick in ticks]


def colour_limits(values: Sequence[float]) -> tuple[float, float]:
    """The ends of the colours, never the same; zero lies in their middle where there are values of both signs."""
    low, high = (min(values), max(values)) if values else (0.0, 1.0)
    if low < 0 < high:
        return -max(-low, high), max(-low, high)
    least = 1e-9 * max(abs(low), abs(high), 1e-9)
    return low, high if high > low + least else low + max(0.01, 1e-6 * abs(low))


def label_axes(figure: Drawing, phase: PhaseMap, box: Box, title: Sequence[str]) -> None:
    left, bottom, wide, tall = box

    def write(x: float, y: float, text: str, size: float, **style: Any) -> None:
        figure.text(x, y, text, transform=figure.dpi_scale_trans, fontsize=size, color=INK, linespacing=1.1, **style)

    step = max(1, -int(-TICKS * len(phase.xs) // wide))
    for index in range(0, len(phase.xs), step):
        write(left + (index + 0.5) * wide / len(phase.xs), bottom - 0.05, significant(phase.xs[index]), SMALL, ha="center", va="top")
    ticks = [significant(value) for value in phase.ys]
    for index, tick in enumerate(ticks):
        write(left - 0.05, bottom + (index + 0.5) * tall / len(phase.ys), tick, SMALL, ha="right", va="center_baseline")
    write(left, bottom + tall + 0.08, "\n".join(title), HEAD, fontweight="bold", va="baseline")
    write(left + wide / 2, bottom - 0.2, "\n".join(wrap_text(phase.x, wide, LABEL)), LABEL, ha="center", va="top")
    aside = left - 0.12 - max(text_width(tick, SMALL) for tick in ticks)
    write(aside, bottom + tall / 2, "\n".join(wrap_text(phase.y, tall, LABEL)), LABEL, ha="right", va="center", rotation=90, multialignment="center")
