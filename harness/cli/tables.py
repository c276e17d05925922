"""Tables for the terminal: as wide as it is; of any width, so that each row stays on its line, where the output goes to a file or another program."""

from __future__ import annotations

import shutil
import sys
import textwrap
from collections.abc import Sequence

WHOLE, FOLDED, UNBOUNDED = 24, 10, 10_000  # columns: a cell up to which is not broken; the least of one that is; the width of a file


def width() -> int:
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else UNBOUNDED


def wrap(line: str) -> list[str]:
    """The line as the lines that it takes at the width of the terminal; words stay whole where they fit."""
    return textwrap.wrap(line, width(), break_on_hyphens=False) or [""]


def draw(headings: Sequence[str], rows: Sequence[Sequence[str]], indent: int = 0) -> list[str]:
    """The lines of a table without colours; cells that are too wide are folded. `indent` columns are left for the caller."""
    from io import StringIO

    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    out = StringIO()
    table = Table(box=None, pad_edge=False, show_header=any(headings))
    longest = [max((len(line) for row in rows for line in row[place].splitlines()), default=0) for place in range(len(headings))]
    fits = sum(size + 2 if size <= WHOLE else FOLDED for size in longest) <= width() - indent  # else what is not broken would be cut off
    for heading, size in zip(headings, longest, strict=True):
        table.add_column(heading, overflow="fold", no_wrap=size <= WHOLE and fits)
    for row in rows:
        table.add_row(*map(Text, row))
    Console(file=out, width=width() - indent, force_terminal=False, no_color=True, highlight=False, legacy_windows=False).print(table)
    return [line.rstrip() for line in out.getvalue().splitlines()]
