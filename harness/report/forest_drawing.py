"""Draws panels of a forest plot: wide, in one or two columns, or narrow, with the label above each line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from harness.plaintext import one_line
from harness.report.forest import Mark, Panel
from harness.report.forest_pages import split_columns
from harness.report.palette import BLUE, GAP, GREY, INK, ORANGE, VERMILION, WIDTH
from harness.report.plot_frame import FRAME, tick_labels, tick_values
from harness.report.sheet import Line, Look, Sheet
from harness.report.text_width import text_width, wrap_text

if TYPE_CHECKING:
    from matplotlib.figure import Figure

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
IN_LEGEND = {"threshold": "threshold", "margin": "interval inside: effect excluded", "none": "not measured"}

SIZE, TITLE, SMALL = 7.6, 8.2, 7.2  # points: of labels and numbers, of the title of a panel, of ticks
DENSE = 9.7  # inches of width of a picture with two columns: the page shows it as wide as the others, and so a little smaller
SCREEN = 330 / 1016 * WIDTH  # inches: a picture of this height fits into the first screen of a page that shows it 1016 pixels wide
EDGE, BETWEEN, COLUMNS_APART = 0.05, 0.13, 0.25  # inches: around the picture, between the parts of a line, between columns
PITCH = (0.135, 0.2)  # inches from a line to the next: the least and the most
HEAD, TICKS, LEGEND, GAP_BELOW = 0.15, 0.14, 0.17, 0.045  # inches: a line of a head, the ticks, a line of the legend, what is left free below a panel
LABELS, TEXTS = 0.32, 0.36  # the most that labels and numbers take of a column
APART = ", "  # between two texts on one line
TICK_ROOM = 0.55  # inches of an axis for each tick

NARROW, LARGE = 3.2, 8.6  # inches of width and points of all text on a telephone, where 3.2 inches are some 310 to 360 pixels


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


def draw_wide(panels: Sequence[Panel]) -> Figure:
    """One column where that fits into the first screen of a page, else two."""
    one = _Column(panels, EDGE, WIDTH - EDGE)
    legend = list(_legend(panels, WIDTH, SIZE))
    if not panels or one.height + LEGEND * len(legend) + 2 * EDGE <= SCREEN * 1.05:
        return _draw([one], legend, WIDTH)
    half = (DENSE - COLUMNS_APART) / 2
    columns = [_Column(each, left, left + half - EDGE) for each, left in zip(split_columns(panels, one.height_of), (EDGE, half + COLUMNS_APART), strict=True)]
    return _draw(columns, list(_legend(panels, DENSE, SIZE)), DENSE)


def _draw(columns: list[_Column], legend: list[list[Entry]], width: float) -> Figure:
    sheet, below = Sheet(width), LEGEND * len(legend) + EDGE
    room = SCREEN * width / WIDTH - below - EDGE - max(column.height for column in columns)
    lines = max(sum(column.lines) for column in columns)
    pitch = min(PITCH[1], PITCH[0] + max(0.0, room) / max(1, lines))
    height = max([column.draw(sheet, pitch) for column in columns]) + below
    if not any(column.panels for column in columns):
        sheet.text(EDGE, EDGE + HEAD, "no cell was run", SIZE, colour=GREY)
        height += HEAD
    draw_legend(sheet, legend, height - below + LEGEND / 2 + EDGE, SIZE)
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
        rows = sum(self.lines_of(panel, mark) for mark in panel.marks)
        return len(self.head(panel)) * HEAD + pitch * rows + TICKS * measured + GAP_BELOW

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
        plot, foot, rows = Plot(*self.plot, *panel.limits), top, []
        for mark in panel.marks:
            tall = pitch * self.lines_of(panel, mark)
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


def draw_narrow(panels: Sequence[Panel]) -> Figure:
    """For a page as narrow as a telephone: everything below one another, in letters that stay readable."""
    sheet, right, down = Sheet(NARROW), NARROW - EDGE, EDGE
    line = leading(LARGE)

    def write(text: str, *, colour: str = INK, bold: bool = False, side: str = "left", at: float = EDGE) -> None:
        nonlocal down
        for part in wrap_text(text, right - EDGE, LARGE, bold=bold):
            down += line
            sheet.text(at, down - 0.03, part, LARGE, colour=colour, side=side, **({"fontweight": "bold"} if bold else {}))

    for panel in panels:
        write(panel.title, bold=True)
        write(panel.label)
        if panel.bar or panel.count:
            write(APART.join(filter(None, (panel.count, panel.bar))))
        down += 0.05
        plot, rows = Plot(EDGE + 0.16, right - 0.16, *panel.limits), []
        for mark in panel.marks:
            text = APART.join(told_of(panel, mark))
            write(mark.label)
            if text_width(mark.label, LARGE) + text_width(text, LARGE) + BETWEEN < right - EDGE:
                down -= line
                write(text, side="right", at=right, colour=INK if mark.text else GREY)
            else:
                write(text, colour=INK if mark.text else GREY)
            rows.append((mark, down, down + 0.16))
            down += 0.22
        draw_rows(sheet, plot, rows, LARGE)
        down += 0.28
    legend = list(_legend(panels, NARROW, LARGE))
    draw_legend(sheet, legend, down + line / 2, LARGE)
    return sheet.draw(down + line * 1.2 * len(legend) + EDGE + (0 if panels else line))


Row = tuple[Mark, float, float]  # a mark from its top to its bottom


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
        sheet.stroke(Line(look.colour, 1.6), [low, high], [middle] * 2)
        for end in (low, high):
            sheet.stroke(Line(look.colour, 1.3), [end] * 2, [middle - 0.04, middle + 0.04])
    sheet.mark(look, plot.at(mark.value), middle)


def draw_axis(sheet: Sheet, plot: Plot, bottom: float, size: float) -> None:
    """The line below the marks and its ticks."""
    sheet.stroke(AXIS, [plot.left, plot.right], [bottom] * 2)
    values = tick_values(plot.low, plot.high, max(2, int((plot.right - plot.left) / TICK_ROOM)))
    for value, label in zip(values, tick_labels(values), strict=True):
        sheet.stroke(AXIS, [plot.at(value)] * 2, [bottom, bottom + 0.03])
        sheet.text(plot.at(value), bottom + 0.045 + size * 0.74 / 72, label, size, colour=GREY, side="center")


Entry = tuple[str, str, Look | None]  # what it explains, its words, its marker


def _legend(panels: Sequence[Panel], width: float, size: float) -> Iterator[list[Entry]]:
    """Only what occurs in the picture, in lines that are no wider than it."""
    marks = [mark for panel in panels for mark in panel.marks]
    entries: dict[str, Entry] = {}
    for mark in (mark for mark in marks if mark.value is not None):
        word = one_line(f"{mark.polarity} control") if mark.polarity else mark.verdict
        entries.setdefault(word, ("control" if mark.polarity else "verdict", word, look_of(mark)))
    levels = {mark.level for mark in marks if mark.level}
    if len(levels) == 1:
        entries["level"] = ("level", f"lines: {100 * levels.pop():g} % intervals", None)
    kinds = ["threshold"] * any(mark.bar and mark.bar.lines for mark in marks) + ["margin"] * any(mark.bar and mark.bar.margin for mark in marks)
    kinds += ["none"] * any(mark.value is None for mark in marks)
    line: list[Entry] = []
    for entry in [*entries.values(), *((kind, IN_LEGEND[kind], None) for kind in kinds)]:
        if line and EDGE + sum(_wide(each, size) for each in [*line, entry]) > width:
            yield line
            line = []
        line.append(entry)
    if line:
        yield line


def _wide(entry: Entry, size: float) -> float:
    return 0.33 + text_width(entry[1], size) + 0.15


def draw_legend(sheet: Sheet, legend: list[list[Entry]], middle: float, size: float) -> None:
    for entries in legend:
        x = EDGE
        for kind, words, look in entries:
            if kind == "verdict" and look:
                sheet.stroke(Line(look.colour, 1.6), [x, x + 0.27], [middle] * 2)
            if kind == "level":
                x -= 0.33
            elif look:
                sheet.mark(look, x + 0.135, middle)
            elif kind == "threshold":
                sheet.stroke(THRESHOLD, [x + 0.135] * 2, [middle - 0.07, middle + 0.07])
            else:
                sheet.field(MARGIN if kind == "margin" else GAP, x, middle - 0.055, x + 0.27, middle + 0.055)
            sheet.text(x + 0.33, middle + drop(size), words, size)
            x += _wide((kind, words, look), size)
        middle += LEGEND * size / SIZE
