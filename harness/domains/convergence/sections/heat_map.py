"""Draws the heat map of a measure: light is unlike, dark is alike, hatched is not measured."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.report.number_format import rate
from harness.report.palette import GAP, GREY, INK, WIDTH, is_dark, new_figure
from harness.report.record_format import shorten

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from harness.domains.convergence.sections.similarity import SimilarityMatrix

MOST_PRINTED = 16  # models; with more the cells are too small to print in
CHAR, SLANT = 0.066, 0.72  # inches of a letter of a label; the share of a slanted label's length that it is high
TOP, RIGHT, PAD, SIDE = 0.62, 0.15, 0.14, (0.2, 0.72)  # inches; SIDE is the least and the greatest side of a cell
LEAST = 6.4  # inches of width: few models make a smaller figure, whose letters the page then shows larger
BESIDE = 2.45  # inches from the labels to the note behind the scale


def draw(record: SimilarityMatrix) -> Figure:
    """Labels to the left and below, the scale above."""
    names, size, note = [shorten(name) for name in record.models], len(record.models), note_of(record)
    room = CHAR * max(len(name) for name in names) + PAD
    side = min(SIDE[1], max(SIDE[0], (WIDTH - room - RIGHT) / size))
    width, foot = max(LEAST, room + RIGHT + side * size, room + BESIDE + CHAR * len(note)), room * SLANT + PAD
    height = TOP + side * size + foot
    figure = new_figure(height, width)
    axes = figure.add_axes((room / width, foot / height, side * size / width, side * size / height))
    axes.set_xticks([place + 0.5 for place in range(size)], names, rotation=45, ha="right", rotation_mode="anchor")
    axes.set_yticks([place + 0.5 for place in range(size)], names)
    axes.tick_params(length=0, labelsize=8, labelcolor=INK, pad=4)
    for spine in axes.spines.values():
        spine.set_color("#bdbdbd")
    draw_scale(figure, draw_cells(axes, record), room / width, 1 - 0.3 / height, 2.2 / width, 0.12 / height)
    figure.text((room + BESIDE) / width, 1 - 0.24 / height, note, fontsize=8, color=GREY, va="center")
    return figure


def note_of(record: SimilarityMatrix) -> str:
    absent = any(value is None for row in record.matrix for value in row)
    return f"{shorten(record.name)}{'; hatched: not measured' if absent else ''}"


def draw_cells(axes: Axes, record: SimilarityMatrix) -> Any:
    """Colours of all pairs of two models; a model with itself is left white, so that it does not stretch the scale."""
    import numpy as np

    size = len(record.models)
    values = np.array([[np.nan if value is None else value for value in row] for row in record.matrix], dtype=float)
    np.fill_diagonal(values, np.nan)
    known = values[~np.isnan(values)]
    low, high = (float(known.min()), float(known.max())) if known.size else (0.0, 1.0)
    mesh = axes.pcolormesh(np.ma.masked_invalid(values), cmap="Blues", vmin=low, vmax=high if high > low else low + 0.01, edgecolors="white", linewidth=0.6)
    axes.set_xlim(0, size)
    axes.set_ylim(size, 0)
    for i, row in enumerate(record.matrix):
        for j, value in enumerate(row):
            mark_cell(axes, i, j, value, mesh, printed=size <= MOST_PRINTED)
    return mesh


def mark_cell(axes: Axes, i: int, j: int, value: float | None, mesh: Any, *, printed: bool) -> None:
    from matplotlib.patches import Rectangle

    if value is None:
        axes.add_patch(Rectangle((j, i), 1, 1, facecolor=GAP, edgecolor="#cfcfcf", hatch="////", linewidth=0))
    elif printed:
        colour = GREY if i == j else "white" if is_dark(*mesh.cmap(mesh.norm(value))[:3]) else INK
        axes.text(j + 0.5, i + 0.52, rate(value), ha="center", va="center", fontsize=8, color=colour)


def draw_scale(figure: Figure, mesh: Any, left: float, bottom: float, wide: float, tall: float) -> None:
    """The colours from the least to the most alike pair, with both ends in numbers."""
    bar = figure.colorbar(mesh, cax=figure.add_axes((left, bottom, wide, tall)), orientation="horizontal")
    low, high = mesh.norm.vmin, mesh.norm.vmax
    bar.set_ticks([low, (low + high) / 2, high], labels=[rate(low), "", rate(high)])
    bar.ax.tick_params(length=2, labelsize=8, labelcolor=GREY, color="#bdbdbd", pad=2)
    bar.outline.set_visible(False)
