"""Draws panels of a forest plot for a page as wide as a screen: labels, axes and numbers in line, in one or two columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from harness.report.forest import Mark, Panel
from harness.report.forest_legend import Entry, draw_legend, legend_height, legend_lines
from harness.report.forest_marks import APART, BETWEEN, EDGE, Plot, Row, draw_rows, drop, join_parts, leading, told_of
from harness.report.forest_pages import split_columns
from harness.report.palette import GREY, WIDTH
from harness.report.sheet import Sheet
from harness.report.text_width import text_width, wrap_text

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SIZE, TITLE, SMALL = 7.6, 8.2, 7.2  # points: of labels and numbers, of the title of a panel, of ticks
DENSE = 9.7  # inches of width of a picture with two columns: the page shows it as wide as the others, and so a little smaller
SCREEN = 330 / 1016 * WIDTH  # inches: a picture of this height fits into the first screen of a page that shows it 1016 pixels wide
COLUMNS_APART = 0.25  # inches
PITCH = (0.135, 0.2)  # inches from a line to the next: the least and the most
HEAD, TICKS, BELOW = 0.15, 0.14, 0.045  # inches: a line of a head, the ticks, what is left free below a panel
LABELS, TEXTS = 0.32, 0.36  # the most that labels and numbers take of a column
MOST_LINES = 2  # of a label in two columns, in the mean
SEVERAL = 0.06  # inches around a label of several lines, which would run into the next


def draw_wide(panels: Sequence[Panel]) -> Figure:
    """One column where that fits into the first screen of a page, or where long names leave no room for two; else two."""
    one = _Column(panels, EDGE, WIDTH - EDGE)
    legend = list(legend_lines(panels, WIDTH, SIZE))
    if not panels or one.height + legend_height(len(legend), SIZE) + 2 * EDGE <= SCREEN * 1.05:
        return _draw([one], legend, WIDTH)
    half = (DENSE - COLUMNS_APART) / 2
    columns = [_Column(each, left, left + half - EDGE) for each, left in zip(split_columns(panels, one.height_of), (EDGE, half + COLUMNS_APART), strict=True)]
    lines = [len(wrap_text(mark.label, column.labels, SIZE)) for column in columns for panel in column.panels for mark in panel.marks]
    if sum(lines) > MOST_LINES * len(lines):
        return _draw([one], legend, WIDTH)
    return _draw(columns, list(legend_lines(panels, DENSE, SIZE)), DENSE)


def _draw(columns: list[_Column], legend: list[list[Entry]], width: float) -> Figure:
    sheet, below = Sheet(width), legend_height(len(legend), SIZE) + EDGE
    room = SCREEN * width / WIDTH - below - EDGE - max(column.height for column in columns)
    lines = max(sum(column.lines) for column in columns)
    pitch = min(PITCH[1], PITCH[0] + max(0.0, room) / max(1, lines))
    height = max([column.draw(sheet, pitch) for column in columns]) + below
    if not any(column.panels for column in columns):
        sheet.text(EDGE, EDGE + HEAD, "no cell was run", SIZE, colour=GREY)
        height += HEAD
    draw_legend(sheet, legend, height - below + legend_height(1, SIZE) / 2 + EDGE, SIZE)
    return sheet.draw(height)


class _Column:
    """Panels below one another, whose labels, axes and numbers stand in line."""

    def __init__(self, panels: Sequence[Panel], left: float, right: float) -> None:
        self.panels, self.left, self.right = panels, left, right
        marks, wide = [(panel, mark) for panel in panels for mark in panel.marks], right - left
        self.labels = min(LABELS * wide, max((text_width(mark.label, SIZE) for _, mark in marks), default=0.0)) + 0.01
        self.texts = min(TEXTS * wide, max((text_width(APART.join(told_of(panel, mark)), SIZE) for panel, mark in marks), default=0.0)) + 0.01
        self.plot = (left + self.labels + BETWEEN, right - self.texts - BETWEEN)
        self.lines = [self.lines_of(panel, mark) for panel, mark in marks]

    def lines_of(self, panel: Panel, mark: Mark) -> int:
        return max(len(wrap_text(mark.label, self.labels, SIZE)), len(join_parts(told_of(panel, mark), self.texts, SIZE)))

    @property
    def height(self) -> float:
        return sum(self.height_of(panel) for panel in self.panels)

    def height_of(self, panel: Panel, pitch: float = PITCH[0]) -> float:
        measured = any(mark.value is not None for mark in panel.marks)
        return len(self.head(panel)) * HEAD + sum(self.room_of(panel, mark, pitch) for mark in panel.marks) + TICKS * measured + BELOW

    def room_of(self, panel: Panel, mark: Mark, pitch: float) -> float:
        lines = self.lines_of(panel, mark)
        return pitch * lines + SEVERAL * (lines > 1)

    def head(self, panel: Panel) -> list[list[tuple[float, str, bool]]]:
        """(place, text, bold) line by line: the title, what the axis measures above the axis, what all marks share above the numbers."""
        shared = APART.join(filter(None, (panel.count, panel.bar)))
        wide, room = text_width(panel.label, SIZE), self.right - text_width(shared, SIZE) - BETWEEN * bool(shared)
        behind = self.left + text_width(panel.title, TITLE, bold=True) + BETWEEN
        for at in (max(self.plot[0], behind), behind):
            if at + wide < room:
                beside = min(max(self.plot[1], at + wide) + BETWEEN, room + BETWEEN)
                return [[(self.left, panel.title, True), (at, panel.label, False), (beside, shared, False)]]
        titles = [[(self.left, line, True)] for line in wrap_text(panel.title, self.right - self.left, TITLE, bold=True)]
        labels = [[(self.left, line, False)] for line in wrap_text(panel.label, self.right - self.left, SIZE)]
        if behind < room:
            titles[-1].append((room + BETWEEN, shared, False))
            return titles + labels
        return titles + labels + [[(self.left, line, False)] for line in wrap_text(shared, self.right - self.left, SIZE)]

    def draw(self, sheet: Sheet, pitch: float) -> float:
        """Returns how far down it goes."""
        top = EDGE
        for panel in self.panels:
            below = top + self.height_of(panel, pitch)
            for line in self.head(panel):
                top += HEAD
                for place, text, bold in line:
                    if text:
                        sheet.text(place, top - 0.04, text, TITLE if bold else SIZE, **({"fontweight": "bold"} if bold else {}))
            self.draw_marks(sheet, panel, top, pitch)
            top = below
        return top

    def draw_marks(self, sheet: Sheet, panel: Panel, top: float, pitch: float) -> None:
        plot, foot = Plot(*self.plot, *panel.limits), top
        rows: list[Row] = []
        for mark in panel.marks:
            tall = self.room_of(panel, mark, pitch)
            middle = foot + tall / 2
            rows.append((mark, foot, foot + tall))
            self.write(sheet, wrap_text(mark.label, self.labels, SIZE), self.left + self.labels, middle, pitch, side="right")
            style = {} if mark.value is not None else {"colour": GREY, "fontstyle": "italic"}
            self.write(sheet, join_parts(told_of(panel, mark), self.texts, SIZE), self.plot[1] + BETWEEN, middle, pitch, **style)
            foot += tall
        draw_rows(sheet, plot, rows, SMALL)

    def write(self, sheet: Sheet, lines: Sequence[str], x: float, middle: float, pitch: float, **style: str) -> None:
        """Lines around a middle."""
        for number, line in enumerate(lines):
            sheet.text(x, middle + (number - (len(lines) - 1) / 2) * min(pitch, leading(SIZE)) + drop(SIZE), line, SIZE, **style)
