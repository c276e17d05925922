"""Draws maps over two parameters: colours even to the eye, around zero where values of both signs occur; hatched is not measured."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.report.addresses import below
from harness.report.digits import significant
from harness.report.figures import GREY, INK, WIDTH, pictured, short
from harness.report.phases import STEM, Phase
from harness.report.similarity_figure import GAP, dark
from harness.report.stated import Entry
from harness.report.view import View

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

EVEN, AROUND_ZERO = "cividis", "RdBu"
BESIDE = 8  # columns up to which two maps stand side by side
LEFT, RIGHT, HEAD, FOOT, SIDE = 0.62, 0.62, 0.36, 0.52, (0.24, 0.4)  # inches; SIDE is the least and the greatest height of a cell
PRINTED, TICKS = 0.36, 0.34  # inches of width that a printed value and a tick need


def phase_figure(view: View, found: list[tuple[Entry[Phase], Phase]]) -> dict[str, bytes]:
    """The figure as PNG and SVG by file name."""
    places = [below(each.at, key) for each, _ in found for key in ("xs", "ys", "mean")]
    return pictured(view, STEM, lambda: drawn(found), places)


def drawn(found: list[tuple[Entry[Phase], Phase]]) -> Figure:
    """The figure; two maps in a row where they are narrow enough."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    across = 2 if len(found) > 1 and all(len(phase.xs) <= BESIDE for _, phase in found) else 1
    rows = [found[start : start + across] for start in range(0, len(found), across)]
    talls = [max(_tall(phase) for _, phase in row) for row in rows]
    height = sum(talls) + (HEAD + FOOT) * len(rows)
    figure = Figure(figsize=(WIDTH, height), facecolor="white")
    FigureCanvasAgg(figure)
    room, top = WIDTH / across, height
    for row, tall in zip(rows, talls, strict=True):
        for place, (each, phase) in enumerate(row):
            wide, own = room - LEFT - RIGHT, _tall(phase)
            axes = figure.add_axes(((LEFT + place * room) / WIDTH, (top - HEAD - own) / height, wide / WIDTH, own / height))
            mesh = _map(axes, each.name, phase, wide)
            bar = figure.add_axes(((place * room + LEFT + wide + 0.08) / WIDTH, (top - HEAD - own) / height, 0.1 / WIDTH, own / height))
            _scale(figure, mesh, bar)
        top -= HEAD + tall + FOOT
    return figure


def _tall(phase: Phase) -> float:
    return max(0.9, min(SIDE[1], max(SIDE[0], 3.2 / len(phase.ys))) * len(phase.ys))


def _map(axes: Axes, name: str, phase: Phase, wide: float) -> Any:
    import numpy as np

    values = np.array([[np.nan if value is None else value for value in row] for row in phase.mean], dtype=float)
    known = values[~np.isnan(values)]
    low, high = (float(known.min()), float(known.max())) if known.size else (0.0, 1.0)
    signed = low < 0 < high
    least = 1e-9 * max(abs(low), abs(high), 1e-9)
    ends = (-max(-low, high), max(-low, high)) if signed else (low, high if high > low + least else low + max(0.01, 1e-6 * abs(low)))
    colours = AROUND_ZERO if signed else EVEN
    mesh = axes.pcolormesh(np.ma.masked_invalid(values), cmap=colours, vmin=ends[0], vmax=ends[1], edgecolors="white", linewidth=0.6)
    axes.set_xlim(0, len(phase.xs))
    axes.set_ylim(0, len(phase.ys))
    for row, line in enumerate(phase.mean):
        for column, value in enumerate(line):
            _mark(axes, row, column, value, mesh, printed=wide / len(phase.xs) >= PRINTED)
    _quiet(axes, name, phase, wide)
    return mesh


def _mark(axes: Axes, row: int, column: int, value: float | None, mesh: Any, *, printed: bool) -> None:
    from matplotlib.patches import Rectangle

    if value is None:
        axes.add_patch(Rectangle((column, row), 1, 1, facecolor=GAP, edgecolor="#cfcfcf", hatch="////", linewidth=0))
    elif printed:
        colour = "white" if dark(*mesh.cmap(mesh.norm(value))[:3]) else INK
        axes.text(column + 0.5, row + 0.48, _brief(value), ha="center", va="center", fontsize=7, color=colour)


def _brief(value: float) -> str:
    """Two significant digits at least: the table has the rest."""
    return significant(value, 2)


def _quiet(axes: Axes, name: str, phase: Phase, wide: float) -> None:
    title = f"{name} ({phase.unit})" if phase.unit else name
    axes.set_title(short(title, int(wide / 0.08)), loc="left", fontsize=9, fontweight="bold", color=INK, pad=4)
    step = max(1, -int(-TICKS * len(phase.xs) // wide))
    axes.set_xticks([place + 0.5 for place in range(0, len(phase.xs), step)], [significant(value) for value in phase.xs[::step]])
    axes.set_yticks([place + 0.5 for place in range(len(phase.ys))], [significant(value) for value in phase.ys])
    axes.set_xlabel(short(phase.x or "x", int(wide / 0.07)), fontsize=8, color=INK, labelpad=2)
    axes.set_ylabel(short(phase.y or "y", 24), fontsize=8, color=INK, labelpad=2)
    axes.tick_params(length=0, labelsize=7.5, labelcolor=INK, pad=3)
    for spine in axes.spines.values():
        spine.set_visible(False)


def _scale(figure: Figure, mesh: Any, axes: Axes) -> None:
    bar = figure.colorbar(mesh, cax=axes)
    low, high = mesh.norm.vmin, mesh.norm.vmax
    ticks = [low, 0.0, high] if low < 0 < high else [low, (low + high) / 2, high]
    bar.set_ticks(ticks, labels=[_brief(tick) for tick in ticks])
    bar.ax.tick_params(length=2, labelsize=7, labelcolor=GREY, color="#bdbdbd", pad=2)
    bar.outline.set_visible(False)
