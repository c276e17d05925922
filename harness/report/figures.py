"""Draws the hero figure: a forest plot with an interval for every cell, the registered threshold, and a plain mark where there is no number.

Equal results give equal bytes: the drawing defaults are matplotlib's own whatever the user's settings, the metadata hold no date, and the ids inside
the SVG come from a fixed salt.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from harness.fingerprint import canonical
from harness.report.escape import one_line
from harness.report.forest import Mark, Panel, panels
from harness.report.numbers import Numbers
from harness.report.palette import BLUE, GREY, INK, ORANGE, VERMILION, new_figure, shorten_end
from harness.report.view import View

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

STYLES = {
    "supported": (BLUE, "o", BLUE),
    "passed": (BLUE, "o", BLUE),
    "falsified": (VERMILION, "s", "white"),
    "failed": (VERMILION, "s", "white"),
    "inconclusive": (ORANGE, "D", "white"),
}
OTHER = (GREY, "X", "white")
CONTROL_MARKERS = {"negative": "v", "positive": "^", "canary": "P"}
ROW, HEAD, FOOT, TOP = 0.30, 0.70, 0.46, 0.12  # inches
LEFT, RIGHT = 0.285, 0.67  # shares of the width: labels to the left of the axis, numbers to the right
DPI = 160
MAKER = "harness.report"  # in the metadata of every figure
MOST_PIXELS = 30_000  # of height; Agg draws at most 65,535, and a picture of a thousand cells is read as SVG anyway


def hero(view: View) -> dict[str, bytes]:
    """The hero figure as {"hero.png": ..., "hero.svg": ...}."""
    numbers = Numbers(view.tree)
    shown = panels(view, numbers)
    return save_pictures(view, "hero", lambda: draw_panels(shown), [use.address for use in numbers.used])


def save_pictures(view: View, stem: str, draw: Callable[[], Figure], addresses: list[str]) -> dict[str, bytes]:
    """A drawing as PNG and SVG under the settings that all figures share; `addresses` are those of the numbers in it."""
    import matplotlib

    with matplotlib.rc_context(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")  # a script the font lacks shows as boxes; the tables have the text
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(
            {"svg.hashsalt": view.results.experiment, "svg.fonttype": "path", "font.size": 9, "axes.unicode_minus": True, "text.parse_math": False}
        )
        figure = draw()
        told = provenance(view, addresses)
        return {f"{stem}.png": _saved(figure, "png", _png_metadata(told)), f"{stem}.svg": _saved(figure, "svg", _svg_metadata(told))}


def provenance(view: View, addresses: list[str]) -> dict[str, Any]:
    """What a figure must carry with it when it is copied away from its report."""
    results = view.results
    return {
        "experiment": results.experiment,
        "run": results.execution.run,
        "commit": results.environment.get("commit"),
        "dirty": results.environment.get("dirty"),
        "promise": results.promise.sha256,
        "addresses": addresses,
    }


def _png_metadata(told: dict[str, Any]) -> dict[str, str]:
    return {"Software": MAKER, "Title": told["experiment"], "Description": canonical(told)}


def _svg_metadata(told: dict[str, Any]) -> dict[str, str | None]:
    return {"Creator": MAKER, "Title": told["experiment"], "Description": canonical(told), "Date": None}


def _saved(figure: Figure, kind: str, metadata: dict[str, Any]) -> bytes:
    stream = io.BytesIO()
    figure.savefig(stream, format=kind, dpi=min(DPI, MOST_PIXELS / figure.get_figheight()), metadata=metadata)
    return stream.getvalue()


def draw_panels(shown: list[Panel]) -> Figure:
    """The figure; one axis a panel, stacked, each as high as it has rows."""
    heights = [ROW * max(1, len(panel.marks)) + HEAD for panel in shown]
    height = sum(heights) + FOOT + TOP
    figure = new_figure(height)
    below = height - TOP
    for panel, tall in zip(shown, heights, strict=True):
        below -= tall
        axes = figure.add_axes((LEFT, (below + HEAD * 0.5) / height, RIGHT - LEFT, (tall - HEAD * 0.86) / height))
        _draw_panel(axes, panel)
    if not shown:
        figure.text(0.5, 0.5, "no cell was run", ha="center", color=GREY)
    _legend(figure, shown)
    return figure


def _draw_panel(axes: Axes, panel: Panel) -> None:
    axes.set_ylim(len(panel.marks) - 0.4, -0.6)
    low, high = _limits(panel)
    axes.set_xlim(low, high)
    axes.set_title(one_line(f"{panel.title}  ({panel.unit})" if panel.unit else panel.title), loc="left", fontsize=10, fontweight="bold", color=INK, pad=4)
    axes.axvline(0, color=INK, linewidth=0.8)
    for value in panel.bars:
        axes.axvline(value, color=INK, linewidth=0.9, linestyle=(0, (4, 3)))
    if panel.bars:
        axes.text(1.03, 1.02, one_line(f"- - {next(iter(panel.bars.values()))}"), transform=axes.transAxes, fontsize=8, color=INK, va="bottom")
    for place, mark in enumerate(panel.marks):
        _draw_mark(axes, place, mark)
    _quiet(axes, panel)


def _limits(panel: Panel) -> tuple[float, float]:
    points = [0.0, *panel.bars]
    for mark in panel.marks:
        points += [point for point in (mark.value, mark.low, mark.high) if point is not None]
    low, high = min(points), max(points)
    room = (high - low) * 0.07 or 1.0
    return low - room, high + room


def _draw_mark(axes: Axes, place: int, mark: Mark) -> None:
    colour, marker, fill = STYLES.get(mark.verdict, OTHER)
    if mark.value is None:
        axes.axhspan(place - 0.36, place + 0.36, facecolor="#f3f3f3", edgecolor="#cfcfcf", hatch="////", linewidth=0)
        axes.text(1.03, place, one_line(mark.note), transform=axes.get_yaxis_transform(), va="center", fontsize=8.5, style="italic", color=GREY)
        return
    if mark.low is not None and mark.high is not None:
        axes.hlines(place, mark.low, mark.high, color=colour, linewidth=1.8)
        axes.vlines([mark.low, mark.high], place - 0.13, place + 0.13, color=colour, linewidth=1.4)
    shape = CONTROL_MARKERS.get(mark.polarity, marker)
    axes.plot(
        [mark.value],
        [place],
        marker=shape,
        markersize=7,
        color=colour,
        markerfacecolor="white" if mark.polarity else fill,
        markeredgewidth=1.6,
        linestyle="none",
        zorder=3,
    )
    axes.text(1.03, place, one_line(mark.text), transform=axes.get_yaxis_transform(), va="center", fontsize=8.5, color=INK)


def _quiet(axes: Axes, panel: Panel) -> None:
    """Labels on the left, no frame, light ticks: the marks are what is to be seen."""
    axes.set_yticks(range(len(panel.marks)), [shorten_end(mark.label) for mark in panel.marks])
    axes.tick_params(axis="y", length=0, labelcolor=INK)
    axes.tick_params(axis="x", length=3, labelsize=8, labelcolor=GREY, color="#bdbdbd")
    axes.xaxis.set_visible(any(mark.value is not None for mark in panel.marks))
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color("#bdbdbd")


def _legend(figure: Figure, shown: list[Panel]) -> None:
    """Only what occurs in the figure."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    marks = [mark for panel in shown for mark in panel.marks]
    seen = dict.fromkeys(mark.verdict for mark in marks if mark.value is not None and not mark.polarity)
    handles: list[Any] = [
        Line2D([], [], color=colour, marker=marker, markerfacecolor=fill, markeredgewidth=1.6, linewidth=1.8, label=verdict)
        for verdict in seen
        for colour, marker, fill in [STYLES.get(verdict, OTHER)]
    ]
    for polarity in dict.fromkeys(mark.polarity for mark in marks if mark.value is not None and mark.polarity):
        handles.append(Line2D([], [], color=GREY, marker=CONTROL_MARKERS.get(polarity, "o"), markerfacecolor="white", linewidth=0, label=f"{polarity} control"))
    if any(mark.value is None for mark in marks):
        handles.append(Patch(facecolor="#f3f3f3", edgecolor="#cfcfcf", hatch="////", label="not measured"))
    if handles:
        figure.legend(
            handles=handles, loc="lower left", bbox_to_anchor=(0.012, 0.0), ncols=len(handles), frameon=False, fontsize=8.5, handlelength=2.2, columnspacing=1.6
        )
