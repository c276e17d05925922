"""The legend of a forest plot: only what occurs in the picture."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from harness.plaintext import one_line
from harness.report.forest import Panel
from harness.report.forest_marks import EDGE, INTERVAL, MARGIN, THRESHOLD, drop, look_of
from harness.report.palette import GAP
from harness.report.sheet import Line, Look, Sheet
from harness.report.text_width import text_width

WORDS = {"threshold": "threshold", "margin": "interval inside: effect excluded", "none": "not measured"}
SYMBOL, BESIDE, APART = 0.27, 0.06, 0.15  # inches: what is explained, from it to its words, from them to the next

Entry = tuple[str, str, Look | None]  # what it explains, its words, its marker


def legend_lines(panels: Sequence[Panel], width: float, size: float) -> Iterator[list[Entry]]:
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
    for entry in [*entries.values(), *((kind, WORDS[kind], None) for kind in kinds)]:
        if line and EDGE + sum(_wide(each, size) for each in [*line, entry]) > width:
            yield line
            line = []
        line.append(entry)
    if line:
        yield line


def legend_height(lines: int, size: float) -> float:
    """Inches of that many lines in letters of `size` points."""
    return lines * size * 0.0224


def _wide(entry: Entry, size: float) -> float:
    return SYMBOL + BESIDE + text_width(entry[1], size) + APART


def draw_legend(sheet: Sheet, legend: list[list[Entry]], middle: float, size: float) -> None:
    for entries in legend:
        x = EDGE
        for kind, words, look in entries:
            if kind == "verdict" and look:
                sheet.stroke(Line(look.colour, INTERVAL), [x, x + SYMBOL], [middle] * 2)
            if kind == "level":
                x -= SYMBOL + BESIDE
            elif look:
                sheet.mark(look, x + SYMBOL / 2, middle)
            elif kind == "threshold":
                sheet.stroke(THRESHOLD, [x + SYMBOL / 2] * 2, [middle - 0.07, middle + 0.07])
            else:
                sheet.field(MARGIN if kind == "margin" else GAP, x, middle - 0.055, x + SYMBOL, middle + 0.055)
            sheet.text(x + SYMBOL + BESIDE, middle + drop(size), words, size)
            x += _wide((kind, words, look), size)
        middle += legend_height(1, size)
