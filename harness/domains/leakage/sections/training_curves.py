"""Loss by step of every training behind the results."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from math import ceil, nan
from typing import TYPE_CHECKING

from harness.records import SectionRecord
from harness.report.addresses import below
from harness.report.blocks import Block, Column, Figure, Table
from harness.report.numbers import Numbers
from harness.report.palette import BLUE, GREY, INK, WIDTH, new_figure, shorten_end
from harness.report.record_format import Count, Real

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawing

DRAWN = 12  # curves in the figure, the first by name
ACROSS = 3
LEFT, RIGHT, TOP, FOOT, GAP = 0.62, 0.12, 0.34, 0.36, 0.2  # inches
TITLE, TICKS, PLOT = 0.26, 0.2, 1.1


class TrainingCurve(SectionRecord, frozen=True, kw_only=True):
    """One training: the step of each point, its loss (None where it was not logged), its learning rate where that is known."""

    step: tuple[Count, ...]
    loss: tuple[Real | None, ...]
    learning_rate: tuple[Real | None, ...] = ()

    def __post_init__(self) -> None:
        if not self.step or len(self.step) != len(self.loss) or len(self.learning_rate) not in (0, len(self.step)):
            raise ValueError("steps, losses and learning rates are not as many as one another")


class TrainingCurves:
    """Small multiples of the first curves, and a row for each."""

    id, title, position = "training_curves", "Training curves", 20
    record = TrainingCurve

    def build(self, records: Mapping[str, TrainingCurve], numbers: Numbers) -> Iterator[Block]:
        drawn = list(records.items())[:DRAWN]
        count = numbers.num("sections/training_curves/#")
        more = type(count)("; the first twelve by name are drawn") if len(records) > DRAWN else ""
        yield Figure(
            stem="training_curves",
            alt="Loss over steps, one panel for each training; first and last values stand in the table below.",
            caption=type(count)("Loss over steps, on one y axis from zero. Curves: ") + count + more + ".",
            draw=partial(draw, [record for _, record in drawn]),
            addresses=[below(at, key) for at, record in drawn for key in ("step", "loss", "learning_rate") if getattr(record, key)],
        )
        columns = [Column(heading="curve"), *(Column(heading=each, numeric=True) for each in ("points", "first loss", "last loss", "highest learning rate"))]
        rows = [row(numbers, at, record) for at, record in records.items()]
        yield Table(title="Curves in numbers", columns=columns, rows=rows, folded=True, most=DRAWN)


def row(numbers: Numbers, at: str, record: TrainingCurve) -> list[str]:
    rates = [(rate, -index) for index, rate in enumerate(record.learning_rate) if rate is not None]
    highest = numbers.num(below(at, "learning_rate", -max(rates)[1]), "value") if rates else numbers.dress("not stated")
    first, last = (numbers.num(below(at, "loss", index), "value") for index in (0, len(record.loss) - 1))
    return [numbers.told(below(at, "name")), numbers.num(below(at, "loss", "#")), first, last, highest]


def draw(curves: Sequence[TrainingCurve]) -> Drawing:
    """One y axis for the loss: a curve that ends higher is seen to."""
    across = min(ACROSS, len(curves))
    wide, tall = (WIDTH - LEFT - RIGHT - GAP * (across - 1)) / across, TITLE + PLOT + TICKS
    height = TOP + FOOT + tall * ceil(len(curves) / across)
    figure = new_figure(height)
    losses = [loss for curve in curves for loss in curve.loss if loss is not None]
    low, high = min([0.0, *losses]), max([0.0, *losses]) or 1.0
    for index, curve in enumerate(curves):
        left, bottom = LEFT + index % across * (wide + GAP), height - TOP - index // across * tall - TITLE - PLOT
        axes = figure.add_axes((left / WIDTH, bottom / height, wide / WIDTH, PLOT / height))
        axes.set_ylim(low - (high - low) * 0.05 * (low < 0), high + (high - low) * 0.05)
        draw_curve(axes, curve, int(wide / 0.066), first=index % across == 0)
    figure.text(0.5, 0.09 / height, "step", ha="center", fontsize=9, color=INK)
    draw_legend(figure, height, any(curve.learning_rate for curve in curves))
    return figure


def draw_curve(axes: Axes, curve: TrainingCurve, letters: int, *, first: bool) -> None:
    axes.set_title(shorten_end(curve.name, letters), loc="left", fontsize=8, fontweight="bold", color=INK, pad=3)
    axes.tick_params(length=2, labelsize=7, labelcolor=GREY, color="#bdbdbd", labelleft=first, pad=2)
    axes.grid(axis="y", color="#ececec", linewidth=0.6)
    axes.set_axisbelow(True)
    for side, spine in axes.spines.items():
        spine.set_visible(side in ("left", "bottom"))
        spine.set_color("#bdbdbd")
    if first:
        axes.set_ylabel("loss", fontsize=8, color=INK, labelpad=3)
    axes.plot(curve.step, with_gaps(curve.loss), color=BLUE, linewidth=1.3, marker="o" if len(curve.step) < 3 else "", markersize=4)
    if curve.learning_rate:
        draw_learning_rate(axes, curve)


def draw_learning_rate(axes: Axes, curve: TrainingCurve) -> None:
    """The schedule, from zero to its own maximum: its shape is what is to be seen, its height stands in the table."""
    other = axes.twinx()
    other.set_ylim(0, max([rate for rate in curve.learning_rate if rate is not None], default=0) * 1.05 or 1)
    other.plot(curve.step, with_gaps(curve.learning_rate), color=GREY, linewidth=0.9, linestyle=(0, (3, 2)))
    other.set_axis_off()


def with_gaps(values: Sequence[float | None]) -> list[float]:
    return [nan if value is None else value for value in values]


def draw_legend(figure: Drawing, height: float, rates: bool) -> None:
    from matplotlib.lines import Line2D

    handles = [Line2D([], [], color=BLUE, linewidth=1.3, label="loss")]
    if rates:
        handles.append(Line2D([], [], color=GREY, linewidth=0.9, linestyle=(0, (3, 2)), label="learning rate, from zero to its highest"))
    figure.legend(handles=handles, loc="upper left", bbox_to_anchor=(0.01, 1 - 0.02 / height), ncols=2, frameon=False, fontsize=8.5)
