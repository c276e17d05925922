"""Draws the heat map of a measure: the stronger the colour, the more alike; hatched is not measured."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.report.number_format import rate
from harness.report.palette import GREY, INK, WIDTH, new_figure
from harness.report.plot_frame import LABEL, SMALL
from harness.report.text_width import text_width, wrap_text
from harness.report.tiles import draw_scale, draw_tiles, print_values

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from harness.domains.convergence.sections.similarity import SimilarityMatrix

MOST_PRINTED = 16  # models; with more the cells are too small to print in
LONGEST = 2.6  # inches of a name before it goes on in a second line
TALL = (0.2, 0.42)  # inches: the least and the greatest height of a cell, which is as wide as there is room, and never narrower than the least
EDGE, PAD, SCALE, SLANT = 0.1, 0.08, 0.95, 0.72  # inches around all and beside labels, for the scale; the share of a slanted label's length that it is high
LEADING = 1.15 * LABEL / 72  # inches of a line of text


def draw(record: SimilarityMatrix) -> Figure:
    """Labels to the left and below, the scale to the right."""
    size, names = len(record.models), [wrap_text(name, LONGEST, LABEL) for name in record.models]
    room = max(text_width(line, LABEL) for lines in names for line in lines)
    deep = max(LEADING * len(lines) for lines in names)
    left = EDGE + PAD + room
    wide = max(TALL[0], deep, (WIDTH - left - SCALE) / size)
    slanted = room > wide - 0.03
    wide = max(wide, deep / SLANT if slanted else 0.0)  # slanted labels stand so much closer to each other
    left = max(left, EDGE + PAD + SLANT * room - wide / 2 if slanted else 0.0)
    tall = max(deep, min(TALL[1], max(TALL[0], wide)))
    foot = (SLANT * (room + deep) if slanted else deep) + PAD + EDGE
    note, scale = note_of(record), min(1.6, tall * size)
    width, height = max(WIDTH, left + wide * size + SCALE), 2 * EDGE + max(tall * size + foot - EDGE, scale + 0.1 + 1.2 * SMALL / 72 * len(note))
    figure = new_figure(height, width)
    axes = figure.add_axes((left / width, 1 - (EDGE + tall * size) / height, wide * size / width, tall * size / height))
    mesh = draw_cells(axes, record)
    below: dict[str, Any] = {"rotation": 45, "rotation_mode": "anchor", "ha": "right", "multialignment": "right"} if slanted else {"ha": "center"}
    for place, lines in enumerate(names):
        label: dict[str, Any] = {"s": "\n".join(lines), "fontsize": LABEL, "color": INK, "transform": figure.dpi_scale_trans, "linespacing": 1.0}
        figure.text(left - PAD, height - EDGE - (place + 0.5) * tall, va="center", ha="right", **label)
        figure.text(left + (place + 0.5) * wide, height - EDGE - tall * size - PAD, va="top", **below, **label)
    tell_colours(figure, note, mesh, left + wide * size + 0.2, scale)
    return figure


def draw_cells(axes: Axes, record: SimilarityMatrix) -> Any:
    size = len(record.models)
    selves = {(place, place) for place in range(size)}  # a model with itself has no colour, so that it does not stretch the scale
    known = [value for i, row in enumerate(record.matrix) for j, value in enumerate(row) if i != j and value is not None]
    low, high = (min(known), max(known)) if known else (0.0, 1.0)
    mesh = draw_tiles(axes, record.matrix, "Blues", (low, high if high > low else low + 0.01), selves)
    axes.set_xlim(0, size)
    axes.set_ylim(size, 0)
    if size <= MOST_PRINTED:
        print_values(axes, record.matrix, mesh, rate, SMALL, selves)
    return mesh


def note_of(record: SimilarityMatrix) -> list[str]:
    """Lines that say what the colours measure."""
    absent = any(value is None for row in record.matrix for value in row)
    return [*wrap_text(f"similarity by {record.name}", SCALE - 0.2, SMALL), *(["hatched:", "not measured"] if absent else [])]


def tell_colours(figure: Figure, note: list[str], mesh: Any, left: float, tall: float) -> None:
    """The scale, and below it what it measures."""
    low, high = mesh.norm.vmin, mesh.norm.vmax
    foot = figure.get_size_inches()[1] - EDGE - tall
    draw_scale(figure, mesh, (left, foot, 0.12, tall), [low, (low + high) / 2, high], [rate(low), "", rate(high)])
    figure.text(left, foot - 0.1, "\n".join(note), transform=figure.dpi_scale_trans, fontsize=SMALL, color=GREY, va="top")
