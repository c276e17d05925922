"""A drawing measured in inches from its top left corner. Everything of one look is drawn in one call, since each call costs more than what it draws."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from harness.report.palette import GAP, HATCHING, INK, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DASHED = (0, (4, 3))


class Look(NamedTuple):
    """A marker: its colour, shape and filling."""

    colour: str
    shape: str
    filling: str


class Line(NamedTuple):
    """A stroke: its colour, its width in points, and whether it is dashed."""

    colour: str
    width: float
    dashed: bool = False


class Sheet:
    """Strokes, fields, markers and texts of a figure that is `width` inches wide; it becomes as high as it must."""

    def __init__(self, width: float) -> None:
        self.width = width
        self._strokes: dict[Line, tuple[list[float], list[float]]] = {}
        self._fields: dict[str, list[tuple[float, float, float, float]]] = {}
        self._marks: dict[Look, tuple[list[float], list[float]]] = {}
        self._texts: list[tuple[float, float, str, dict[str, Any]]] = []

    def stroke(self, line: Line, xs: Sequence[float], ys: Sequence[float]) -> None:
        """A line through these points; the next one with the same look does not join it."""
        across, along = self._strokes.setdefault(line, ([], []))
        across += [*xs, float("nan")]
        along += [*ys, float("nan")]

    def field(self, colour: str, left: float, top: float, right: float, bottom: float) -> None:
        """A filled rectangle; one of the colour GAP is hatched: nothing was measured there."""
        self._fields.setdefault(colour, []).append((left, top, right, bottom))

    def mark(self, look: Look, x: float, y: float) -> None:
        across, along = self._marks.setdefault(look, ([], []))
        across.append(x)
        along.append(y)

    def text(self, x: float, y: float, text: str, size: float, *, colour: str = INK, side: str = "left", **style: Any) -> None:
        """A line of text whose baseline begins (or, where `side` is right, ends) at this place."""
        self._texts.append((x, y, text, {"fontsize": size, "color": colour, "ha": side, **style}))

    def draw(self, height: float) -> Figure:
        figure = new_figure(height, self.width)
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set_axis_off()
        axes.set_xlim(0, self.width)
        axes.set_ylim(height, 0)
        for colour, fields in self._fields.items():
            axes.add_patch(_patch(fields, colour))
        for line, (xs, ys) in self._strokes.items():
            dashes = DASHED if line.dashed else "-"
            axes.plot(xs, ys, color=line.colour, linewidth=line.width, linestyle=dashes, solid_capstyle="butt", clip_on=False, zorder=2)
        for look, (xs, ys) in self._marks.items():
            style: dict[str, Any] = {"marker": look.shape, "color": look.colour, "markerfacecolor": look.filling, "markeredgewidth": 1.3, "markersize": 5.6}
            axes.plot(xs, ys, linestyle="none", clip_on=False, zorder=3, **style)
        for x, y, text, font in self._texts:
            axes.text(x, y, text, va="baseline", **font)
        return figure


def _patch(fields: list[tuple[float, float, float, float]], colour: str) -> Any:
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    corners = [corner for left, top, right, bottom in fields for corner in ((left, top), (right, top), (right, bottom), (left, bottom), (left, top))]
    codes = [Path.MOVETO, Path.LINETO, Path.LINETO, Path.LINETO, Path.CLOSEPOLY] * len(fields)
    hatching = {"hatch": "////", "edgecolor": HATCHING} if colour == GAP else {}
    return PathPatch(Path(corners, codes), facecolor=colour, linewidth=0, clip_on=False, zorder=1, **hatching)
