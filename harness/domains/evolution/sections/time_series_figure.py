"""Draws a panel of trajectories: one small axis a measure, one line an arm with its interval as a shade; a line breaks where there is no population."""

from __future__ import annotations

from collections.abc import Sequence
from math import nan
from typing import TYPE_CHECKING, Any

from harness.plaintext import one_line
from harness.report.palette import GREY, WIDTH, new_figure
from harness.report.plot_frame import HEAD, Key, draw_frame, label_of, round_ticks
from harness.report.record_format import axis_limits
from harness.report.text_width import wrap_text
from harness.report.trajectory_figure import LOOKS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawing

    from harness.domains.evolution.sections.time_series import Course, MeasuredCourse

LEFT, RIGHT, GAP, TITLE, PLOT, FOOT = 0.4, 0.12, 0.46, 0.145, 1.6, 0.42  # inches; TITLE is a line of a title
DASHES = ("-", (0, (4, 2)))
MARKS = 5  # markers on a line; more would hide it

Line = tuple[int, "Course", "MeasuredCourse"]  # the number of an arm, by which it looks as it does, the arm, one of its measures


def draw_courses(arms: Sequence[Course], names: Sequence[str]) -> Drawing:
    """The measures of these names side by side, the key above them."""
    key = Key([(one_line(arm.arm), style_of(number)) for number, arm in enumerate(arms)], WIDTH)
    wide = (WIDTH - LEFT - RIGHT - GAP * (len(names) - 1)) / len(names)
    plots = [[(look, arm, measure) for look, arm in enumerate(arms) for measure in arm.measures if measure.name == name] for name in names]
    titles = [wrap_text(label_of(lines[0][2].name, lines[0][2].unit), wide + GAP / 2, HEAD, bold=True) for lines in plots]
    height = key.height + TITLE * max(map(len, titles)) + 0.08 + PLOT + FOOT
    figure = new_figure(height)
    for index, (lines, title) in enumerate(zip(plots, titles, strict=True)):
        axes = figure.add_axes(((LEFT + index * (wide + GAP)) / WIDTH, FOOT / height, wide / WIDTH, PLOT / height))
        draw_measure(axes, lines, len(arms), "\n".join(title))
    key.draw(figure)
    return figure


def draw_measure(axes: Axes, lines: Sequence[Line], arms: int, title: str) -> None:
    points = [value for _, _, measure in lines for part in (measure.mean, measure.low, measure.high) for value in part if value is not None]
    low, high = axis_limits(points)
    across = axis_limits([float(generation) for _, arm, _ in lines for generation in arm.generations], 0.02)
    axes.set_ylim(low, high)
    axes.set_xlim(*across)
    draw_frame(axes, round_ticks(across, 4, whole=True), round_ticks((low, high), 5), x_label="generation", title=title)
    if low < 0 < high:
        axes.plot(across, [0, 0], color="#9a9a9a", linewidth=0.7, zorder=1)
    for line in lines:
        draw_line(axes, line, arms)
    if not points:
        axes.text(0.5, 0.5, "not measured", transform=axes.transAxes, ha="center", va="center", fontsize=8.5, style="italic", color=GREY)


def draw_line(axes: Axes, line: Line, arms: int) -> None:
    look, arm, measure = line
    style = style_of(look)
    generations = [float(generation) for generation in arm.generations]
    axes.fill_between(generations, with_gaps(measure.low), with_gaps(measure.high), color=style["color"], alpha=0.16, linewidth=0, zorder=2)
    known = [index for index, mean in enumerate(measure.mean) if mean is not None]
    step = max(1, len(known) // MARKS)
    every = known[look * step // arms :: step]  # markers of two arms stand at different generations
    axes.plot(generations, with_gaps(measure.mean), markevery=every, zorder=3, **style)


def with_gaps(values: Sequence[float | None]) -> list[float]:
    """What is not known is no number, so that nothing is drawn there."""
    return [nan if value is None else value for value in values]


def style_of(number: int) -> dict[str, Any]:
    """Colour, marker and dash of an arm: no two of fourteen agree in all."""
    colour, marker = LOOKS[number % len(LOOKS)]
    dash = DASHES[number // len(LOOKS) % len(DASHES)]
    marks = {"marker": marker, "markersize": 4.2, "markerfacecolor": "white", "markeredgewidth": 1.1}
    return {"color": colour, "linestyle": dash, "linewidth": 1.4, **marks}
