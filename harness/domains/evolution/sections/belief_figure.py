"""Draws beliefs before and after selection: the pool faint, those held as large as the share of models that hold them, harmful ones that pass in a quadrant."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from harness.domains.evolution.sections.axes import style_axes
from harness.report.palette import BLUE, GREY, INK, VERMILION, WIDTH, new_figure, shorten_end
from harness.report.record_format import axis_limits

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawing

    from harness.domains.evolution.sections.beliefs import BeliefCloud

LEFT, RIGHT, GAP, TOP, HEAD, PLOT, FOOT = 0.62, 0.14, 0.3, 0.34, 0.3, 2.7, 0.46  # inches
LARGEST, LEAST = 70.0, 3.0  # square points of a belief that all models hold, and of one that hardly any does
SHARES = {0.1: "by a tenth", 0.5: "by half", 1.0: "by all models"}  # sizes that the legend explains
POOL, SHADE = "#c9c9c9", "#fbeee6"


def draw_clouds(arms: Sequence[BeliefCloud]) -> Drawing:
    """A row an arm, all with the same axes."""
    height = TOP + (HEAD + PLOT + FOOT) * len(arms)
    figure = new_figure(height)
    wide = (WIDTH - LEFT - RIGHT - GAP) / 2
    across, along = (axis_limits([value for arm in arms for value in (0.0, *getattr(arm, key))]) for key in ("value", "signal"))
    for row, arm in enumerate(arms):
        bottom = height - TOP - (HEAD + PLOT + FOOT) * (row + 1) + FOOT
        for column, when in enumerate(("before", "after")):
            axes = figure.add_axes(((LEFT + column * (wide + GAP)) / WIDTH, bottom / height, wide / WIDTH, PLOT / height))
            axes.set_xlim(*across)
            axes.set_ylim(*along)
            draw_cloud(axes, arm, getattr(arm, when))
            finish_axes(axes, f"{shorten_end(arm.name)}: {when}", left=column == 0)
    draw_legend(figure, height)
    return figure


def draw_cloud(axes: Axes, arm: BeliefCloud, shares: Sequence[float]) -> None:
    shade_deceptive(axes)
    axes.scatter(arm.value, arm.signal, s=2.5, color=POOL, linewidths=0, zorder=2, rasterized=True)
    for colour, marker, harmful in ((BLUE, "o", False), (VERMILION, "s", True)):
        held = [
            (value, signal, area_of(share))
            for value, signal, share in zip(arm.value, arm.signal, shares, strict=True)
            if share > 0 and (value < 0 < signal) == harmful
        ]
        if held:
            xs, ys, sizes = zip(*held, strict=True)
            axes.scatter(xs, ys, s=sizes, color=colour, marker=marker, alpha=0.6, linewidths=0, zorder=3)


def shade_deceptive(axes: Axes) -> None:
    """The quadrant of what harms and passes."""
    from matplotlib.patches import Rectangle

    (left, _), (_, top) = axes.get_xlim(), axes.get_ylim()
    axes.add_patch(Rectangle((left, 0), -left, top, facecolor=SHADE, linewidth=0, zorder=0))
    axes.text(0.015, 0.985, "deceptive", transform=axes.transAxes, fontsize=8, color="#9a3d00", style="italic", va="top", zorder=5)
    axes.axhline(0, color="#9a9a9a", linewidth=0.7, zorder=1)
    axes.axvline(0, color="#9a9a9a", linewidth=0.7, zorder=1)


def area_of(share: float) -> float:
    """The area grows with the share, so that ten beliefs held by a tenth look like one held by all."""
    return max(LEAST, LARGEST * share)


def finish_axes(axes: Axes, title: str, *, left: bool) -> None:
    from matplotlib.ticker import MaxNLocator

    style_axes(axes, "value")
    axes.set_title(title, loc="left", fontsize=9, fontweight="bold", color=INK, pad=4)
    axes.xaxis.set_major_locator(MaxNLocator(6))
    axes.yaxis.set_major_locator(MaxNLocator(6))
    axes.tick_params(labelleft=left)
    if left:
        axes.set_ylabel("alignment signal", fontsize=8, color=INK, labelpad=2)


def draw_legend(figure: Drawing, height: float) -> None:
    from matplotlib.lines import Line2D

    def mark(colour: str, marker: str, area: float, label: str) -> Any:
        return Line2D([], [], color=colour, marker=marker, markersize=area**0.5, markeredgewidth=0, linewidth=0, label=label)

    handles = [mark(POOL, "o", 8, "in the pool"), mark(BLUE, "o", 30, "held"), mark(VERMILION, "s", 30, "held, harmful, passing")]
    handles += [mark(GREY, "o", area_of(share), label) for share, label in SHARES.items()]
    corner = (0.004, 1 - 0.02 / height)
    figure.legend(handles=handles, loc="upper left", bbox_to_anchor=corner, ncols=6, frameon=False, fontsize=8.5, columnspacing=1.2, handletextpad=0.3)
