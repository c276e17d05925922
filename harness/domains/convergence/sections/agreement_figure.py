"""Draws the agreement by capability: a point with its interval for each, and below it what chance and null models would give."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from harness.domains.convergence.sections.row_figure import new_row_figure
from harness.report.number_format import rate
from harness.report.numbers import NOT_MEASURED
from harness.report.palette import BLUE, GAP, GREY, INK, ORANGE, VERMILION
from harness.report.record_format import NO_INTERVAL, axis_limits, shorten

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from harness.domains.convergence.sections.agreement import AgreementRow

# What the agreement is held against: field to the words for it, in figure and table, and to its colour and marker.
BASELINES = {
    "mismatched_any": "any other prompt",
    "mismatched_same": "other prompt, same capability",
    "echo": "the prompt given back",
    "null": "null models",
}
LOOKS = {"mismatched_any": (VERMILION, "v"), "mismatched_same": (ORANGE, "D"), "echo": ("#009E73", "^"), "null": (GREY, "X")}
ASIDE = 0.27  # of a row: how far below the point its baselines stand, so that they never cover it
ROW, TOP, RIGHT = 0.44, 0.34, 1.35  # inches


def draw(rows: Sequence[AgreementRow]) -> Figure:
    """The capabilities, then all of them together."""
    label = f"similarity of two models' answers by {shorten(rows[0].measure)}"
    figure, axes = new_row_figure([row.of or row.kind for row in rows], label, ROW, TOP, RIGHT)
    keys = ("value", "low", "high", *LOOKS)
    axes.set_xlim(*axis_limits([0.0, *(value for row in rows for key in keys if (value := getattr(row, key)) is not None)]))
    axes.axvline(0, color=INK, linewidth=0.8)
    for place, row in enumerate(rows):
        if place:
            axes.axhline(place - 0.5, color="#bdbdbd" if row.kind == "overall" else "#ececec", linewidth=0.8, zorder=0)
        draw_row(axes, place, row)
    draw_legend(figure, rows)
    return figure


def draw_row(axes: Axes, place: int, row: AgreementRow) -> None:
    across = axes.get_yaxis_transform()
    if row.value is None:
        axes.axhspan(place - 0.36, place + 0.14, facecolor=GAP, edgecolor="#cfcfcf", hatch="////", linewidth=0)
        axes.text(1.03, place, NOT_MEASURED, transform=across, va="center", fontsize=8.5, style="italic", color=GREY)
    else:
        told = NO_INTERVAL
        if row.low is not None and row.high is not None:
            told = f"[{rate(row.low)}, {rate(row.high)}]"
            axes.hlines(place, row.low, row.high, color=BLUE, linewidth=1.8)
            axes.vlines([row.low, row.high], place - 0.1, place + 0.1, color=BLUE, linewidth=1.4)
        axes.plot([row.value], [place], marker="o", markersize=7, color=BLUE, zorder=3)
        axes.text(1.03, place, f"{rate(row.value)} {told}", transform=across, va="center", fontsize=8.5, color=INK)
    for key, (colour, marker) in LOOKS.items():
        if (value := getattr(row, key)) is not None:
            axes.plot([value], [place + ASIDE], marker=marker, markersize=6, color=colour, markerfacecolor="white", markeredgewidth=1.4, zorder=3)


def draw_legend(figure: Figure, rows: Sequence[AgreementRow]) -> None:
    """Only what occurs in the figure."""
    from matplotlib.lines import Line2D

    handles = []
    if any(row.value is not None for row in rows):
        handles.append(Line2D([], [], color=BLUE, marker="o", markersize=7, linewidth=1.8, label="agreement"))
    for key, (colour, marker) in LOOKS.items():
        if any(getattr(row, key) is not None for row in rows):
            handles.append(Line2D([], [], color=colour, marker=marker, markerfacecolor="white", markeredgewidth=1.4, linewidth=0, label=BASELINES[key]))
    place = (0.01, 1 - 0.02 / figure.get_figheight())
    figure.legend(handles=handles, loc="upper left", bbox_to_anchor=place, ncols=5, frameon=False, fontsize=8.5, columnspacing=1.3, handletextpad=0.5)
