"""Draws a trajectory: small multiples with one line a measurement, interval bars, and a strip at the foot of a panel for what is missing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from math import nan
from typing import TYPE_CHECKING, Any

from harness.plaintext import one_line
from harness.report.addresses import below
from harness.report.figures import save_pictures
from harness.report.palette import BLUE, GAP, GREEN, GREY, INK, ORANGE, VERMILION, WIDTH, new_figure
from harness.report.plot_frame import HEAD, LABEL, SMALL, Key, draw_frame, label_of, round_ticks
from harness.report.record_format import axis_limits, with_zero
from harness.report.text_width import text_width, wrap_text
from harness.report.trajectories import Entry, Grid, Point
from harness.report.view import View

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# A colour and a marker a line, both distinct: each tells the lines apart without the other.
LOOKS = ((BLUE, "o"), (VERMILION, "s"), (GREEN, "^"), (ORANGE, "D"), ("#CC79A7", "v"), ("#56B4E9", "P"), (INK, "*"))
DASHES = ("-", (0, (4, 2)), (0, (1, 1.5)))
LEFT, RIGHT, FOOT, BETWEEN = 0.6, 0.12, 0.22, 0.16  # inches around and between the panels
PLOT, NARROWEST = 1.25, 1.72  # inches: the height of a panel and its least width
ASIDE = 0.07  # inches by which two lines stand aside from each other, so that neither covers the other
WORD = 6.5  # points of a word for what is missing
NOTHING: dict[str, Any] = {"color": GREY, "marker": "X", "markerfacecolor": "white", "markeredgewidth": 1, "markersize": 6, "linewidth": 0}


def leading(size: float) -> float:
    """Inches from a line of text to the next."""
    return size * 1.15 / 72


@dataclass(frozen=True)
class Strand:
    """One line of a panel: which look it has, how far it stands beside its place, and its (place, point) pairs."""

    look: int
    aside: float
    points: list[tuple[int, Point]]


def trajectory(view: View, grid: Grid) -> dict[str, bytes]:
    """The figure of a trajectory as PNG and SVG by file name."""
    found: dict[str, bytes] = {}
    for stem, rows in grid.pages:
        addresses = [where for entry in grid.entries if entry.values[0] in rows for points in entry.points for where in _addresses(points)]
        found |= save_pictures(view, stem, partial(draw_grid, grid, rows), addresses)
    return found


def _addresses(points: Sequence[Point]) -> Iterator[str]:
    for point in points:
        if point.measurement:
            yield from (below(point.at, "value"), *([below(point.at, "interval")] if point.measurement.interval else []))


def draw_grid(grid: Grid, names: Sequence[str]) -> Figure:
    """The rows of these names from top to bottom, each with one y axis."""
    columns = grid.orders[1] if grid.declared.columns else ("",)
    wide = max(NARROWEST, (WIDTH - LEFT - RIGHT - BETWEEN * (len(columns) - 1)) / max(1, len(columns)))
    rows = [_Row(grid, name, columns, wide) for name in names]
    width = max(WIDTH, LEFT + RIGHT + wide * len(columns) + BETWEEN * (len(columns) - 1))
    key = make_key(grid, width)
    height = key.height + FOOT + sum(row.height for row in rows) + (0 if rows else 0.3)
    figure = new_figure(height, width)
    top = height - key.height
    for row in rows:
        for place in range(len(columns)):
            left, bottom = LEFT + place * (wide + BETWEEN), top - row.head - row.plot
            row.draw(figure.add_axes((left / width, bottom / height, wide / width, row.plot / height)), place)
        top -= row.height
    if rows:
        middle = LEFT + (wide * len(columns) + BETWEEN * (len(columns) - 1)) / 2
        figure.text(middle, 0.08, one_line(grid.declared.x), transform=figure.dpi_scale_trans, ha="center", fontsize=LABEL, color=INK)
    else:
        figure.text(0.5, 0.3 / height, "no cell was run", ha="center", color=GREY)
    key.draw(figure)
    return figure


class _Row:
    """The panels of one row: they share the y axis, and the strip for what is missing where any of them needs it."""

    def __init__(self, grid: Grid, name: str, columns: tuple[str, ...], wide: float) -> None:
        self.grid, self.wide = grid, wide
        self.xs = grid.orders[grid.names.index(grid.declared.x)]
        self.room = wide / len(self.xs)  # inches from one place to the next
        self.panels = [[entry for entry in grid.entries if entry.values[0] == name and column in ("", entry.values[1])] for column in columns]
        self.titles = [wrap_text(" · ".join(filter(None, (name, column))), wide, HEAD, bold=True) for column in columns]
        self.labels = [wrap_text(x, max(0.2, self.room - 0.1), SMALL) for x in self.xs]
        self.holes = [_holes(grid, self.xs, panel, self.room) for panel in self.panels]
        deep = max((len(lines) for holes in self.holes for lines in holes.values()), default=0)
        self.strip = deep * leading(WORD) + 0.2 if deep else 0.0
        self.plot = PLOT + self.strip
        self.head = max(map(len, self.titles)) * leading(HEAD) + 0.1
        self.height = self.head + self.plot + max(map(len, self.labels)) * leading(SMALL) + 0.1
        self.limits = axis_limits(with_zero([point for panel in self.panels for point in _points(panel)]))

    def draw(self, axes: Axes, place: int) -> None:
        low, high = self.limits
        foot, inch = low - (high - low) * self.strip / PLOT, (high - low) / PLOT
        across = (-0.55, len(self.xs) - 0.45)
        axes.set_ylim(foot, high)
        axes.set_xlim(*across)
        if low < 0 < high:
            axes.plot(across, [0, 0], color="#9a9a9a", linewidth=0.7, zorder=1)
        if self.holes[place]:
            axes.axhspan(foot, low, facecolor=GAP, linewidth=0, zorder=0)
        for strand in make_strands(self.grid, self.xs, self.panels[place], self.room):
            _draw_strand(axes, strand)
        for x, lines in self.holes[place].items():
            axes.plot([x], [foot + 0.09 * inch], zorder=3, **NOTHING)
            style: dict[str, Any] = {"ha": "center", "va": "bottom", "fontsize": WORD, "color": GREY, "style": "italic", "linespacing": 1.0}
            axes.text(x, foot + 0.18 * inch, "\n".join(lines), **style)
        ticks, labels = round_ticks(self.limits, 5)
        ys = (ticks, labels if place == 0 else [""] * len(ticks))
        title, xs = "\n".join(self.titles[place]), (range(len(self.xs)), ["\n".join(lines) for lines in self.labels])
        draw_frame(axes, xs, ys, y_label="" if place else self.y_label, title=title)

    @property
    def y_label(self) -> str:
        """The unit; what is measured too, where that is one thing."""
        unit, lines = " / ".join(units(self.grid)), self.grid.declared.lines
        label = label_of(lines[0], unit) if len(lines) == 1 else one_line(unit)
        return "\n".join(wrap_text(label, self.plot, LABEL))


def units(grid: Grid, only: str = "") -> list[str]:
    """The units of all lines, or of one, each once."""
    return list(dict.fromkeys(point.measurement.unit for lines, point in grid.methods if point.measurement and only in ("", *lines)))


def make_strands(grid: Grid, xs: tuple[str, ...], panel: list[Entry], room: float = 1.0) -> list[Strand]:
    """One strand for each line, and where the cells are repeated over more than the axes shown, one for each repetition; `room` is the inches of a place."""
    found: dict[tuple[Any, ...], list[tuple[int, Point]]] = {}
    x_at, shown = grid.names.index(grid.declared.x), len(grid.declared.axes)
    for look in range(len(grid.declared.lines)):
        for entry in panel:
            for nth, point in enumerate(entry.points[look]):
                found.setdefault((look, entry.values[shown:], nth), []).append((xs.index(entry.values[x_at]), point))
    apart = min(ASIDE / room, 0.6 / max(1, len(found)))
    return [Strand(key[0], (nth - (len(found) - 1) / 2) * apart, points) for nth, (key, points) in enumerate(found.items())]


def _holes(grid: Grid, xs: tuple[str, ...], panel: list[Entry], room: float) -> dict[int, list[str]]:
    """Place to the words for what is missing there: one word where all lines lack, else the names of those that do above it."""
    found: dict[int, list[str]] = {}
    for entry in panel:
        words = {line: points[0].word for line, points in zip(grid.declared.lines, entry.points, strict=True) if points[0].word}
        names = [] if len(words) == len(grid.declared.lines) else list(words)
        if words:
            x = xs.index(entry.values[grid.names.index(grid.declared.x)])
            lines = [line for text in (*names, *words.values()) for line in wrap_text(text, max(room, text_width("missing", WORD)), WORD)]
            found[x] = list(dict.fromkeys([*found.get(x, []), *lines]))
    return found


def _points(panel: list[Entry]) -> Iterator[float]:
    """All values with the ends of their intervals; zero, too, which is no effect, where an effect is among them."""
    for measured in (point.measurement for entry in panel for points in entry.points for point in points):
        if measured:
            yield from (measured.value, *((measured.interval.low, measured.interval.high) if measured.interval else ()), *((0.0,) if measured.arms else ()))


def _draw_strand(axes: Axes, strand: Strand) -> None:
    style = style_of(strand.look)
    xs = [x + strand.aside for x, _ in strand.points]
    # A missing point breaks the line: nothing is drawn across what was not measured.
    ys = [point.measurement.value if point.measurement else nan for _, point in strand.points]
    bars = [(x, point.measurement.interval) for x, (_, point) in zip(xs, strand.points, strict=True) if point.measurement and point.measurement.interval]
    ends = [end for _, interval in bars for end in (interval.low, interval.high, nan)]
    axes.plot([place for x, _ in bars for place in (x, x, nan)], ends, color=style["color"], linewidth=1.1, zorder=2)
    axes.plot(xs, ys, zorder=3, **style)


def style_of(number: int) -> dict[str, Any]:
    """Colour, marker and dash of a line."""
    colour, marker = LOOKS[number % len(LOOKS)]
    marks = {"marker": marker, "markersize": 4.5, "markerfacecolor": "white", "markeredgewidth": 1.2}
    return {"color": colour, "linestyle": DASHES[number // len(LOOKS) % len(DASHES)], "linewidth": 1.3, **marks}


def make_key(grid: Grid, width: float) -> Key:
    """A line for each measurement, with its unit where these differ."""
    mixed = len(units(grid)) > 1
    entries = [(label_of(line, " / ".join(units(grid, line)) if mixed else ""), style_of(place)) for place, line in enumerate(grid.declared.lines)]
    absent = any(point.word for entry in grid.entries for points in entry.points for point in points)
    return Key([*entries, *([("no number, and why", NOTHING)] if absent else [])], width)
