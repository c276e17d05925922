"""Draws a trajectory: small multiples with one line a measurement, interval bars, and a strip at the foot of a panel for what is missing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import nan
from typing import TYPE_CHECKING, Any

from harness.report.addresses import below
from harness.report.figures import save_pictures
from harness.report.palette import BLUE, GREY, INK, ORANGE, VERMILION, WIDTH, new_figure, shorten_end
from harness.report.trajectories import Entry, Grid, Point
from harness.report.view import View

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# A colour and a marker a line, both distinct: each tells the lines apart without the other.
LOOKS = ((BLUE, "o"), (VERMILION, "s"), ("#009E73", "^"), (ORANGE, "D"), ("#CC79A7", "v"), ("#56B4E9", "P"), (INK, "*"))
LEFT, RIGHT, HEAD, FOOT, GAP = 0.62, 0.12, 0.42, 0.34, 0.16  # inches around and between the panels
TITLE, TICKS, PLOT, NARROWEST = 0.26, 0.22, 1.12, 1.72  # of a panel: above it, below it, its height, its least width
TEXT = 0.105  # inches of a line of the smallest text


@dataclass(frozen=True)
class Strand:
    """One line of a panel: which look it has, how far it stands beside its place, and its (place, point) pairs."""

    look: int
    aside: float
    points: list[tuple[int, Point]]


def trajectory(view: View, grid: Grid) -> dict[str, bytes]:
    """The figure of a trajectory as PNG and SVG by file name."""
    addresses = []
    for point in (point for entry in grid.entries for points in entry.points for point in points):
        if point.measurement:
            addresses += [below(point.at, "value"), *([below(point.at, "interval")] if point.measurement.interval else [])]
    return save_pictures(view, grid.stem, lambda: draw_grid(grid), addresses)


def draw_grid(grid: Grid) -> Figure:
    """The figure; rows from top to bottom, each with one y axis."""
    columns = grid.orders[1] if grid.declared.columns else ("",)
    rows = [_Row(grid, name, columns) for name in (grid.orders[0] if grid.entries else ())]
    wide = max(NARROWEST, (WIDTH - LEFT - RIGHT - GAP * (len(columns) - 1)) / max(1, len(columns)))
    width, height = LEFT + RIGHT + wide * len(columns) + GAP * (len(columns) - 1), HEAD + FOOT + sum(row.height for row in rows)
    figure = new_figure(height, width)
    top = height - HEAD
    for row in rows:
        for place in range(len(columns)):
            left = LEFT + place * (wide + GAP)
            axes = figure.add_axes((left / width, (top - TITLE - row.plot) / height, wide / width, row.plot / height))
            row.draw(axes, place, wide)
        top -= row.height
    if not rows:
        figure.text(0.5, 0.5, "no cell was run", ha="center", color=GREY)
    figure.text((LEFT + (width - LEFT - RIGHT) / 2) / width, 0.08 / height, shorten_end(grid.declared.x), ha="center", fontsize=9, color=INK)
    _legend(figure, grid, height)
    return figure


class _Row:
    """The panels of one row: they share the y axis, and the strip for what is missing where any of them needs it."""

    def __init__(self, grid: Grid, name: str, columns: tuple[str, ...]) -> None:
        self.grid, self.name, self.columns = grid, name, columns
        self.xs = grid.orders[grid.names.index(grid.declared.x)]
        self.panels = [[entry for entry in grid.entries if entry.values[0] == name and column in ("", entry.values[1])] for column in columns]
        self.holes = [_holes(grid, self.xs, panel) for panel in self.panels]
        self.deep = max((text.count("\n") + 1 for holes in self.holes for text in holes.values()), default=0)
        self.strip = self.deep * TEXT + 0.2 if self.deep else 0.0
        self.plot = PLOT + self.strip
        self.height = TITLE + self.plot + TICKS
        self.limits = _limits([point for panel in self.panels for point in _points(panel)])

    def draw(self, axes: Axes, place: int, wide: float) -> None:
        low, high = self.limits
        foot = low - (high - low) * self.strip / PLOT
        axes.set_ylim(foot, high)
        axes.set_xlim(-0.55, len(self.xs) - 0.45)
        axes.axhline(0, color="#9a9a9a", linewidth=0.7, zorder=1)
        if self.holes[place]:
            axes.axhspan(foot, low, facecolor="#f3f3f3", linewidth=0, zorder=0)
        for strand in make_strands(self.grid, self.xs, self.panels[place]):
            _draw_strand(axes, strand)
        self._draw_holes(axes, place, foot, (high - low) / PLOT, wide / len(self.xs))
        self._quiet(axes, place, wide)

    def _draw_holes(self, axes: Axes, place: int, foot: float, inch: float, room: float) -> None:
        """Crosses with their words; `inch` is one inch in the unit of the axis, `room` the inches from one place to the next."""
        for x, text in self.holes[place].items():
            axes.plot([x], [foot + 0.09 * inch], marker="X", markersize=6, color=GREY, markerfacecolor="white", markeredgewidth=1, linestyle="none", zorder=3)
            size = min(6.5, 6.5 * room / (0.055 * max(len(line) for line in text.split("\n"))))  # smaller rather than over its neighbour
            axes.text(x, foot + 0.18 * inch, text, ha="center", va="bottom", fontsize=size, color=GREY, style="italic", linespacing=1.0)

    def _quiet(self, axes: Axes, place: int, wide: float) -> None:
        from matplotlib.ticker import MaxNLocator

        title, size = _title(self.name, self.columns[place], wide)
        axes.set_title(title, loc="left", fontsize=size, fontweight="bold", color=INK, pad=3)
        longest = max(3, int(wide / len(self.xs) / 0.062))
        axes.set_xticks(range(len(self.xs)), [shorten_end(x, longest) for x in self.xs])
        ticks = [tick for tick in MaxNLocator(4).tick_values(*self.limits) if self.limits[0] <= tick <= self.limits[1]]
        axes.set_yticks(ticks)
        axes.grid(axis="y", color="#ececec", linewidth=0.6, zorder=0)
        axes.set_axisbelow(True)
        axes.tick_params(length=2, labelsize=7, labelcolor=GREY, color="#bdbdbd", labelleft=place == 0, pad=2)
        if place == 0:
            axes.set_ylabel(shorten_end(" / ".join(units(self.grid)), 20), fontsize=8, color=INK, labelpad=3)
        for side in ("top", "right"):
            axes.spines[side].set_visible(False)
        for side in ("left", "bottom"):
            axes.spines[side].set_color("#bdbdbd")


def _title(row: str, column: str, wide: float) -> tuple[str, float]:
    """The head of a panel and its size: smaller where it is long, and cut only where it would be too small to read."""
    behind = f" · {shorten_end(column, 22)}" if column else ""
    size = min(8.0, max(5.8, wide / (0.0084 * (len(shorten_end(row)) + len(behind)))))
    return shorten_end(row, max(6, int(wide / (0.0084 * size)) - len(behind))) + behind, size


def units(grid: Grid, only: str = "") -> list[str]:
    """The units of all lines, or of one, each once."""
    return list(dict.fromkeys(point.measurement.unit for lines, point in grid.methods if point.measurement and only in ("", *lines)))


def make_strands(grid: Grid, xs: tuple[str, ...], panel: list[Entry]) -> list[Strand]:
    """One strand for each line, and where the cells are repeated over more than the axes shown, one for each repetition."""
    found: dict[tuple[Any, ...], list[tuple[int, Point]]] = {}
    x_at, shown = grid.names.index(grid.declared.x), len(grid.declared.axes)
    for look in range(len(grid.declared.lines)):
        for entry in panel:
            for nth, point in enumerate(entry.points[look]):
                found.setdefault((look, entry.values[shown:], nth), []).append((xs.index(entry.values[x_at]), point))
    apart = min(0.13, 0.6 / max(1, len(found)))
    return [Strand(key[0], (nth - (len(found) - 1) / 2) * apart, points) for nth, (key, points) in enumerate(found.items())]


def _holes(grid: Grid, xs: tuple[str, ...], panel: list[Entry]) -> dict[int, str]:
    """Place to the words for what is missing there: one word where all lines lack, else the names of those that do above it."""
    found: dict[int, str] = {}
    for entry in panel:
        words = {line: points[0].word for line, points in zip(grid.declared.lines, entry.points, strict=True) if points[0].word}
        names = [] if len(words) == len(grid.declared.lines) else [shorten_end(line, 10) for line in words]
        if words:
            x = xs.index(entry.values[grid.names.index(grid.declared.x)])
            found[x] = "\n".join(dict.fromkeys([*found.get(x, "").split("\n"), *names, *words.values()])).strip("\n")
    return found


def _points(panel: list[Entry]) -> Iterator[float]:
    for entry in panel:
        for point in (point for points in entry.points for point in points):
            if point.measurement:
                interval = point.measurement.interval
                yield from (point.measurement.value, *((interval.low, interval.high) if interval else ()))


def _limits(points: list[float]) -> tuple[float, float]:
    low, high = min([0.0, *points]), max([0.0, *points])
    room = (high - low) * 0.06 or 0.5
    return low - room, high + room


def _draw_strand(axes: Axes, strand: Strand) -> None:
    colour, marker = LOOKS[strand.look % len(LOOKS)]
    dash = ("-", (0, (4, 2)), (0, (1, 1.5)))[strand.look // len(LOOKS) % 3]
    xs = [x + strand.aside for x, _ in strand.points]
    # A missing point breaks the line: nothing is drawn across what was not measured.
    ys = [point.measurement.value if point.measurement else nan for _, point in strand.points]
    axes.plot(xs, ys, color=colour, linestyle=dash, linewidth=1.3, marker=marker, markersize=4.5, markerfacecolor="white", markeredgewidth=1.2, zorder=3)
    for x, (_, point) in zip(xs, strand.points, strict=True):
        if point.measurement and point.measurement.interval:
            axes.vlines(x, point.measurement.interval.low, point.measurement.interval.high, color=colour, linewidth=1.1, zorder=2)


def _legend(figure: Figure, grid: Grid, height: float) -> None:
    from matplotlib.lines import Line2D

    mixed = len(units(grid)) > 1
    handles: list[Any] = []
    for place, line in enumerate(grid.declared.lines):
        colour, marker = LOOKS[place % len(LOOKS)]
        own = " / ".join(units(grid, line))
        label = f"{shorten_end(line)} ({shorten_end(own, 12)})" if mixed and own else shorten_end(line)
        handles.append(Line2D([], [], color=colour, marker=marker, markerfacecolor="white", markeredgewidth=1.2, linewidth=1.3, label=label))
    if any(point.word for entry in grid.entries for points in entry.points for point in points):
        handles.append(Line2D([], [], color=GREY, marker="X", markerfacecolor="white", linewidth=0, label="no number, and why"))
    figure.legend(handles=handles, loc="upper left", bbox_to_anchor=(0.01, 1 - 0.03 / height), ncols=min(5, len(handles)), frameon=False, fontsize=8.5)
