"""Draws the share of deceptive beliefs against the correlation: theory, start and end; beside it the end over the pool, where that is stated."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.report.addresses import below
from harness.report.deception import STEM, Deceived
from harness.report.figures import BLUE, GREY, INK, VERMILION, WIDTH, pictured
from harness.report.spans import limits
from harness.report.stated import Entry
from harness.report.view import View

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LEFT, RIGHT, GAP, TOP, HEAD, PLOT, FOOT, WIDEST = 0.56, 0.16, 0.62, 0.34, 0.28, 2.6, 0.46, 5.2  # inches
GREEN = "#009E73"
# Field to colour, marker, fill and words; start and end stand a little aside, so that neither covers the other.
LOOKS: dict[str, tuple[str, str, str, str, float]] = {
    "start": (BLUE, "o", "white", "first generation", -1.0),
    "end": (VERMILION, "s", VERMILION, "last generation", 1.0),
}
DRAWN = ("theory", "start", "start_low", "start_high", "end", "end_low", "end_high", "enrichment", "enrichment_low", "enrichment_high")


def deception_figure(view: View, found: list[tuple[Entry[Deceived], Deceived]]) -> dict[str, bytes]:
    """The figure as PNG and SVG by file name."""
    places = [below(each.at, key) for each, stated in found for key in DRAWN if getattr(stated, key) is not None]
    return pictured(view, STEM, lambda: drawn([stated for _, stated in found]), places)


def drawn(found: list[Deceived]) -> Figure:
    """The figure; one axis, or two where enrichment is stated."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    height = TOP + HEAD + PLOT + FOOT
    figure = Figure(figsize=(WIDTH, height), facecolor="white")
    FigureCanvasAgg(figure)
    enriched = any(stated.enrichment is not None for stated in found)
    wide = (WIDTH - LEFT - RIGHT - GAP) / 2 if enriched else WIDEST
    places = [(LEFT + place * (wide + GAP), FOOT, wide, PLOT) for place in range(2 if enriched else 1)]
    boxes = [figure.add_axes((left / WIDTH, foot / height, across / WIDTH, tall / height)) for left, foot, across, tall in places]
    rhos = [stated.rho or 0.0 for stated in found]
    aside = (max(rhos) - min(rhos) or 1.0) * 0.008
    _shares(boxes[0], found, aside)
    if enriched:
        _points(boxes[1], found, "enrichment", (GREEN, "D", GREEN), 0.0)
        boxes[1].axhline(1, color=INK, linewidth=0.9, linestyle=(0, (4, 3)), zorder=1)
        boxes[1].set_ylim(*limits([0.0, 1.0, *_all(found, ("enrichment", "enrichment_low", "enrichment_high"))]))
    for axes, title in zip(boxes, ("share of deceptive beliefs", "enrichment: last generation over the pool"), strict=False):
        _quiet(axes, title, rhos)
    _legend(figure, found, height)
    return figure


def _all(found: list[Deceived], keys: tuple[str, ...]) -> list[float]:
    return [value for stated in found for value in (getattr(stated, key) for key in keys) if value is not None]


def _shares(axes: Axes, found: list[Deceived], aside: float) -> None:
    theory = [(stated.rho or 0.0, stated.theory) for stated in found if stated.theory is not None]
    axes.plot([rho for rho, _ in theory], [share for _, share in theory], color=GREY, linestyle=(0, (4, 2)), linewidth=1.2, marker="x", markersize=5, zorder=2)
    for key, (colour, marker, fill, _, side) in LOOKS.items():
        _points(axes, found, key, (colour, marker, fill), side * aside)
    axes.set_ylim(*limits([0.0, *_all(found, DRAWN[:7])]))


def _points(axes: Axes, found: list[Deceived], key: str, look: tuple[str, str, str], aside: float) -> None:
    colour, marker, fill = look
    for stated in found:
        value, low, high = (getattr(stated, name) for name in (key, f"{key}_low", f"{key}_high"))
        place = (stated.rho or 0.0) + aside
        if value is None:
            continue
        if low is not None and high is not None:
            axes.vlines(place, low, high, color=colour, linewidth=1.5, zorder=3)
        axes.plot([place], [value], marker=marker, markersize=6, color=colour, markerfacecolor=fill, markeredgewidth=1.4, linestyle="none", zorder=4)


def _quiet(axes: Axes, title: str, rhos: list[float]) -> None:
    from matplotlib.ticker import MaxNLocator

    axes.set_title(title, loc="left", fontsize=9, fontweight="bold", color=INK, pad=4)
    axes.set_xlim(*limits(rhos))
    axes.xaxis.set_major_locator(MaxNLocator(6))
    axes.yaxis.set_major_locator(MaxNLocator(6))
    axes.grid(axis="y", color="#ececec", linewidth=0.6, zorder=0)
    axes.set_axisbelow(True)
    axes.axhline(0, color="#9a9a9a", linewidth=0.7, zorder=1)
    axes.tick_params(length=2, labelsize=7.5, labelcolor=GREY, color="#bdbdbd", pad=2)
    axes.set_xlabel("correlation of value and signal (rho)", fontsize=8, color=INK, labelpad=3)
    for side, spine in axes.spines.items():
        spine.set_visible(side in ("left", "bottom"))
        spine.set_color("#bdbdbd")


def _legend(figure: Figure, found: list[Deceived], height: float) -> None:
    """Only what occurs in the figure."""
    from matplotlib.lines import Line2D

    handles: list[Any] = []
    if _all(found, ("theory",)):
        handles.append(Line2D([], [], color=GREY, linestyle=(0, (4, 2)), linewidth=1.2, marker="x", markersize=5, label="first generation, by theory"))
    for key, (colour, marker, fill, words, _) in LOOKS.items():
        if _all(found, (key,)):
            handles.append(Line2D([], [], color=colour, marker=marker, markerfacecolor=fill, markeredgewidth=1.4, linewidth=1.5, label=words))
    if _all(found, ("enrichment",)):
        handles.append(Line2D([], [], color=GREEN, marker="D", linewidth=1.5, label="enrichment"))
        handles.append(Line2D([], [], color=INK, linestyle=(0, (4, 3)), linewidth=0.9, label="as in the pool"))
    if handles:
        place = (0.004, 1 - 0.02 / height)
        figure.legend(handles=handles, loc="upper left", bbox_to_anchor=place, ncols=5, frameon=False, fontsize=8.5, columnspacing=1.3, handletextpad=0.5)
