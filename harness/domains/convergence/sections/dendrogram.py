"""Draws the tree of a clustering: models to the left, joins to the right at their height, at each join its stability.

Drawn here and not by scipy: its drawing does not tell which of its lines belongs to which join, and the stability stands at the joins.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.domains.convergence.sections.row_figure import new_row_figure
from harness.report.number_format import rate
from harness.report.palette import BLUE, INK
from harness.report.record_format import shorten

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from harness.domains.convergence.sections.clusters import Clustering

ROW, TOP, RIGHT = 0.29, 0.12, 0.55  # inches


def draw(clustering: Clustering) -> Figure:
    """One line a model, from the lowest joins outwards: a join stands in the middle of the two that it joins."""
    order = clustering.leaves()[-1]
    figure, axes = new_row_figure(order, f"height of the join by {shorten(clustering.name)}; at the joins their stability", ROW, TOP, RIGHT)
    heights = [join.height for join in clustering.joins]
    room = (max(heights) - min(heights)) or max(heights) or 1.0
    left = max(0.0, min(heights) - 0.3 * room)  # where the lines of the models begin: the space below the first join tells nothing
    axes.set_xlim(left, max(heights) + 0.06 * room)
    middle, ends = [float(order.index(name)) for name in clustering.models], [left] * len(order)
    for join in clustering.joins:
        pair = (join.first, join.second)
        for node in pair:
            axes.hlines(middle[node], ends[node], join.height, color=INK, linewidth=1.2)
        axes.vlines(join.height, *sorted(middle[node] for node in pair), color=INK, linewidth=1.2)
        middle.append(sum(middle[node] for node in pair) / 2)
        ends.append(join.height)
        draw_stability(axes, join.height, middle[-1], join.stability)
    return figure


def draw_stability(axes: Axes, height: float, middle: float, value: float) -> None:
    from matplotlib.patheffects import withStroke

    axes.plot([height], [middle], marker="o", markersize=5, color=BLUE, zorder=4, clip_on=False)
    halo = [withStroke(linewidth=2, foreground="white")]  # where a line runs behind the number
    axes.annotate(rate(value), (height, middle), (4, 2), textcoords="offset points", va="bottom", fontsize=8, color=BLUE, path_effects=halo, zorder=5)
