"""Draws the share of deceptive beliefs against the correlation: theory, start and end; beside it the end over the pool, where that is known."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from harness.domains.evolution.sections.axes import style_axes
from harness.report.palette import BLUE, GREY, INK, VERMILION, WIDTH, new_figure
from harness.report.record_format import axis_limits

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawing

    from harness.domains.evolution.sections.deception import Deception

LEFT, RIGHT, GAP, TOP, HEAD, PLOT, FOOT, WIDEST = 0.56, 0.16, 0.62, 0.34, 0.28, 2.6, 0.46, 5.2  # inches
GREEN = "#009E73"
THEORY: dict[str, Any] = {"color": GREY, "linestyle": (0, (4, 2)), "linewidth": 1.2, "marker": "x", "markersize": 5}
AS_POOL: dict[str, Any] = {"color": INK, "linewidth": 0.9, "linestyle": (0, (4, 3))}
# Field to colour, marker and fill, and to its words in the legend.
LOOKS = {"start": (BLUE, "o", "white"), "end": (VERMILION, "s", VERMILION), "enrichment": (GREEN, "D", GREEN)}
WORDS = {"start": "first generation", "end": "last generation", "enrichment": "enrichment"}
ASIDE = {"start": -0.008, "end": 0.008, "enrichment": 0.0}  # shares of the width by which the points stand aside, so that neither covers the other


def draw_deception(records: Sequence[Deception]) -> Drawing:
    """One axis, or two where enrichment was measured somewhere."""
    height = TOP + HEAD + PLOT + FOOT
    figure = new_figure(height)
    enriched = any(record.enrichment is not None for record in records)
    wide = (WIDTH - LEFT - RIGHT - GAP) / 2 if enriched else WIDEST
    boxes = [(LEFT + index * (wide + GAP), FOOT, wide, PLOT) for index in range(1 + enriched)]
    shares, *others = (figure.add_axes((left / WIDTH, foot / height, across / WIDTH, tall / height)) for left, foot, across, tall in boxes)
    draw_shares(shares, records)
    for axes in others:
        draw_enrichment(axes, records)
    draw_legend(figure, records, height)
    return figure


def draw_shares(axes: Axes, records: Sequence[Deception]) -> None:
    axes.plot([record.rho for record in records], [record.theory for record in records], zorder=2, **THEORY)
    for key in ("start", "end"):
        draw_points(axes, records, key)
    axes.set_ylim(*axis_limits([0.0, *(record.theory for record in records), *known_numbers(records, "start"), *known_numbers(records, "end")]))
    finish_axes(axes, "share of deceptive beliefs", records)


def draw_enrichment(axes: Axes, records: Sequence[Deception]) -> None:
    draw_points(axes, records, "enrichment")
    axes.axhline(1, zorder=1, **AS_POOL)
    axes.set_ylim(*axis_limits([0.0, 1.0, *known_numbers(records, "enrichment")]))
    finish_axes(axes, "enrichment: last generation over the pool", records)


def known_numbers(records: Sequence[Deception], key: str) -> list[float]:
    """All numbers of a measure, those of its intervals included."""
    return [value for record in records for value in (getattr(record, f"{key}{end}") for end in ("", "_low", "_high")) if value is not None]


def draw_points(axes: Axes, records: Sequence[Deception], key: str) -> None:
    colour, marker, fill = LOOKS[key]
    rhos = [record.rho for record in records]
    aside = ASIDE[key] * (max(rhos) - min(rhos) or 1.0)
    for record in records:
        value, low, high = (getattr(record, f"{key}{end}") for end in ("", "_low", "_high"))
        if value is not None:
            x = record.rho + aside
            axes.vlines(x, low, high, color=colour, linewidth=1.5, zorder=3)
            axes.plot([x], [value], marker=marker, markersize=6, color=colour, markerfacecolor=fill, markeredgewidth=1.4, linestyle="none", zorder=4)


def finish_axes(axes: Axes, title: str, records: Sequence[Deception]) -> None:
    from matplotlib.ticker import MaxNLocator

    style_axes(axes, "correlation of value and signal (rho)")
    axes.set_title(title, loc="left", fontsize=9, fontweight="bold", color=INK, pad=4)
    axes.set_xlim(*axis_limits([record.rho for record in records]))
    axes.xaxis.set_major_locator(MaxNLocator(6))
    axes.yaxis.set_major_locator(MaxNLocator(6))
    axes.grid(axis="y", color="#ececec", linewidth=0.6, zorder=0)
    axes.axhline(0, color="#9a9a9a", linewidth=0.7, zorder=1)


def draw_legend(figure: Drawing, records: Sequence[Deception], height: float) -> None:
    """Only what occurs in the figure."""
    from matplotlib.lines import Line2D

    handles: list[Any] = [Line2D([], [], label="first generation, by theory", **THEORY)]
    for key, (colour, marker, fill) in LOOKS.items():
        if known_numbers(records, key):
            handles.append(Line2D([], [], color=colour, marker=marker, markerfacecolor=fill, markeredgewidth=1.4, linewidth=1.5, label=WORDS[key]))
    if known_numbers(records, "enrichment"):
        handles.append(Line2D([], [], label="as in the pool", **AS_POOL))
    corner = (0.004, 1 - 0.02 / height)
    figure.legend(handles=handles, loc="upper left", bbox_to_anchor=corner, ncols=5, frameon=False, fontsize=8.5, columnspacing=1.3, handletextpad=0.5)
