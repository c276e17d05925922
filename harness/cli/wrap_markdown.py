"""Markdown for a terminal: paragraphs and items of lists wrapped at its width, tables drawn, code as it stands."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator

from harness.cli.tables import draw, width

FENCE = re.compile(r"\s*(```|~~~)")
TABLE = re.compile(r"\s*\|")
MARKER = re.compile(r"(\s*)([-*+] |\d+[.)] |> )?")
BEGINS = re.compile(r"\s*([-*+] |\d+[.)] |> |#|<!--|$)")  # a line that does not go on with the paragraph before it
WHOLE = re.compile(r"\s*(#|<!--)")
CELL = re.compile(r"(?<!\\)\|")


def wrap_markdown(text: str) -> list[str]:
    """The lines of a page, none wider than the terminal but those of code, headings, and words that are wider."""
    return [line for block in split_blocks(text.splitlines()) for line in wrap_block(block)]


def split_blocks(lines: list[str]) -> Iterator[list[str]]:
    """Code with its fences, tables, and of all else the lines that are one paragraph, item, heading or gap."""
    block: list[str] = []
    inside = False  # code
    for line in lines:
        fence = FENCE.match(line) is not None
        if block and not inside and (fence or not goes_on(block[0], line)):
            yield block
            block = []
        block.append(line)
        inside ^= fence
        if fence and not inside:
            yield block
            block = []
    if block:
        yield block


def goes_on(first: str, line: str) -> bool:
    """Whether a line belongs to the block that the first one began."""
    if TABLE.match(first) or TABLE.match(line):
        return TABLE.match(first) is not None and TABLE.match(line) is not None
    return bool(first.strip()) and not WHOLE.match(first) and not BEGINS.match(line)


def wrap_block(block: list[str]) -> list[str]:
    if FENCE.match(block[0]) or WHOLE.match(block[0]):
        return block
    if TABLE.match(block[0]):
        return draw_table(block)
    marker = MARKER.match(block[0])
    start, mark = marker.groups("") if marker else ("", "")
    words = " ".join(line.strip() for line in block)
    hanging = start + " " * len(mark)
    return textwrap.wrap(words, width(), initial_indent=start, subsequent_indent=hanging, break_long_words=False, break_on_hyphens=False) or [""]


def draw_table(block: list[str]) -> list[str]:
    """A table of Markdown in columns that fit the terminal, with gaps where rows take several lines. Its second line says only how they are aligned."""
    rows = [[cell.strip().replace("\\|", "|") for cell in CELL.split(line.strip().removeprefix("|").removesuffix("|"))] for line in block]
    gap = [""] * len(rows[0])
    body = [["-" * len(heading) for heading in rows[0]], *([*row, *gap][: len(gap)] for row in rows[2:])]
    lines = draw(rows[0], body)
    return lines if len(lines) == len(rows) else draw(rows[0], [line for row in body for line in (row, gap)])[:-1]
