"""Draws maps over two parameters: colours even to the eye, around zero where values of both signs occur; hatched is not measured."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from harness.report.number_format import significant
from harness.report.palette import GAP, GREY, INK, WIDTH, is_dark, new_figure, shorten_end

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawing

    from harness.domains.evolution.sections.phases import PhaseMap

EVEN, AROUND_ZERO = "cividis", "RdBu"
BESIDE = 8  # columns up to which two maps stand side by side
LEFT, RIGHT, HEAD, FOOT, SIDE = 0.62, 0.62, 0.36, 0.52, (0.24, 0.4)  # inches; SIDE is the least and the greatest height of a cell
PRINTED, TICKS = 0.36, 0.34  # inches of width that a printed value and a tick need


def draw_maps(maps: Sequence[PhaseMap]) -> Drawing:
    """Two maps in a row where all are narrow enough."""
    across = 2 if len(maps) > 1 and all(len(phase.xs) <= BESIDE for phase in maps) else 1
    rows = [maps[start : start + across] for start in range(0, len(maps), across)]
    talls = [max(height_of(phase) for phase in row) for row in rows]
    height = sum(talls) + (HEAD + FOOT) * len(rows)
    figure = new_figure(height)
    room, top = WIDTH / across, height
    for row, tall in zip(rows, talls, strict=True):
        for column, phase in enumerate(row):
            left, wide, own = LEFT + column * room, room - LEFT - RIGHT, height_of(phase)
            axes = figure.add_axes((left / WIDTH, (top - HEAD - own) / height, wide / WIDTH, own / height))
            scale = figure.add_axes(((left + wide + 0.08) / WIDTH, (top - HEAD - own) / height, 0.1 / WIDTH, own / height))
            draw_scale(figure, draw_map(axes, phase, wide), scale)
        top -= HEAD + tall + FOOT
    return figure


def height_of(phase: PhaseMap) -> float:
    return max(0.9, min(SIDE[1], max(SIDE[0], 3.2 / len(phase.ys))) * len(phase.ys))


def draw_map(axes: Axes, phase: PhaseMap, wide: float) -> Any:
    import numpy as np

    values = np.ma.masked_invalid(np.array([[np.nan if value is None else value for value in row] for row in phase.mean], dtype=float))
    low, high = colour_limits(values.compressed().tolist())
    colours = AROUND_ZERO if low < 0 < high else EVEN
    mesh = axes.pcolormesh(values, cmap=colours, vmin=low, vmax=high, edgecolors="white", linewidth=0.6)
    axes.set_xlim(0, len(phase.xs))
    axes.set_ylim(0, len(phase.ys))
    for row, means in enumerate(phase.mean):
        for column, mean in enumerate(means):
            draw_value(axes, row, column, mean, mesh, printed=wide / len(phase.xs) >= PRINTED)
    label_axes(axes, phase, wide)
    return mesh


def colour_limits(values: Sequence[float]) -> tuple[float, float]:
    """The ends of the colours, never the same; zero lies in their middle where there are values of both signs."""
    low, high = (min(values), max(values)) if values else (0.0, 1.0)
    if low < 0 < high:
        return -max(-low, high), max(-low, high)
    least = 1e-9 * max(abs(low), abs(high), 1e-9)
    return low, high if high > low + least else low + max(0.01, 1e-6 * abs(low))


def draw_value(axes: Axes, row: int, column: int, value: float | None, mesh: Any, *, printed: bool) -> None:
    from matplotlib.patches import Rectangle

    if value is None:
        axes.add_patch(Rectangle((column, row), 1, 1, facecolor=GAP, edgecolor="#cfcfcf", hatch="////", linewidth=0))
    elif printed:
        colour = "white" if is_dark(*mesh.cmap(mesh.norm(value))[:3]) else INK
        axes.text(column + 0.5, row + 0.48, significant(value, 2), ha="center", va="center", fontsize=7, color=colour)


def label_axes(axes: Axes, phase: PhaseMap, wide: float) -> None:
    axes.set_title(shorten_end(f"{phase.name} ({phase.unit})", int(wide / 0.08)), loc="left", fontsize=9, fontweight="bold", color=INK, pad=4)
    step = max(1, -int(-TICKS * len(phase.xs) // wide))
    axes.set_xticks([index + 0.5 for index in range(0, len(phase.xs), step)], [significant(value) for value in phase.xs[::step]])
    axes.set_yticks([index + 0.5 for index in range(len(phase.ys))], [significant(value) for value in phase.ys])
    axes.set_xlabel(shorten_end(phase.x, int(wide / 0.07)), fontsize=8, color=INK, labelpad=2)
    axes.set_ylabel(shorten_end(phase.y, 24), fontsize=8, color=INK, labelpad=2)
    axes.tick_params(length=0, labelsize=7.5, labelcolor=INK, pad=3)
    for spine in axes.spines.values():
        spine.set_visible(False)


def draw_scale(figure: Drawing, mesh: Any, axes: Axes) -> None:
    bar = figure.colorbar(mesh, cax=axes)
    low, high = mesh.norm.vmin, mesh.norm.vmax
    ticks = [low, 0.0, high] if low < 0 < high else [low, (low + high) / 2, high]
    bar.set_ticks(ticks, labels=[significant(tick, 2) for tick in ticks])
    bar.ax.tick_params(length=2, labelsize=7, labelcolor=GREY, color="#bdbdbd", pad=2)
    bar.outline.set_visible(False)
