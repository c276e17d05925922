"""The frame of a plot and the key of a figure, drawn as a few artists: matplotlib's own axes lay out each of their ticks several times over, which takes longer
than all that they frame."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from harness.plaintext import one_line
from harness.report.number_format import typographic
from harness.report.palette import GREY, INK
from harness.report.text_width import text_width

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FRAME, GRID = "#bdbdbd", "#ececec"
SMALL, LABEL, HEAD = 7.2, 8.0, 8.5  # points: of the label of a tick, of an axis, of the title of a plot
UNSAID = ("", "value")
STEPS = (1, 2, 2.5, 5, 10)
KEY_LINE, KEY_MARK, KEY_GAP, KEY_EDGE = 0.19, 0.3, 0.2, 0.06  # inches: a line of a key, its marker, from one entry to the next, around the key

Ticks = tuple[Sequence[float], Sequence[str]]  # places and labels
Entry = tuple[str, Mapping[str, Any]]  # words, and how matplotlib draws the line that they explain


def tick_values(low: float, high: float, most: int, *, whole: bool = False) -> list[float]:
    """Up to so many round values between two ends."""
    from matplotlib.ticker import MaxNLocator

    found = MaxNLocator(max(1, most), steps=STEPS, integer=whole).tick_values(low, high)
    return [float(value) for value in found if low <= value <= high and not (whole and abs(value - round(value)) > 1e-9)]


def tick_labels(values: Sequence[float]) -> list[str]:
    """Each value with as many digits as tell it from the others."""
    labels: list[str] = []
    for digits in (6, 9, 12):
        labels = [f"{value + 0.0:.{digits}g}" for value in values]
        if len(set(labels)) == len(labels):
            break
    return [typographic(label) for label in labels]


def round_ticks(limits: tuple[float, float], most: int, *, whole: bool = False) -> Ticks:
    values = tick_values(*limits, most, whole=whole)
    return values, tick_labels(values)


def label_of(name: str, unit: str) -> str:
    """`shift of the target (pp)`; the unit of a bare value says nothing beside its name."""
    return one_line(name if unit in UNSAID else f"{name} ({unit})")


def draw_frame(axes: Axes, xs: Ticks, ys: Ticks, *, x_label: str = "", y_label: str = "", title: str = "", left: bool = True) -> None:
    """Ticks of both axes, whose limits are set; lines across at those of y; labels of the axes, and a title above, which may have several lines. The line
    to the left may be left out."""
    axes.set_axis_off()
    (start, end), (low, high) = axes.get_xlim(), axes.get_ylim()
    across = [value for place in ys[0] for value in (place, place, float("nan"))]
    axes.plot([start, end, float("nan")] * len(ys[0]), across, color=GRID, linewidth=0.6, zorder=0, clip_on=False)
    axes.plot([start, start, end][not left :], [high, low, low][not left :], color=FRAME, linewidth=0.8, zorder=2.5, clip_on=False)
    below, aside, corner = (
        transform + shift(axes, *by)
        for transform, by in ((axes.get_xaxis_transform(), (0, -3)), (axes.get_yaxis_transform(), (-3, 0)), (axes.transAxes, (0, 6)))
    )
    for place, label in zip(*xs, strict=True):
        axes.text(place, 0, label, transform=below, fontsize=SMALL, color=GREY, ha="center", va="top", linespacing=1.0)
    for place, label in zip(*ys, strict=True):
        axes.text(0, place, label, transform=aside, fontsize=SMALL, color=GREY, ha="right", va="center_baseline")
    lines = max((label.count("\n") + 1 for label in xs[1]), default=0)
    widest = max((text_width(label, SMALL) for label in ys[1]), default=0.0)
    if x_label:
        axes.text(0.5, 0, x_label, transform=axes.transAxes + shift(axes, 0, -5 - 1.2 * SMALL * lines), fontsize=LABEL, color=INK, ha="center", va="top")
    if y_label:
        place = axes.transAxes + shift(axes, -7 - 72 * widest, 0)
        axes.text(0, 0.5, y_label, transform=place, fontsize=LABEL, color=INK, ha="right", va="center", rotation=90, multialignment="center")
    if title:
        axes.text(0, 1, title, transform=corner, fontsize=HEAD, fontweight="bold", color=INK, va="baseline", linespacing=1.1)


def shift(axes: Axes, right: float, up: float) -> Any:
    """Some points aside."""
    from matplotlib.transforms import ScaledTranslation

    return ScaledTranslation(right / 72, up / 72, axes.figure.dpi_scale_trans)


class Key:
    """What the lines and markers of a figure mean, in as many lines as it takes; it stands at the top."""

    def __init__(self, entries: Sequence[Entry], width: float) -> None:
        self.lines: list[list[Entry]] = [[]]
        for entry in entries:
            if self.lines[-1] and KEY_EDGE + sum(map(key_width, [*self.lines[-1], entry])) > width:
                self.lines.append([])
            self.lines[-1].append(entry)

    @property
    def height(self) -> float:
        """In inches, with what stands free around it."""
        return KEY_LINE * len(self.lines) + KEY_EDGE

    def draw(self, figure: Figure) -> None:
        from matplotlib.lines import Line2D

        inches = figure.dpi_scale_trans
        for number, line in enumerate(self.lines):
            x, y = KEY_EDGE, figure.get_figheight() - KEY_LINE * (number + 0.5) - KEY_EDGE / 2
            for words, style in line:
                figure.add_artist(Line2D([x, x + KEY_MARK / 2, x + KEY_MARK], [y] * 3, transform=inches, markevery=[1], **style))
                figure.text(x + KEY_MARK + 0.06, y, words, transform=inches, fontsize=LABEL, color=INK, va="center_baseline")
                x += key_width((words, style))


def key_width(entry: Entry) -> float:
    return KEY_MARK + 0.06 + text_width(entry[0], LABEL) + KEY_GAP
