"""Coloured tiles over two axes, as heat maps and phase maps have them: what was not measured is hatched."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING, Any

from harness.report.palette import GAP, GREY, HATCHING, INK, is_dark
from harness.report.plot_frame import SMALL, shift

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DENSE = 400  # tiles; more become one picture inside the SVG

Values = Sequence[Sequence[float | None]]
Places = Collection[tuple[int, int]]  # row and column
Box = tuple[float, float, float, float]  # left, bottom, width, height in inches


def draw_tiles(axes: Axes, values: Values, colours: str, limits: tuple[float, float], blank: Places = ()) -> Any:
    """One tile for each value, row by row from zero upwards; the `blank` ones have no colour. Returns the mesh, which knows the colour of a value."""
    import numpy as np

    axes.set_axis_off()
    size = len(values) * len(values[0])
    shown = np.array([[np.nan if value is None or (i, j) in blank else value for j, value in enumerate(row)] for i, row in enumerate(values)], dtype=float)
    style: dict[str, Any] = {"cmap": colours, "vmin": limits[0], "vmax": limits[1]}
    if size > DENSE:
        place = (0, len(values[0]), 0, len(values))
        mesh: Any = axes.imshow(np.ma.masked_invalid(shown), origin="lower", extent=place, aspect="auto", interpolation="none", **style)
    else:
        mesh = axes.pcolormesh(np.ma.masked_invalid(shown), edgecolors="white", linewidth=0.6, **style)
    _draw_gaps(axes, [(i, j) for i, row in enumerate(values) for j, value in enumerate(row) if value is None])
    return mesh


def _draw_gaps(axes: Axes, places: Places) -> None:
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path
    from matplotlib.transforms import Affine2D

    if places:
        path = Path.make_compound_path(*(Path.unit_rectangle().transformed(Affine2D().translate(column, row)) for row, column in places))
        axes.add_patch(PathPatch(path, facecolor=GAP, edgecolor=HATCHING, hatch="////", linewidth=0))


def print_values(axes: Axes, values: Values, mesh: Any, form: Callable[[float], str], size: float, blank: Places = ()) -> None:
    """Each value in its tile, white where the tile is dark."""
    for i, row in enumerate(values):
        for j, value in enumerate(row):
            if value is not None:
                colour = GREY if (i, j) in blank else "white" if is_dark(*mesh.cmap(mesh.norm(value))[:3]) else INK
                axes.text(j + 0.5, i + 0.5, form(value), ha="center", va="center_baseline", fontsize=size, color=colour)


def draw_scale(figure: Figure, mesh: Any, box: Box, ticks: Sequence[float], labels: Sequence[str]) -> None:
    """The colours from the least to the greatest value, upwards, with some values to the right."""
    import numpy as np

    width, height = figure.get_size_inches()
    axes = figure.add_axes((box[0] / width, box[1] / height, box[2] / width, box[3] / height))
    axes.set_axis_off()
    low, high = mesh.norm.vmin, mesh.norm.vmax
    axes.imshow(mesh.cmap(np.linspace(0, 1, 128))[:, None, :], origin="lower", aspect="auto", extent=(0, 1, 0, 1), interpolation="nearest")
    beside = axes.transAxes + shift(axes, 3, 0)
    for tick, label in zip(ticks, labels, strict=True):
        axes.text(1, (tick - low) / (high - low), label, transform=beside, fontsize=SMALL, color=GREY, va="center_baseline")
