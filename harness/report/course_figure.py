"""Draws a panel of trajectories: one small axis a measure, one line an arm with its interval as a shade; a line breaks where there is no population."""

from __future__ import annotations

from math import ceil, nan
from typing import TYPE_CHECKING

from harness.report.addresses import below
from harness.report.courses import Line, Panel, legend
from harness.report.figures import GREY, INK, WIDTH, pictured, short
from harness.report.spans import limits
from harness.report.stated import label
from harness.report.trajectory_figure import LOOKS
from harness.report.view import View

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LEFT, RIGHT, GAP, TITLE, PLOT, FOOT = 0.46, 0.14, 0.5, 0.4, 1.75, 0.46  # inches
CHAR, HANDLE, ENTRY, WIDEST = 0.073, 0.62, 0.2, 5.2  # inches: a letter and the line of a legend, its height, the widest axis
DASHES = ("-", (0, (4, 2)))
MARKS = 5  # markers on a line; more would hide it


def course_figure(view: View, panel: Panel) -> dict[str, bytes]:
    """The figure as PNG and SVG by file name."""
    places = [below(line.measure.at, key) for line in panel.drawn for key in ("mean", "low", "high") if getattr(line.stated, key)]
    return pictured(view, panel.stem, lambda: drawn(panel), places)


def drawn(panel: Panel) -> Figure:
    """The figure; the measures stand side by side, the legend above them."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    lines = panel.drawn
    measures = [name for name in panel.measures if any(line.measure.name == name for line in lines)]
    names = {line.arm: label(legend(line)) for line in lines}
    across = max(1, int((WIDTH - 0.1) / (CHAR * max(len(name) for name in names.values()) + HANDLE)))
    head = ENTRY * ceil(len(names) / across) + 0.1
    height = head + TITLE + PLOT + FOOT
    figure = Figure(figsize=(WIDTH, height), facecolor="white")
    FigureCanvasAgg(figure)
    wide = min(WIDEST, (WIDTH - LEFT - RIGHT - GAP * (len(measures) - 1)) / len(measures))
    looks = {arm: place for place, arm in enumerate(panel.arms)}
    for place, name in enumerate(measures):
        axes = figure.add_axes(((LEFT + place * (wide + GAP)) / WIDTH, FOOT / height, wide / WIDTH, PLOT / height))
        _axes(axes, name, [line for line in lines if line.measure.name == name], looks, wide)
    _legend(figure, {looks[arm]: name for arm, name in names.items()}, height, across)
    return figure


def _axes(axes: Axes, name: str, lines: list[Line], looks: dict[str, int], wide: float) -> None:
    points = [value for line in lines for part in (line.stated.mean, line.stated.low, line.stated.high) for value in part or () if value is not None]
    low, high = limits(points)
    axes.set_ylim(low, high)
    axes.set_xlim(*limits([float(generation) for line in lines for generation in line.course.generations], 0.02))
    if low < 0 < high:
        axes.axhline(0, color="#9a9a9a", linewidth=0.7, zorder=1)
    for line in lines:
        _line(axes, line, looks[line.arm], len(looks))
    if not points:
        axes.text(0.5, 0.5, "not measured", transform=axes.transAxes, ha="center", va="center", fontsize=8.5, style="italic", color=GREY)
    _quiet(axes, name, lines[0].stated.unit or "", wide)


def _line(axes: Axes, line: Line, look: int, of: int) -> None:
    colour, marker, dash = style(look)
    xs, stated = [float(generation) for generation in line.course.generations], line.stated
    if stated.low and stated.high:
        low, high = _known(stated.low), _known(stated.high)
        axes.fill_between(xs, low, high, color=colour, alpha=0.16, linewidth=0, zorder=2)
    step = max(1, len(xs) // MARKS)
    every = ((look * step) // max(1, of), step)  # markers of two arms stand at different generations
    drawn = axes.plot(xs, _known(stated.mean), color=colour, linestyle=dash, linewidth=1.4, marker=marker, markevery=every, zorder=3)
    drawn[0].set(markersize=4.2, markerfacecolor="white", markeredgewidth=1.1)


def _known(values: tuple[float | None, ...]) -> list[float]:
    """What is not known is no number, so that nothing is drawn there."""
    return [nan if value is None else value for value in values]


def style(look: int) -> tuple[str, str, object]:
    """Colour, marker and dash of an arm: no two of fourteen agree in all."""
    colour, marker = LOOKS[look % len(LOOKS)]
    return colour, marker, DASHES[look // len(LOOKS) % len(DASHES)]


def _quiet(axes: Axes, name: str, unit: str, wide: float) -> None:
    from matplotlib.ticker import MaxNLocator

    longest = max(8, int(wide / CHAR))
    size = min(8.5, max(6.0, 8.5 * longest / max(1, len(name))))  # rather smaller than cut
    axes.text(0, 1 + 0.2 / PLOT, short(name, int(longest * 8.5 / size)), transform=axes.transAxes, fontsize=size, fontweight="bold", color=INK)
    axes.text(0, 1 + 0.05 / PLOT, short(unit, longest + 4), transform=axes.transAxes, fontsize=7.5, color=GREY)
    axes.xaxis.set_major_locator(MaxNLocator(4, integer=True))
    axes.yaxis.set_major_locator(MaxNLocator(5))
    axes.grid(axis="y", color="#ececec", linewidth=0.6, zorder=0)
    axes.set_axisbelow(True)
    axes.tick_params(length=2, labelsize=7.5, labelcolor=GREY, color="#bdbdbd", pad=2)
    axes.set_xlabel("generation", fontsize=8, color=INK, labelpad=3)
    for side, spine in axes.spines.items():
        spine.set_visible(side in ("left", "bottom"))
        spine.set_color("#bdbdbd")


def _legend(figure: Figure, names: dict[int, str], height: float, across: int) -> None:
    from matplotlib.lines import Line2D

    handles = []
    for look, name in names.items():
        colour, marker, dash = style(look)
        handles.append(Line2D([], [], color=colour, linestyle=dash, linewidth=1.4, marker=marker, markerfacecolor="white", markeredgewidth=1.1, label=name))
    place = (0.004, 1 - 0.02 / height)
    figure.legend(handles=handles, loc="upper left", bbox_to_anchor=place, ncols=across, frameon=False, fontsize=8.5, columnspacing=1.3, borderpad=0.2)
