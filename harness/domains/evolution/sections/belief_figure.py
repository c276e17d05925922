"""Draws beliefs before and after selection: the pool faint, those held as large as the share of models that hold them, harmful ones that pass in a quadrant."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from harness.report.palette import BLUE, GREY, VERMILION, WIDTH, new_figure
from harness.report.plot_frame import HEAD, Key, draw_frame, round_ticks
from harness.report.record_format import axis_limits
from harness.report.text_width import wrap_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawing

    from harness.domains.evolution.sections.beliefs import BeliefCloud

LEFT, RIGHT, GAP, TITLE, PLOT, FOOT = 0.56, 0.12, 0.3, 0.145, 2.1, 0.44  # inches; TITLE is a line of a title
LARGEST, LEAST = 60.0, 3.0  # square points of a belief that all models hold, and of one that hardly any does
SHARES = {0.1: "by a tenth", 0.5: "by half", 1.0: "by all models"}  # sizes that the key explains
POOL, SHADE = "#c9c9c9", "#fbeee6"


def draw_clouds(arms: Sequence[BeliefCloud]) -> Drawing:
    """A row an arm, all with the same axes."""
    key, wide = make_key(), (WIDTH - LEFT - RIGHT - GAP) / 2
    titles = [["\n".join(wrap_text(f"{arm.name}: {when}", wide, HEAD, bold=True)) for when in ("before", "after")] for arm in arms]
    heads = [TITLE * max(title.count("\n") + 1 for title in pair) + 0.08 for pair in titles]
    height = key.height + sum(heads) + (PLOT + FOOT) * len(arms)
    figure = new_figure(height)
    limits = [axis_limits([value for arm in arms for value in (0.0, *getattr(arm, field))]) for field in ("value", "signal")]
    bottom = height - key.height
    for arm, pair, head in zip(arms, titles, heads, strict=True):
        bottom -= head + PLOT + FOOT
        for column, when in enumerate(("before", "after")):
            axes = figure.add_axes(((LEFT + column * (wide + GAP)) / WIDTH, (bottom + FOOT) / height, wide / WIDTH, PLOT / height))
            axes.set_xlim(*limits[0])
            axes.set_ylim(*limits[1])
            draw_cloud(axes, arm, getattr(arm, when))
            ticks, labels = round_ticks(limits[1], 5)
            ys = (ticks, labels if column == 0 else [""] * len(ticks))
            label = "" if column else "alignment signal"
            draw_frame(axes, round_ticks(limits[0], 6), ys, x_label="value", y_label=label, title=pair[column])
    key.draw(figure)
    return figure


def draw_cloud(axes: Axes, arm: BeliefCloud, shares: Sequence[float]) -> None:
    """The points are one picture inside the SVG: each as an element of its own, they made it a megabyte large."""
    import numpy as np

    shade_deceptive(axes)
    xs, ys, held = np.array(arm.value), np.array(arm.signal), np.array(shares)
    axes.scatter(xs, ys, s=2.5, color=POOL, linewidths=0, zorder=2, rasterized=True)
    harmful = (xs < 0) & (ys > 0)
    for colour, marker, group in ((BLUE, "o", ~harmful), (VERMILION, "s", harmful)):
        shown = group & (held > 0)
        if shown.any():
            sizes = np.maximum(LEAST, LARGEST * held[shown])  # the area: ten beliefs held by a tenth look like one held by all
            axes.scatter(xs[shown], ys[shown], s=sizes, color=colour, marker=marker, alpha=0.6, linewidths=0, zorder=2.1, rasterized=True)


def shade_deceptive(axes: Axes) -> None:
    """The quadrant of what harms and passes."""
    from matplotlib.patches import Rectangle

    (left, right), (low, high) = axes.get_xlim(), axes.get_ylim()
    axes.add_patch(Rectangle((left, 0), -left, high, facecolor=SHADE, linewidth=0, zorder=0))
    axes.text(0.015, 0.985, "deceptive", transform=axes.transAxes, fontsize=8, color="#9a3d00", style="italic", va="top", zorder=5)
    axes.plot([left, right, float("nan"), 0, 0], [0, 0, float("nan"), low, high], color="#9a9a9a", linewidth=0.7, zorder=1)


def make_key() -> Key:
    def mark(colour: str, marker: str, area: float) -> dict[str, Any]:
        return {"color": colour, "marker": marker, "markersize": area**0.5, "markeredgewidth": 0, "linewidth": 0}

    entries = [("in the pool", mark(POOL, "o", 8)), ("held", mark(BLUE, "o", 30)), ("held, harmful, passing", mark(VERMILION, "s", 30))]
    return Key([*entries, *((label, mark(GREY, "o", LARGEST * share)) for share, label in SHARES.items())], WIDTH)
