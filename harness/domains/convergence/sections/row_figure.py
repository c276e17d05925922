"""A figure with a line for each name, as those of the agreement and of the clusters are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from harness.report.palette import INK, WIDTH, new_figure
from harness.report.plot_frame import LABEL, draw_frame, round_ticks, shift
from harness.report.text_width import text_width, wrap_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST = 60  # models in one figure
TALLEST = 40  # lines of full height; where there are more, all are lower
EDGE, FOOT, PAD, LONGEST = 0.06, 0.42, 0.08, 2.6  # inches: around all, below the axis, beside a name, of a name before it goes on in a second line
LEADING = 1.1 * LABEL / 72
SEVERAL = 0.06  # inches around a name of several lines, which would run into the next


def new_row_figure(names: Sequence[str], row: float, top: float, right: float) -> tuple[Figure, Axes]:
    """The figure and its axes: names to the left, a row of that many inches for each, room at the top and to the right."""
    shown = [wrap_text(name, LONGEST, LABEL) for name in names]
    deep = max(map(len, shown))
    row = max(row * min(1.0, TALLEST / len(names)), LEADING * deep + SEVERAL * (deep > 1))
    left, tall = EDGE + PAD + max(text_width(line, LABEL) for lines in shown for line in lines), row * len(names)
    height = top + tall + FOOT
    figure = new_figure(height)
    axes = figure.add_axes((left / WIDTH, FOOT / height, (WIDTH - left - right) / WIDTH, tall / height))
    axes.set_ylim(len(names) - 0.5, -0.5)
    beside = axes.get_yaxis_transform() + shift(axes, -72 * PAD, 0)
    for place, lines in enumerate(shown):
        axes.text(0, place, "\n".join(lines), transform=beside, fontsize=LABEL, color=INK, ha="right", va="center", linespacing=1.0)
    return figure, axes


def finish_rows(axes: Axes, limits: tuple[float, float], label: str) -> None:
    """The axis below all rows, which measures what `label` says."""
    wide = axes.get_position().width * WIDTH
    axes.set_xlim(*limits)
    draw_frame(axes, round_ticks(limits, 7), ((), ()), x_label="\n".join(wrap_text(label, wide, LABEL)), left=False)
