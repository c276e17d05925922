"""A Markdown document as a reader of claims sees it: sentences with their numbers, and tables as data, each with its place and the headings it stands under.

Indented text is read as text: reports are pasted into issues and lists, and results are seldom code.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import groupby, islice

from markdown_it import MarkdownIt
from markdown_it.token import Token

from harness.review.document import MOST_READ, plain_text, without_front_matter
from harness.review.number import Number, iter_numbers

SENTENCE_END = re.compile(r"(?<=[.!?])[\"')\]*_]*\s+(?=[\"'(\[*_]*[A-Z0-9])|\n(?=\s*(?:[-*+]|\d+[.)])\s)")
ABBREVIATION = re.compile(r"\b(?:vs|e\.g|i\.e|cf|al|approx|Fig|No|resp|etc)\.$")
MOST_NUMBERS = 200  # of a sentence or cell that are read


@dataclass(frozen=True, kw_only=True)
class Place:
    line: int
    column: int


@dataclass(frozen=True)
class Sentence:
    """A sentence, a list item or a heading. `text` is its source; `starts` maps places in it to those of the document, one for each of its lines. `block`
    numbers the paragraph or item that it is part of, `section` the heading above it; `title` says that it is a heading itself."""

    text: str
    starts: tuple[tuple[int, int, int], ...]  # offset in text, line, column
    section: int
    block: int
    title: bool = False

    def place(self, offset: int) -> Place:
        start, line, column = max(one for one in self.starts if one[0] <= max(0, offset))
        return Place(line=line, column=column + offset - start)

    @cached_property
    def numbers(self) -> tuple[Number, ...]:
        """The first 200: what has more is no sentence."""
        return tuple(islice(iter_numbers(self.text), MOST_NUMBERS))

    def numbers_between(self, start: int, end: int) -> list[Number]:
        return [number for number in self.numbers if start <= number.start < end]

    @cached_property
    def plain(self) -> str:
        return plain_text(self.text)

    @cached_property
    def without_numbers(self) -> str:
        """The text with blanks in place of its numbers, so that places stay."""
        text = bytearray(self.text, "utf-32-le")
        for number in self.numbers:
            text[4 * number.start : 4 * number.end] = (" " * (number.end - number.start)).encode("utf-32-le")
        return text.decode("utf-32-le")


@dataclass(frozen=True)
class Cell:
    """A cell of a table: its source, where that begins, and its numbers (places are in `text`)."""

    text: str
    line: int
    column: int

    @cached_property
    def plain(self) -> str:
        return plain_text(self.text)

    @cached_property
    def numbers(self) -> tuple[Number, ...]:
        return tuple(islice(iter_numbers(self.text), MOST_NUMBERS))

    @cached_property
    def number(self) -> Number | None:
        """Its value, where it holds one: the first number, unless words come before it."""
        if not self.numbers:
            return None
        first = self.numbers[0]
        return None if re.search(r"[A-Za-z]{3,}", self.text[: first.start]) else first


@dataclass(frozen=True)
class Table:
    """`rows` have as many cells as `header`. The first column without numbers names the rows."""

    header: tuple[Cell, ...]
    rows: tuple[tuple[Cell, ...], ...]
    section: int

    @cached_property
    def key_column(self) -> int:
        counts = [sum(row[place].number is None and bool(row[place].plain) for row in self.rows) for place in range(len(self.header))]
        return next((place for place, count in enumerate(counts) if count * 2 > len(self.rows)), 0)

    def name(self, row: Sequence[Cell]) -> str:
        return row[self.key_column].plain

    def turned(self) -> Table:
        """The same table with its rows for columns."""
        key, lines = self.key_column, (self.header, *self.rows)
        across = [tuple(line[place] for line in lines) for place in (key, *(place for place in range(len(self.header)) if place != key))]
        return Table(across[0], tuple(across[1:]), self.section)


@dataclass(frozen=True)
class Heading:
    level: int
    title: str
    line: int


@dataclass
class Prose:
    """`headings[0]` is what stands before the first heading."""

    headings: list[Heading] = field(default_factory=lambda: [Heading(0, "", 1)])
    sentences: list[Sentence] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)

    @cached_property
    def _parents(self) -> list[int]:
        """For each heading the one above it; that of the outermost ones is the first, which has no title."""
        found, open_ones = [0], [0]
        for place, heading in enumerate(self.headings[1:], start=1):
            while len(open_ones) > 1 and self.headings[open_ones[-1]].level >= heading.level:
                open_ones.pop()
            found.append(open_ones[-1])
            open_ones.append(place)
        return found

    def path(self, section: int) -> tuple[str, ...]:
        """The titles above a section, the outermost first, its own last."""
        found = []
        while section:
            found.append(self.headings[section].title)
            section = self._parents[section]
        return tuple(title for title in (self.headings[0].title, *reversed(found)) if title)

    def in_blocks(self) -> Iterator[tuple[Sentence, str]]:
        """Each sentence with the text of its paragraph."""
        for _, group in groupby(self.sentences, key=lambda one: one.block):
            sentences = list(group)
            text = " ".join(one.plain for one in sentences)
            yield from ((one, text) for one in sentences)

    def section_at(self, line: int) -> int:
        """The number of the last heading above a line."""
        return max(0, bisect_right(self._lines, line) - 1)

    @cached_property
    def _lines(self) -> list[int]:
        return [heading.line for heading in self.headings]


def read_prose(text: str) -> Prose:
    """The sentences and tables of a document; code blocks, front matter and HTML are left out."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    body = without_front_matter(text)[0][:MOST_READ]
    parser = MarkdownIt("commonmark", {"maxNesting": 20}).enable("table").disable(["inline", "code", "html_block"])
    lines, prose = body.split("\n"), Prose()
    tokens = parser.parse(body)
    for place, token in enumerate(tokens):
        if token.type == "heading_open" and token.map:
            prose.headings.append(Heading(int(token.tag[1:]), plain_text(tokens[place + 1].content), token.map[0] + 1))
        elif token.type == "table_open":
            prose.tables.append(_table(tokens[place:], lines, len(prose.headings) - 1))
        elif token.type == "inline" and token.map and tokens[place - 1].type not in ("th_open", "td_open"):
            titled = tokens[place - 1].type == "heading_open"
            prose.sentences += _sentences(token, lines, len(prose.headings) - 1, place, titled)
    return prose


