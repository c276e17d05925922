"""Training curves from `facts/Curves`: name to {step: […], loss: […], learning_rate: […] where it is known}; drawn here and listed nowhere."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from math import ceil, nan
from typing import TYPE_CHECKING, Any

from harness.report.addresses import address, below
from harness.report.figures import BLUE, GREY, INK, WIDTH, pictured, short
from harness.report.view import View

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

GROUP = "Curves"
STEM = "curves"
MOST = 12
ACROSS = 3
LEFT, RIGHT, TOP, FOOT, GAP = 0.62, 0.12, 0.34, 0.36, 0.2  # inches
TITLE, TICKS, PLOT = 0.26, 0.2, 1.1
UNREADABLE = "step and loss are not two lists of numbers of one length"

Line = list[float | None]


@dataclass(frozen=True)
class Curve:
    """One training run; `trouble` says why it cannot be drawn, "" where it can. None is a step without a value."""

    name: str
    at: str
    step: Line
    loss: Line
    learning_rate: Line
    trouble: str

    @property
    def highest(self) -> str:
        """The address of the highest learning rate, "" where none is known."""
        known = [(rate, -place) for place, rate in enumerate(self.learning_rate) if rate is not None]
        return below(self.at, "learning_rate", -max(known)[1]) if known else ""


def curves(view: View) -> list[Curve]:
    """Every curve of the run, by name."""
    found = view.tree["facts"].get(GROUP, {})
    return [_curve(name, value) for name, value in sorted(found.items())]


def _curve(name: str, value: Any) -> Curve:
    stated = value if isinstance(value, dict) else {}
    step, loss, rate = (_numbers(stated.get(key)) for key in ("step", "loss", "learning_rate"))
    sound = bool(step) and len(step) == len(loss) and None not in step
    return Curve(name, address("facts", GROUP, name), step, loss, rate if len(rate) == len(step) else [], "" if sound else UNREADABLE)


def _numbers(values: Any) -> Line:
    """Numbers and gaps; nothing at all where anything else stands among them."""
    if not isinstance(values, list) or any(isinstance(value, bool) or not isinstance(value, (int, float, type(None))) for value in values):
        return []
    return values


def figure(view: View, found: list[Curve]) -> dict[str, bytes]:
    """The first curves by name as PNG and SVG by file name; nothing where there is no curve."""
    shown = found[:MOST]
    addresses = [below(curve.at, key) for curve in shown if not curve.trouble for key in ("step", "loss", *(["learning_rate"] if curve.learning_rate else []))]
    return pictured(view, STEM, partial(drawn, shown), addresses) if found else {}


def drawn(shown: list[Curve]) -> Figure:
    """Small multiples with one y axis for the loss: a curve that ends higher is seen to."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    across = min(ACROSS, len(shown))
    wide, tall = (WIDTH - LEFT - RIGHT - GAP * (across - 1)) / across, TITLE + PLOT + TICKS
    height = TOP + FOOT + tall * ceil(len(shown) / across)
    picture = Figure(figsize=(WIDTH, height), facecolor="white")
    FigureCanvasAgg(picture)
    losses = [loss for curve in shown for loss in curve.loss if loss is not None and not curve.trouble]
    low, high = min([0.0, *losses]), max([0.0, *losses]) or 1.0
    for place, curve in enumerate(shown):
        left, bottom = LEFT + place % across * (wide + GAP), height - TOP - place // across * tall - TITLE - PLOT
        axes = picture.add_axes((left / WIDTH, bottom / height, wide / WIDTH, PLOT / height))
        axes.set_ylim(low - (high - low) * 0.05 * (low < 0), high + (high - low) * 0.05)
        _draw(axes, curve, wide, first=place % across == 0)
    picture.text(0.5, 0.09 / height, "step", ha="center", fontsize=9, color=INK)
    _legend(picture, height, any(curve.learning_rate and not curve.trouble for curve in shown))
    return picture


def _draw(axes: Axes, curve: Curve, wide: float, *, first: bool) -> None:
    axes.set_title(short(curve.name, int(wide / 0.066)), loc="left", fontsize=8, fontweight="bold", color=INK, pad=3)
    axes.tick_params(length=2, labelsize=7, labelcolor=GREY, color="#bdbdbd", labelleft=first, pad=2)
    axes.grid(axis="y", color="#ececec", linewidth=0.6)
    axes.set_axisbelow(True)
    for side, spine in axes.spines.items():
        spine.set_visible(side in ("left", "bottom"))
        spine.set_color("#bdbdbd")
    if first:
        axes.set_ylabel("loss", fontsize=8, color=INK, labelpad=3)
    if curve.trouble:
        axes.set_xticks([])
        axes.text(0.5, 0.5, "cannot be drawn", transform=axes.transAxes, ha="center", fontsize=8, style="italic", color=GREY)
        return
    marker = "o" if len(curve.step) < 3 else ""
    axes.plot([step or 0 for step in curve.step], _gapped(curve.loss), color=BLUE, linewidth=1.3, marker=marker, markersize=4)
    if curve.learning_rate:
        _draw_rate(axes, curve)


def _draw_rate(axes: Axes, curve: Curve) -> None:
    """The schedule, from zero to its own maximum: its shape is what is to be seen, its height stands in the table."""
    other = axes.twinx()
    other.set_ylim(0, max([rate for rate in curve.learning_rate if rate is not None], default=0) * 1.05 or 1)
    other.plot([step or 0 for step in curve.step], _gapped(curve.learning_rate), color=GREY, linewidth=0.9, linestyle=(0, (3, 2)))
    other.set_axis_off()


def _gapped(values: Line) -> list[float]:
    return [nan if value is None else value for value in values]


def _legend(picture: Figure, height: float, rates: bool) -> None:
    from matplotlib.lines import Line2D

    handles = [Line2D([], [], color=BLUE, linewidth=1.3, label="loss")]
    if rates:
        handles.append(Line2D([], [], color=GREY, linewidth=0.9, linestyle=(0, (3, 2)), label="learning rate, from zero to its highest"))
    picture.legend(handles=handles, loc="upper left", bbox_to_anchor=(0.01, 1 - 0.02 / height), ncols=2, frameon=False, fontsize=8.5)
