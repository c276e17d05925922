"""Draws beliefs before and after selection: the pool faint, those held as large as the share of models that hold them, harmful ones that pass in a quadrant."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.report.addresses import below
from harness.report.clouds import FIELDS, STEM, Cloud, deceptive
from harness.report.figures import BLUE, GREY, INK, VERMILION, WIDTH, pictured, short
from harness.report.spans import limits
from harness.report.stated import Entry
from harness.report.view import View

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LEFT, RIGHT, GAP, TOP, HEAD, PLOT, FOOT = 0.62, 0.14, 0.3, 0.34, 0.3, 2.7, 0.46  # inches
LARGEST, LEAST = 70.0, 3.0  # square points of a belief that all models hold, and of one that hardly any does
SHARES = {0.1: "by a tenth", 0.5: "by half", 1.0: "by all models"}  # sizes that the legend explains
POOL, SHADE = "#c9c9c9", "#fbeee6"


def cloud_figure(view: View, found: list[tuple[Entry[Cloud], Cloud]]) -> dict[str, bytes]:
    """The figure as PNG and SVG by file name."""
    return pictured(view, STEM, lambda: drawn(found), [below(each.at, key) for each, _ in found for key in FIELDS])


def drawn(found: list[tuple[Entry[Cloud], Cloud]]) -> Figure:
    """The figure; a row an arm, all with the same axes."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    height = TOP + (HEAD + PLOT + FOOT) * len(found)
    figure = Figure(figsize=(WIDTH, height), facecolor="white")
    FigureCanvasAgg(figure)
    wide = (WIDTH - LEFT - RIGHT - GAP) / 2
    across = limits([value for _, cloud in found for value in (0.0, *cloud.value)])
    along = limits([signal for _, cloud in found for signal in (0.0, *cloud.signal)])
    for row, (each, cloud) in enumerate(found):
        bottom = height - TOP - (HEAD + PLOT + FOOT) * (row + 1) + FOOT
        for place, (when, shares) in enumerate((("before", cloud.before), ("after", cloud.after))):
            axes = figure.add_axes(((LEFT + place * (wide + GAP)) / WIDTH, bottom / height, wide / WIDTH, PLOT / height))
            axes.set_xlim(*across)
            axes.set_ylim(*along)
            _cloud(axes, cloud, shares)
            _quiet(axes, f"{short(cloud.arm or each.name)}: {when}", left=place == 0)
    _legend(figure, height)
    return figure


def _cloud(axes: Axes, cloud: Cloud, shares: tuple[float, ...]) -> None:
    from matplotlib.patches import Rectangle

    (left, _), (_, top) = axes.get_xlim(), axes.get_ylim()
    axes.add_patch(Rectangle((left, 0), -left, top, facecolor=SHADE, linewidth=0, zorder=0))
    axes.text(0.015, 0.985, "deceptive", transform=axes.transAxes, fontsize=8, color="#9a3d00", style="italic", va="top", zorder=5)
    axes.axhline(0, color="#9a9a9a", linewidth=0.7, zorder=1)
    axes.axvline(0, color="#9a9a9a", linewidth=0.7, zorder=1)
    axes.scatter(cloud.value, cloud.signal, s=2.5, color=POOL, linewidths=0, zorder=2, rasterized=True)
    for colour, marker, harmful in ((BLUE, "o", False), (VERMILION, "s", True)):
        held = [(v, a, _size(share)) for v, a, share in zip(cloud.value, cloud.signal, shares, strict=True) if share > 0 and deceptive(v, a) == harmful]
        if held:
            xs, ys, sizes = zip(*held, strict=True)
            axes.scatter(xs, ys, s=sizes, color=colour, marker=marker, alpha=0.6, linewidths=0, zorder=3)


def _size(share: float) -> float:
    """The area grows with the share, so that ten beliefs held by a tenth look like one held by all."""
    return max(LEAST, LARGEST * share)


def _quiet(axes: Axes, title: str, *, left: bool) -> None:
    from matplotlib.ticker import MaxNLocator

    axes.set_title(title, loc="left", fontsize=9, fontweight="bold", color=INK, pad=4)
    axes.xaxis.set_major_locator(MaxNLocator(6))
    axes.yaxis.set_major_locator(MaxNLocator(6))
    axes.tick_params(length=2, labelsize=7.5, labelcolor=GREY, color="#bdbdbd", pad=2, labelleft=left)
    axes.set_xlabel("value", fontsize=8, color=INK, labelpad=2)
    if left:
        axes.set_ylabel("alignment signal", fontsize=8, color=INK, labelpad=2)
    for side, spine in axes.spines.items():
        spine.set_visible(side in ("left", "bottom"))
        spine.set_color("#bdbdbd")


def _legend(figure: Figure, height: float) -> None:
    from matplotlib.lines import Line2D

    def mark(colour: str, marker: str, area: float, name: str) -> Any:
        return Line2D([], [], color=colour, marker=marker, markersize=area**0.5, markeredgewidth=0, linewidth=0, label=name)

    handles = [mark(POOL, "o", 8, "in the pool"), mark(BLUE, "o", 30, "held"), mark(VERMILION, "s", 30, "held, harmful, passing")]
    handles += [mark(GREY, "o", _size(share), words) for share, words in SHARES.items()]
    place = (0.004, 1 - 0.02 / height)
    figure.legend(handles=handles, loc="upper left", bbox_to_anchor=place, ncols=6, frameon=False, fontsize=8.5, columnspacing=1.2, handletextpad=0.3)