def _sentences(token: Token, lines: Sequence[str], section: int, block: int, titled: bool) -> Iterator[Sentence]:
    """A paragraph cut into sentences; its lines keep their places."""
    assert token.map is not None
    content, offset, starts = token.content, 0, list[tuple[int, int, int]]()
    for number, part in enumerate(content.split("\n")):
        line = token.map[0] + number
        column = lines[line].find(part) if line < len(lines) else 0
        starts.append((offset, line + 1, max(0, column) + 1))
        offset += len(part) + 1
    begin = 0
    for end in [*(found.end() for found in SENTENCE_END.finditer(content) if not ABBREVIATION.search(content[: found.start()])), len(content)]:
        if content[begin:end].strip():
            yield Sentence(content[begin:end].rstrip(), tuple(_within(starts, begin, end)), section, block, titled)
        begin = end


def _within(starts: Sequence[tuple[int, int, int]], begin: int, end: int) -> Iterator[tuple[int, int, int]]:
    first = max(one for one in starts if one[0] <= begin)
    yield 0, first[1], first[2] + begin - first[0]
    yield from ((offset - begin, line, column) for offset, line, column in starts if begin < offset < end)


def _table(tokens: Sequence[Token], lines: Sequence[str], section: int) -> Table:
    rows: list[list[Cell]] = []
    place = 0
    for index, token in enumerate(tokens):
        if token.type == "table_close":
            break
        if token.type == "tr_open":
            rows.append([])
            place = 0
        elif token.type == "inline" and token.map and tokens[index - 1].type in ("th_open", "td_open"):
            line = tokens_line(tokens, index)
            found = lines[line].find(token.content, place) if line < len(lines) else -1
            place = found + len(token.content) if found >= 0 else place
            rows[-1].append(Cell(token.content, line + 1, max(0, found) + 1))
    header = rows[0] if rows else []
    return Table(tuple(header), tuple(tuple(row) for row in rows[1:] if len(row) == len(header)), section)


def tokens_line(tokens: Sequence[Token], index: int) -> int:
    """The line (from 0) of the row that a cell is in."""
    row = next(token for token in reversed(tokens[: index + 1]) if token.type == "tr_open")
    return (row.map or tokens[index].map or [0])[0]
