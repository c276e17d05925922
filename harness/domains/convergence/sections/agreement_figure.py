"""Draws the agreement by capability: a point with its interval for each, and below it what chance and null models would give."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from harness.domains.convergence.sections.row_figure import finish_rows, new_row_figure
from harness.report.number_format import rate
from harness.report.numbers import NO_INTERVAL, NOT_MEASURED
from harness.report.palette import BLUE, GAP, GREEN, GREY, HATCHING, INK, ORANGE, VERMILION, WIDTH
from harness.report.plot_frame import LABEL, Key
from harness.report.record_format import axis_limits, with_zero

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
LOOKS = {"mismatched_any": (VERMILION, "v"), "mismatched_same": (ORANGE, "D"), "echo": (GREEN, "^"), "null": (GREY, "X")}
ASIDE = 0.27  # of a row: how far below the point its baselines stand, so that they never cover it
ROW, RIGHT = 0.36, 1.3  # inches


def draw(rows: Sequence[AgreementRow]) -> Figure:
    """The capabilities, then all of them together."""
    key = make_key(rows)
    figure, axes = new_row_figure([row.of or row.kind for row in rows], ROW, key.height, RIGHT)
    keys = ("value", "low", "high", *LOOKS)
    limits = axis_limits(with_zero([value for row in rows for each in keys if (value := getattr(row, each)) is not None]))
    for place, row in enumerate(rows):
        tell_row(axes, place, row)
    draw_points(axes, rows)
    for name, (colour, marker) in LOOKS.items():
        known = [(value, place + ASIDE) for place, row in enumerate(rows) if (value := getattr(row, name)) is not None]
        xs, ys = zip(*known, strict=True) if known else ((), ())
        axes.plot(xs, ys, linestyle="none", marker=marker, markersize=6, color=colour, markerfacecolor="white", markeredgewidth=1.4, zorder=3)
    draw_lines(axes, rows, limits)
    finish_rows(axes, limits, f"similarity of two models' answers by {rows[0].measure}")
    key.draw(figure)
    return figure


def draw_points(axes: Axes, rows: Sequence[AgreementRow]) -> None:
    known = [(place, row.value) for place, row in enumerate(rows) if row.value is not None]
    bounded = [(place, row.low, row.high) for place, row in enumerate(rows) if row.value is not None and row.low is not None and row.high is not None]
    places = [place for place, _, _ in bounded]
    axes.hlines(places, [low for _, low, _ in bounded], [high for _, _, high in bounded], color=BLUE, linewidth=1.8)
    ends = [(end, place) for place, *both in bounded for end in both]
    axes.vlines([end for end, _ in ends], [place - 0.1 for _, place in ends], [place + 0.1 for _, place in ends], color=BLUE, linewidth=1.4)
    axes.plot([value for _, value in known], [place for place, _ in known], linestyle="none", marker="o", markersize=7, color=BLUE, zorder=3)


def draw_lines(axes: Axes, rows: Sequence[AgreementRow], limits: tuple[float, float]) -> None:
    """Zero, and what stands between two rows."""
    if limits[0] < 0 < limits[1]:
        axes.plot([0, 0], axes.get_ylim(), color=INK, linewidth=0.8)
    for kind, colour in (("capability", "#ececec"), ("overall", "#bdbdbd")):
        places = [place - 0.5 for place, row in enumerate(rows) if place and row.kind == kind]
        axes.hlines(places, *limits, color=colour, linewidth=0.8, zorder=0)


def tell_row(axes: Axes, place: int, row: AgreementRow) -> None:
    """The number to the right; hatching where there is none."""
    across = axes.get_yaxis_transform()
    style: dict[str, Any] = {"color": INK}
    told = NOT_MEASURED
    if row.value is None:
        axes.axhspan(place - 0.36, place + 0.14, facecolor=GAP, edgecolor=HATCHING, hatch="////", linewidth=0)
        style = {"color": GREY, "style": "italic"}
    else:
        bounds = f"[{rate(row.low)}, {rate(row.high)}]" if row.low is not None and row.high is not None else NO_INTERVAL
        told = f"{rate(row.value)} {bounds}"
    axes.text(1.02, place, told, transform=across, va="center_baseline", fontsize=LABEL, **style)


def make_key(rows: Sequence[AgreementRow]) -> Key:
    """Only what occurs in the figure."""
    entries: list[tuple[str, dict[str, Any]]] = []
    if any(row.value is not None for row in rows):
        entries.append(("agreement", {"color": BLUE, "marker": "o", "markersize": 7, "linewidth": 1.8}))
    for name, (colour, marker) in LOOKS.items():
        if any(getattr(row, name) is not None for row in rows):
            entries.append((BASELINES[name], {"color": colour, "marker": marker, "markerfacecolor": "white", "markeredgewidth": 1.4, "linewidth": 0}))
    return Key(entries, WIDTH)
