"""Draws panels of a forest plot for a page as narrow as a telephone: everything below one another, the label above each line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from harness.report.forest import Panel
from harness.report.forest_legend import draw_legend, legend_height, legend_lines
from harness.report.forest_marks import APART, BETWEEN, EDGE, Plot, draw_rows, leading, told_of
from harness.report.palette import GREY, INK
from harness.report.sheet import Sheet
from harness.report.text_width import text_width, wrap_text

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WIDTH, SIZE = 3.2, 8.6  # inches of width and points of all text: where the page shows it 308 pixels wide, a letter has eleven
INSET, LINE, TO_NEXT, BELOW = 0.16, 0.16, 0.22, 0.28  # inches: beside an axis, a mark's height, from mark to mark, below an axis


def draw_narrow(panels: Sequence[Panel]) -> Figure:
    """For a page as narrow as a telephone: everything below one another, in letters that stay readable."""
    sheet, right, down = Sheet(WIDTH), WIDTH - EDGE, EDGE
    line = leading(SIZE)

    def write(text: str, *, colour: str = INK, bold: bool = False, side: str = "left", at: float = EDGE) -> None:
        nonlocal down
        for part in wrap_text(text, right - EDGE, SIZE, bold=bold):
            down += line
            sheet.text(at, down - 0.03, part, SIZE, colour=colour, side=side, **({"fontweight": "bold"} if bold else {}))

    for panel in panels:
        write(panel.title, bold=True)
        write(panel.label)
        if panel.bar or panel.count:
            write(APART.join(filter(None, (panel.count, panel.bar))))
        down += 0.05
        plot, rows = Plot(EDGE + INSET, right - INSET, *panel.limits), []
        for mark in panel.marks:
            text = APART.join(told_of(panel, mark))
            write(mark.label)
            if text_width(mark.label, SIZE) + text_width(text, SIZE) + BETWEEN < right - EDGE:
                down -= line
                write(text, side="right", at=right, colour=INK if mark.text else GREY)
            else:
                write(text, colour=INK if mark.text else GREY)
            rows.append((mark, down, down + LINE))
            down += TO_NEXT
        draw_rows(sheet, plot, rows, SIZE)
        down += BELOW
    legend = list(legend_lines(panels, WIDTH, SIZE))
    draw_legend(sheet, legend, down + line / 2, SIZE)
    return sheet.draw(down + legend_height(len(legend), SIZE) + EDGE + (0 if panels else line))
