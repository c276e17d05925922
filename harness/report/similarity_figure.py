"""Draws the heat map of the primary measure: light is unlike, dark is alike, hatched is not measured."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.report.addresses import below
from harness.report.digits import rate
from harness.report.figures import GREY, INK, WIDTH, pictured
from harness.report.similarity import STEM, Heat
from harness.report.stated import label
from harness.report.view import View

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_PRINTED = 16  # models; with more the cells are too small to print in
CHAR, SLANT = 0.066, 0.72  # inches of a letter of a label; the share of a slanted label's length that it is high
TOP, RIGHT, PAD, SIDE = 0.62, 0.15, 0.14, (0.2, 0.72)  # inches; SIDE is the least and the greatest side of a cell
LEAST = 6.4  # inches of width: few models make a smaller figure, whose letters the page then shows larger
BESIDE = 2.45  # inches from the labels to the note behind the scale
GAP = "#f3f3f3"


def heat_map(view: View, heat: Heat) -> dict[str, bytes]:
    """The figure as PNG and SVG by file name."""
    return pictured(view, STEM, lambda: drawn(heat), [below(heat.at, "matrix")])


def drawn(heat: Heat) -> Figure:
    """The figure; labels to the left and below, the scale above."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    names, size = [label(name) for name in heat.models], len(heat.models)
    room = CHAR * max(len(name) for name in names) + PAD
    side = min(SIDE[1], max(SIDE[0], (WIDTH - room - RIGHT) / size))
    note = _note(heat)
    width, foot = max(LEAST, room + RIGHT + side * size, room + BESIDE + CHAR * len(note)), room * SLANT + PAD
    height = TOP + side * size + foot
    figure = Figure(figsize=(width, height), facecolor="white")
    FigureCanvasAgg(figure)
    axes = figure.add_axes((room / width, foot / height, side * size / width, side * size / height))
    axes.set_xticks([place + 0.5 for place in range(size)], names, rotation=45, ha="right", rotation_mode="anchor")
    axes.set_yticks([place + 0.5 for place in range(size)], names)
    axes.tick_params(length=0, labelsize=8, labelcolor=INK, pad=4)
    for spine in axes.spines.values():
        spine.set_color("#bdbdbd")
    mesh = _cells(axes, heat)
    _scale(figure, mesh, room / width, 1 - 0.3 / height, 2.2 / width, 0.12 / height)
    figure.text((room + BESIDE) / width, 1 - 0.24 / height, note, fontsize=8, color=GREY, va="center")
    return figure


def _note(heat: Heat) -> str:
    absent = any(value is None for row in heat.matrix for value in row)
    return f"{label(heat.name)}{'; hatched: not measured' if absent else ''}"


def _cells(axes: Axes, heat: Heat) -> Any:
    """Colours of all pairs of two models; a model with itself is left white, so that it does not stretch the scale."""
    import numpy as np

    size = len(heat.models)
    values = np.array([[np.nan if value is None else value for value in row] for row in heat.matrix], dtype=float)
    np.fill_diagonal(values, np.nan)
    known = values[~np.isnan(values)]
    low, high = (float(known.min()), float(known.max())) if known.size else (0.0, 1.0)
    mesh = axes.pcolormesh(np.ma.masked_invalid(values), cmap="Blues", vmin=low, vmax=high if high > low else low + 0.01, edgecolors="white", linewidth=0.6)
    axes.set_xlim(0, size)
    axes.set_ylim(size, 0)
    for i, row in enumerate(heat.matrix):
        for j, value in enumerate(row):
            _mark(axes, i, j, value, mesh, printed=size <= MOST_PRINTED)
    return mesh


def _mark(axes: Axes, i: int, j: int, value: float | None, mesh: Any, *, printed: bool) -> None:
    from matplotlib.patches import Rectangle

    if value is None:
        axes.add_patch(Rectangle((j, i), 1, 1, facecolor=GAP, edgecolor="#cfcfcf", hatch="////", linewidth=0))
    elif printed:
        colour = GREY if i == j else "white" if dark(*mesh.cmap(mesh.norm(value))[:3]) else INK
        axes.text(j + 0.5, i + 0.52, rate(value), ha="center", va="center", fontsize=8, color=colour)


def dark(red: float, green: float, blue: float) -> bool:
    """True where white letters stand out more than black ones: a relative luminance below .18 (WCAG 2.2, contrast ratio)."""
    luminance = sum(share * level**2.2 for share, level in zip((0.2126, 0.7152, 0.0722), (red, green, blue), strict=True))
    return bool(luminance < 0.18)


def _scale(figure: Figure, mesh: Any, left: float, bottom: float, wide: float, tall: float) -> None:
    """The colours from the least to the most alike pair, with both ends in numbers."""
    bar = figure.colorbar(mesh, cax=figure.add_axes((left, bottom, wide, tall)), orientation="horizontal")
    low, high = mesh.norm.vmin, mesh.norm.vmax
    bar.set_ticks([low, (low + high) / 2, high], labels=[rate(low), "", rate(high)])
    bar.ax.tick_params(length=2, labelsize=8, labelcolor=GREY, color="#bdbdbd", pad=2)
    bar.outline.set_visible(False)
