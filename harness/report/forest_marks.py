"""Draws the marks of a forest plot and the axis below them, on whatever sheet they stand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from harness.report.forest import Mark, Panel
from harness.report.palette import BLUE, GAP, GREY, INK, ORANGE, VERMILION
from harness.report.plot_frame import FRAME, tick_labels, tick_values
from harness.report.sheet import Line, Look, Sheet
from harness.report.text_width import text_width, wrap_text

LOOKS = {
    "supported": Look(BLUE, "o", BLUE),
    "passed": Look(BLUE, "o", BLUE),
    "falsified": Look(VERMILION, "s", "white"),
    "failed": Look(VERMILION, "s", "white"),
    "inconclusive": Look(ORANGE, "D", "white"),
}
OTHER = Look(GREY, "X", "white")
CONTROL_SHAPES = {"negative": "v", "positive": "^", "canary": "P"}
MARGIN = "#dce9f3"  # behind an interval that is to stay within
ZERO, AXIS, THRESHOLD = Line(INK, 0.8), Line(FRAME, 0.8), Line(INK, 0.9, dashed=True)
INTERVAL, END = 1.6, 1.3  # points: the widths of an interval and of the strokes at its ends
EDGE, BETWEEN = 0.05, 0.13  # inches: around a picture, between the parts of a line
APART = ", "  # between two texts on one line
TICK_ROOM = 0.55  # inches of an axis for each tick

Row = tuple[Mark, float, float]  # a mark from its top to its bottom


def leading(size: float) -> float:
    """Inches from a line of text to the next."""
    return size * 1.22 / 72


def drop(size: float) -> float:
    """Inches from the middle of a line of text to its baseline."""
    return size * 0.36 / 72


class Plot(NamedTuple):
    """The axis of a panel: from `left` to `right` in inches it runs from `low` to `high`."""

    left: float
    right: float
    low: float
    high: float

    def at(self, value: float) -> float:
        return self.left + (value - self.low) / (self.high - self.low) * (self.right - self.left)


def look_of(mark: Mark) -> Look:
    """By its verdict; a control has a shape of its own and is not filled."""
    look = LOOKS.get(mark.verdict, OTHER)
    return Look(look.colour, CONTROL_SHAPES.get(mark.polarity, look.shape), "white") if mark.polarity else look


def told_of(panel: Panel, mark: Mark) -> list[str]:
    """What stands beside a mark: its number, and what the head of the panel does not tell of all marks."""
    if mark.value is None:
        return [mark.note]
    return [mark.text, *([mark.count] if not panel.count else []), *([mark.bar.text] if mark.bar and not panel.bar else [])]


def join_parts(parts: Sequence[str], room: float, size: float) -> list[str]:
    """Lines of as many parts as fit; one that does not fit alone is wrapped."""
    lines: list[str] = []
    for part in parts:
        joined = APART.join([*lines[-1:], part])
        if text_width(joined, size) <= room:
            lines[-1:] = [joined]
        else:
            lines += wrap_text(part, room, size)
    return lines


def draw_rows(sheet: Sheet, plot: Plot, rows: Sequence[Row], size: float) -> None:
    """The marks of a panel above its axis; there is no axis where nothing was measured."""
    for mark, top, bottom in rows:
        draw_mark(sheet, plot, mark, top, bottom)
    spans: dict[tuple[Line, float], list[list[float]]] = {}
    measured = [row for row in rows if row[0].value is not None]
    for mark, top, bottom in measured:
        for line, value in [(ZERO, 0.0), *((THRESHOLD, value) for value in (mark.bar.lines if mark.bar else ()))]:
            found = spans.setdefault((line, value), [])
            if found and found[-1][1] == top:  # one line through neighbours, whose dashes do not begin anew
                found[-1][1] = bottom
            else:
                found.append([top, bottom])
    for (line, value), parts in spans.items():
        for part in parts:
            sheet.stroke(line, [plot.at(value)] * 2, part)
    if measured:
        draw_axis(sheet, plot, rows[-1][2], size)


def draw_mark(sheet: Sheet, plot: Plot, mark: Mark, top: float, bottom: float) -> None:
    """The interval of a cell on its margin, or the hatching of one that was not measured."""
    middle, inset = (top + bottom) / 2, 0.012
    if mark.value is None:
        sheet.field(GAP, plot.left, top + inset, plot.right, bottom - inset)
        return
    if mark.bar and mark.bar.margin:
        low, high = (end if limit is None else plot.at(limit) for limit, end in zip(mark.bar.margin, (plot.left, plot.right), strict=True))
        sheet.field(MARGIN, low, top, high, bottom)
    look = look_of(mark)
    if mark.low is not None and mark.high is not None:
        low, high = plot.at(mark.low), plot.at(mark.high)
        sheet.stroke(Line(look.colour, INTERVAL), [low, high], [middle] * 2)
        for end in (low, high):
            sheet.stroke(Line(look.colour, END), [end] * 2, [middle - 0.04, middle + 0.04])
    sheet.mark(look, plot.at(mark.value), middle)


def draw_axis(sheet: Sheet, plot: Plot, bottom: float, size: float) -> None:
    """The line below the marks and its ticks."""
    sheet.stroke(AXIS, [plot.left, plot.right], [bottom] * 2)
    values = tick_values(plot.low, plot.high, max(2, int((plot.right - plot.left) / TICK_ROOM)))
    for value, label in zip(values, tick_labels(values), strict=True):
        sheet.stroke(AXIS, [plot.at(value)] * 2, [bottom, bottom + 0.03])
        sheet.text(plot.at(value), bottom + 0.045 + size * 0.74 / 72, label, size, colour=GREY, side="center")
