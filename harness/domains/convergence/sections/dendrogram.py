"""Draws the tree of a clustering: models to the left, joins to the right at their height, at each join its stability.

Drawn here and not by scipy: its drawing does not tell which of its lines belongs to which join, and the stability stands at the joins.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.domains.convergence.sections.row_figure import finish_rows, new_row_figure
from harness.report.number_format import rate
from harness.report.palette import BLUE, INK
from harness.report.plot_frame import shift

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from harness.domains.convergence.sections.clusters import Clustering

ROW, TOP, RIGHT = 0.24, 0.1, 0.45  # inches
APART = float("nan")  # between two lines that are drawn in one call


def draw(clustering: Clustering) -> Figure:
    """One line a model, from the lowest joins outwards: a join stands in the middle of the two that it joins."""
    order = clustering.leaves()[-1]
    figure, axes = new_row_figure(order, ROW, TOP, RIGHT)
    heights = [join.height for join in clustering.joins]
    room = (max(heights) - min(heights)) or max(heights) or 1.0
    left = max(0.0, min(heights) - 0.3 * room)  # where the lines of the models begin: the space below the first join tells nothing
    middle, ends = [float(order.index(name)) for name in clustering.models], [left] * len(order)
    xs: list[float] = []
    ys: list[float] = []
    for join in clustering.joins:
        (first, second), height = (join.first, join.second), join.height
        xs += [ends[first], height, height, ends[second], APART]
        ys += [middle[first], middle[first], middle[second], middle[second], APART]
        middle.append((middle[first] + middle[second]) / 2)
        ends.append(height)
    joints = middle[len(order) :]
    axes.plot(heights, joints, linestyle="none", marker="o", markersize=5, color=BLUE, zorder=4, clip_on=False)
    axes.plot(xs, ys, color=INK, linewidth=1.2)
    draw_stabilities(axes, clustering, joints, left)
    finish_rows(axes, (left, max(heights) + 0.06 * room), f"height of the join by {clustering.name} (1 − similarity); at the joins their stability (rate)")
    return figure


def draw_stabilities(axes: Axes, clustering: Clustering, joints: list[float], left: float) -> None:
    """Each on the side of its join where the next line is farther away."""
    size, heights = len(clustering.models), [join.height for join in clustering.joins]
    above = {node: join.height for join in clustering.joins for node in (join.first, join.second)}
    for place, (join, middle) in enumerate(zip(clustering.joins, joints, strict=True)):
        inner = [heights[node - size] if node >= size else left for node in (join.first, join.second)]
        outer = above.get(size + place)
        outside = outer is None or outer - join.height >= join.height - max(inner)
        across, up, side = (4, 6, "left") if outside else (-5, 0, "right")
        at = axes.transData + shift(axes, across, up)
        axes.text(join.height, middle, rate(join.stability), transform=at, fontsize=7.5, color=BLUE, ha=side, va="center_baseline", zorder=5)
