"""The clean result as results.json gives it now, line by line, each number with the address that the report knows of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from functools import cached_property, partial
from pathlib import Path

from harness.report.build import RESULTS, view_of
from harness.report.card import card
from harness.report.clean_result import clean_result
from harness.report.notes import Notes
from harness.report.numbers import Numbers
from harness.report.sample_rows import Samples
from harness.review.tokens import Token, tokens_of

# A number is preceded by a character of the private planes while it is drawn: texts of a run cannot hold one, since a report shows them escaped.
FIRST_MARK, MOST_MARKS = 0xF0000, 0x1FFFE


@dataclass(frozen=True)
class RenderedLine:
    """`spans` are (start, end, address in results.json) of what the report showed by address, the outer before the inner."""

    text: str
    spans: tuple[tuple[int, int, str], ...] = ()

    @cached_property
    def tokens(self) -> tuple[Token, ...]:
        return tokens_of(self.text)

    def address(self, token: Token) -> str:
        """Where a token comes from, "" for the words of the report itself."""
        return next((where for start, end, where in reversed(self.spans) if start <= token.start < end), "")


@dataclass(frozen=True, kw_only=True)
class Rendered:
    """`text` is that of clean_result.md without its seal; `resolves` says whether a number or text stands at an address."""

    text: str
    lines: tuple[RenderedLine, ...]
    notes: Notes
    resolves: Callable[[str], bool]


@dataclass
class Marks:
    """(address, length in characters) of each number in the order of drawing."""

    shown: list[tuple[str, int]] = field(default_factory=list)

    def mark(self, text: str, where: str) -> str:
        if len(self.shown) >= MOST_MARKS or is_marked(text[:1]):
            return text
        self.shown.append((where, len(without_marks(text))))
        return chr(FIRST_MARK + len(self.shown) - 1) + text

    def line(self, marked: str) -> RenderedLine:
        """A drawn line without its marks."""
        spans, kept = list[tuple[int, int, str]](), list[str]()
        for char in marked:
            if is_marked(char):
                where, length = self.shown[ord(char) - FIRST_MARK]
                spans.append((len(kept), len(kept) + length, where))
            else:
                kept.append(char)
        return RenderedLine("".join(kept), tuple(spans))


def is_marked(char: str) -> bool:
    return bool(char) and FIRST_MARK <= ord(char) < FIRST_MARK + MOST_MARKS


def without_marks(text: str) -> str:
    return "".join(char for char in text if not is_marked(char))


@dataclass
class MarkedNumbers(Numbers):
    """Numbers whose place in the text can be found again. Only in front, where nothing cuts or trims a text."""

    marks: Marks = field(default_factory=Marks)

    def num(self, where: str, form: str = "", *, unit: bool = True) -> str:
        return self.marks.mark(super().num(where, form, unit=unit), where)

    def share(self, where: str) -> str:
        return self.marks.mark(super().share(where), where)

    def text(self, where: str, longest: int = 0) -> str:
        text = super().text(where, longest)
        return self.marks.mark(text, where) if any(char.isdigit() for char in text) else text


def render(folder: Path) -> Rendered:
    """Draws the clean result of a run folder and writes nothing. Raises HarnessError where results.json or notes.md cannot be used."""
    view = view_of(folder)
    made, samples, marks = card(view), Samples(folder, view), Marks()
    text = clean_result(view, made, samples).text
    marked = clean_result(view, made, samples, partial(MarkedNumbers, marks=marks)).text
    lines = with_addresses(text.split("\n"), [marks.line(line) for line in marked.split("\n")])
    return Rendered(text=text, lines=lines, notes=view.notes, resolves=Numbers(view.tree).resolves)


def with_addresses(lines: list[str], drawn: list[RenderedLine]) -> tuple[RenderedLine, ...]:
    """The lines with the addresses of the equal ones among those that were drawn with marks; these may have tipped a length, and so a line, over."""
    made = [RenderedLine(line) for line in lines]
    for block in SequenceMatcher(None, lines, [line.text for line in drawn], autojunk=False).get_matching_blocks():
        made[block.a : block.a + block.size] = drawn[block.b : block.b + block.size]
    return tuple(made)


def address_of(where: str) -> str:
    """An address of the report as a claim gives it."""
    return f"{RESULTS}#/{where}"
