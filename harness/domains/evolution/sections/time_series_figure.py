"""Draws a panel of trajectories: one small axis a measure, one line an arm with its interval as a shade; a line breaks where there is no population."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, nan
from typing import TYPE_CHECKING

from harness.domains.evolution.sections.axes import style_axes
from harness.report.palette import GREY, INK, WIDTH, new_figure, shorten_end
from harness.report.record_format import axis_limits, shorten
from harness.report.trajectory_figure import LOOKS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawing

    from harness.domains.evolution.sections.time_series import Course, MeasuredCourse

LEFT, RIGHT, GAP, TITLE, PLOT, FOOT = 0.46, 0.14, 0.5, 0.4, 1.75, 0.46  # inches
CHAR, HANDLE, ENTRY, WIDEST = 0.073, 0.62, 0.2, 5.2  # inches: a letter and the line of a legend, its height, the widest axis
DASHES = ("-", (0, (4, 2)))
MARKS = 5  # markers on a line; more would hide it

Line = tuple[int, "Course", "MeasuredCourse"]  # the number of an arm, by which it looks as it does, the arm, one of its measures


def draw_courses(arms: Sequence[Course], names: Sequence[str]) -> Drawing:
    """The measures of these names side by side, the legend above them."""
    labels = [shorten(arm.arm) for arm in arms]
    across = max(1, int((WIDTH - 0.1) / (CHAR * max(len(label) for label in labels) + HANDLE)))
    height = ENTRY * ceil(len(labels) / across) + 0.1 + TITLE + PLOT + FOOT
    figure = new_figure(height)
    wide = min(WIDEST, (WIDTH - LEFT - RIGHT - GAP * (len(names) - 1)) / len(names))
    for index, name in enumerate(names):
        axes = figure.add_axes(((LEFT + index * (wide + GAP)) / WIDTH, FOOT / height, wide / WIDTH, PLOT / height))
        lines = [(look, arm, measure) for look, arm in enumerate(arms) for measure in arm.measures if measure.name == name]
        draw_measure(axes, lines, len(arms))
        draw_title(axes, name, lines[0][2].unit, wide)
    draw_legend(figure, labels, height, across)
    return figure


def draw_measure(axes: Axes, lines: Sequence[Line], arms: int) -> None:
    from matplotlib.ticker import MaxNLocator

    style_axes(axes, "generation")
    axes.xaxis.set_major_locator(MaxNLocator(4, integer=True))
    axes.yaxis.set_major_locator(MaxNLocator(5))
    axes.grid(axis="y", color="#ececec", linewidth=0.6, zorder=0)
    points = [value for _, _, measure in lines for part in (measure.mean, measure.low, measure.high) for value in part if value is not None]
    low, high = axis_limits(points)
    axes.set_ylim(low, high)
    axes.set_xlim(*axis_limits([float(generation) for _, arm, _ in lines for generation in arm.generations], 0.02))
    if low < 0 < high:
        axes.axhline(0, color="#9a9a9a", linewidth=0.7, zorder=1)
    for line in lines:
        draw_line(axes, line, arms)
    if not points:
        axes.text(0.5, 0.5, "not measured", transform=axes.transAxes, ha="center", va="center", fontsize=8.5, style="italic", color=GREY)


def draw_line(axes: Axes, line: Line, arms: int) -> None:
    look, arm, measure = line
    colour, marker, dash = look_of(look)
    generations = [float(generation) for generation in arm.generations]
    axes.fill_between(generations, with_gaps(measure.low), with_gaps(measure.high), color=colour, alpha=0.16, linewidth=0, zorder=2)
    known = [index for index, mean in enumerate(measure.mean) if mean is not None]
    step = max(1, len(known) // MARKS)
    every = known[look * step // arms :: step]  # markers of two arms stand at different generations
    drawn = axes.plot(generations, with_gaps(measure.mean), color=colour, linestyle=dash, linewidth=1.4, marker=marker, markevery=every, zorder=3)
    drawn[0].set(markersize=4.2, markerfacecolor="white", markeredgewidth=1.1)


def with_gaps(values: Sequence[float | None]) -> list[float]:
    """What is not known is no number, so that nothing is drawn there."""
    return [nan if value is None else value for value in values]


def look_of(number: int) -> tuple[str, str, object]:
    """Colour, marker and dash of an arm: no two of fourteen agree in all."""
    colour, marker = LOOKS[number % len(LOOKS)]
    return colour, marker, DASHES[number // len(LOOKS) % len(DASHES)]


def draw_title(axes: Axes, name: str, unit: str, wide: float) -> None:
    longest = max(8, int(wide / CHAR))
    size = min(8.5, max(6.0, 8.5 * longest / max(1, len(name))))  # rather smaller than cut
    axes.text(0, 1 + 0.2 / PLOT, shorten_end(name, int(longest * 8.5 / size)), transform=axes.transAxes, fontsize=size, fontweight="bold", color=INK)
    axes.text(0, 1 + 0.05 / PLOT, shorten_end(unit, longest + 4), transform=axes.transAxes, fontsize=7.5, color=GREY)


def draw_legend(figure: Drawing, labels: Sequence[str], height: float, across: int) -> None:
    from matplotlib.lines import Line2D

    handles = []
    for number, label in enumerate(labels):
        colour, marker, dash = look_of(number)
        handles.append(Line2D([], [], color=colour, linestyle=dash, linewidth=1.4, marker=marker, markerfacecolor="white", markeredgewidth=1.1, label=label))
    corner = (0.004, 1 - 0.02 / height)
    figure.legend(handles=handles, loc="upper left", bbox_to_anchor=corner, ncols=across, frameon=False, fontsize=8.5, columnspacing=1.3, borderpad=0.2)
