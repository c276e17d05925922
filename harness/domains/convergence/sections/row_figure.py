"""A figure with a line for each name, as those of the agreement and of the clusters are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from harness.report.palette import GREY, INK, WIDTH, new_figure
from harness.report.record_format import shorten

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST = 60  # models in one figure
FOOT, PAD, CHAR = 0.52, 0.16, 0.072  # inches; CHAR is a letter of a name


def new_row_figure(names: Sequence[str], label: str, row: float, top: float, right: float) -> tuple[Figure, Axes]:
    """The figure and its axes: names to the left, a row of that many inches for each, `label` below, room at the top and to the right."""
    shown = [shorten(name) for name in names]
    left, tall = CHAR * max(len(name) for name in shown) + PAD, row * len(names)
    height = top + tall + FOOT
    figure = new_figure(height)
    axes = figure.add_axes((left / WIDTH, FOOT / height, (WIDTH - left - right) / WIDTH, tall / height))
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.set_yticks(range(len(names)), shown)
    axes.tick_params(axis="y", length=0, labelcolor=INK, labelsize=9)
    axes.tick_params(axis="x", length=3, labelcolor=GREY, labelsize=8, color="#bdbdbd")
    axes.set_xlabel(label, fontsize=8.5, color=INK)
    for side, spine in axes.spines.items():
        spine.set_visible(side == "bottom")
        spine.set_color("#bdbdbd")
    return figure, axes
