"""Draws the share of deceptive beliefs against the correlation: theory, start and end; beside it the end over the pool, where that is known."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from harness.report.palette import BLUE, GREEN, GREY, INK, VERMILION, WIDTH, new_figure
from harness.report.plot_frame import Key, draw_frame, round_ticks
from harness.report.record_format import axis_limits

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawing

    from harness.domains.evolution.sections.deception import Deception

LEFT, RIGHT, GAP, HEAD, PLOT, FOOT = 0.46, 0.16, 0.6, 0.26, 1.9, 0.42  # inches
X_LABEL = "correlation of value and signal (rho)"
THEORY: dict[str, Any] = {"color": GREY, "linestyle": (0, (4, 2)), "linewidth": 1.2, "marker": "x", "markersize": 5}
AS_POOL: dict[str, Any] = {"color": INK, "linewidth": 0.9, "linestyle": (0, (4, 3))}
# Field to colour, marker and fill, and to its words in the key.
LOOKS = {"start": (BLUE, "o", "white"), "end": (VERMILION, "s", VERMILION), "enrichment": (GREEN, "D", GREEN)}
WORDS = {"start": "first generation", "end": "last generation", "enrichment": "enrichment"}
ASIDE = {"start": -0.008, "end": 0.008, "enrichment": 0.0}  # shares of the width by which the points stand aside, so that neither covers the other


def draw_deception(records: Sequence[Deception]) -> Drawing:
    """One axis, or two where enrichment was measured somewhere."""
    key = make_key(records)
    height = key.height + HEAD + PLOT + FOOT
    figure = new_figure(height)
    enriched = any(record.enrichment is not None for record in records)
    wide = (WIDTH - LEFT - RIGHT - GAP * enriched) / (1 + enriched)
    boxes = [(LEFT + index * (wide + GAP), FOOT, wide, PLOT) for index in range(1 + enriched)]
    shares, *others = (figure.add_axes((left / WIDTH, foot / height, across / WIDTH, tall / height)) for left, foot, across, tall in boxes)
    draw_shares(shares, records)
    for axes in others:
        draw_enrichment(axes, records)
    key.draw(figure)
    return figure


def draw_shares(axes: Axes, records: Sequence[Deception]) -> None:
    axes.plot([record.rho for record in records], [record.theory for record in records], zorder=2, **THEORY)
    for key in ("start", "end"):
        draw_points(axes, records, key)
    limits = axis_limits([0.0, *(record.theory for record in records), *known_numbers(records, "start"), *known_numbers(records, "end")])
    finish_axes(axes, "share of deceptive beliefs (rate)", limits, records)


def draw_enrichment(axes: Axes, records: Sequence[Deception]) -> None:
    draw_points(axes, records, "enrichment")
    limits = axis_limits([1.0, *known_numbers(records, "enrichment")])
    finish_axes(axes, "enrichment: last generation over the pool (ratio)", limits, records)
    axes.plot(axes.get_xlim(), [1, 1], zorder=1, **AS_POOL)


def known_numbers(records: Sequence[Deception], key: str) -> list[float]:
    """All numbers of a measure, those of its intervals included."""
    return [value for record in records for value in (getattr(record, f"{key}{end}") for end in ("", "_low", "_high")) if value is not None]


def draw_points(axes: Axes, records: Sequence[Deception], key: str) -> None:
    colour, marker, fill = LOOKS[key]
    rhos = [record.rho for record in records]
    aside = ASIDE[key] * (max(rhos) - min(rhos) or 1.0)
    known = [record for record in records if getattr(record, key) is not None]
    xs = [record.rho + aside for record in known]
    values, lows, highs = ([getattr(record, f"{key}{end}") for record in known] for end in ("", "_low", "_high"))
    axes.vlines(xs, lows, highs, color=colour, linewidth=1.5, zorder=3)
    axes.plot(xs, values, marker=marker, markersize=6, color=colour, markerfacecolor=fill, markeredgewidth=1.4, linestyle="none", zorder=4)


def finish_axes(axes: Axes, title: str, limits: tuple[float, float], records: Sequence[Deception]) -> None:
    across = axis_limits([record.rho for record in records])
    axes.set_xlim(*across)
    axes.set_ylim(*limits)
    draw_frame(axes, round_ticks(across, 6), round_ticks(limits, 5), x_label=X_LABEL, title=title)
    if limits[0] < 0 < limits[1]:
        axes.plot(across, [0, 0], color="#9a9a9a", linewidth=0.7, zorder=1)


def make_key(records: Sequence[Deception]) -> Key:
    """Only what occurs in the figure."""
    entries: list[tuple[str, dict[str, Any]]] = [("first generation, by theory", THEORY)]
    for key, (colour, marker, fill) in LOOKS.items():
        if known_numbers(records, key):
            style = {"color": colour, "marker": marker, "markerfacecolor": fill, "markeredgewidth": 1.4, "linewidth": 1.5}
            entries.append((WORDS[key], style))
    return Key([*entries, *([("as in the pool", AS_POOL)] if known_numbers(records, "enrichment") else [])], WIDTH)
