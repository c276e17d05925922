"""What a text restates of its own tables and lists: held against the line where it stands first, and no better than that."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from harness.review.claims import ABSENT, Claim, claim
from harness.review.labelled_lines import labelled_lines
from harness.review.number import Number
from harness.review.prose import Place, Prose
from harness.review.results import Leaf, Results, words_of
from harness.review.word_binding import Context, bind, is_fine

Spot = tuple[int, int]
SUMMARY = re.compile(r"\b(?:tl;?dr|summary|abstract|key (?:findings?|results?)|takeaways?|highlights|in brief|headlines?)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Statement:
    """A number of a table or list: where it stands, and what it is called."""

    path: tuple[str, ...]
    number: Number
    place: Place


def statements(prose: Prose) -> Iterator[Statement]:
    for table in prose.tables:
        for row in table.rows:
            for head, cell in zip(table.header, row, strict=True):
                if cell.number is not None:
                    place = Place(line=cell.line, column=cell.column + cell.number.start)
                    yield Statement((*prose.path(table.section), table.name(row), head.plain), cell.number, place)
    for lines in labelled_lines(prose):
        for one in lines:
            titles = prose.path(prose.section_at(one.stated.line))
            yield Statement((*titles, one.label), one.stated.number, Place(line=one.stated.line, column=one.stated.column))


class Restated:
    """The statements of a document as if they were results."""

    def __init__(self, prose: Prose) -> None:
        self.statements = list(statements(prose))
        self.lines = np.array([one.place.line for one in self.statements], dtype=int)
        leaves = [Leaf(0, one.path, float(one.number.value)) for one in self.statements]
        self.results = Results((), leaves, [str(number) for number in range(len(leaves))], read=False)

    def claim(self, number: Number, at: Place, context: Context, found: Mapping[Spot, Claim]) -> Claim | None:
        """A number that an earlier line states: confirmed, or doubted where that one is; None where none is named surely."""
        if abs(number.value) < 10 * number.step and number.step >= 1:  # a single digit stands everywhere
            return None
        binding = bind(number, context, self.results, self.lines >= at.line)
        if not binding.sure:
            return None
        source = self.statements[int(binding.address)]
        where, there = f"line {source.place.line}: {' / '.join(source.path[-2:])}", found.get((source.place.line, source.place.column))
        length = number.end - number.start
        if there is not None and there.flagged:
            why = f"{ABSENT}: it restates line {source.place.line}, {there.reason}"
            return claim(at.line, at.column, number.text, "plain", "UNSUPPORTED", why, where, length)
        return claim(at.line, at.column, number.text, "plain", "CONFIRMED", "the document's own", where, length)


def headline_numbers(prose: Prose, found: Mapping[Spot, Claim], sources: Sequence[Results]) -> Iterator[Claim]:
    """Numbers of the summary that nothing bears: told finely, and neither in the results nor anywhere in the rest of the text that is summed up."""
    heads = [one for one in prose.sentences if is_summary(prose, one.section)]
    cells = [number for table in prose.tables for row in table.rows for cell in row for number in cell.numbers]
    rest = [*cells, *(number for one in prose.sentences if not is_summary(prose, one.section) for number in one.numbers)]
    for sentence in heads if cells else ():
        for number in sentence.numbers:
            at = sentence.place(number.start)
            known = found.get((at.line, at.column))
            if not is_fine(number) or number.marker or (known is not None and known.decided):
                continue
            if not stands(number, rest) and not any(one.agreeing(number) for one in sources):
                told = f"{ABSENT}: neither the rest of the text nor the results have it"
                yield claim(at.line, at.column, number.text, "plain", "UNSUPPORTED", told, "", number.end - number.start)


def is_summary(prose: Prose, section: int) -> bool:
    """Whether a section is a summary: by its title, or as what stands below the title of the document itself."""
    return bool(SUMMARY.search(" / ".join(prose.path(section)[1:]))) or (section > 0 and prose.headings[section].level == 1 and section == 1)


def stands(number: Number, others: Iterable[Number]) -> bool:
    """Whether another number tells the same: at the coarser of their roundings, sign and the scale of percentages aside."""
    for other in others:
        step = max(number.step, other.step)
        if any(abs(abs(number.value) - abs(other.value * scale)) <= step * max(scale, 1) / 2 for scale in (1, 100)):
            return True
    return False


def repeated(prose: Prose, found: Mapping[Spot, Claim]) -> Iterator[Claim]:
    """A number told as finely as one that results deny, in a sentence that shares a word with that one's: it repeats it."""
    numbers = [(one, number, found.get((at.line, at.column)), at) for one in prose.sentences for number in one.numbers for at in (one.place(number.start),)]
    denied: dict[tuple[object, ...], tuple[int, frozenset[str]]] = {}
    for sentence, number, known, at in numbers:
        if known is not None and known.flagged and known.kind == "plain" and is_fine(number):
            denied.setdefault((number.value, number.step, number.unit), (at.line, frozenset(words_of(sentence.without_numbers))))
    for sentence, number, known, at in numbers:
        line, words = denied.get((number.value, number.step, number.unit), (0, frozenset[str]()))
        if line and at.line != line and (known is None or not known.decided) and words & frozenset(words_of(sentence.without_numbers)):
            yield claim(at.line, at.column, number.text, "plain", "UNSUPPORTED", f"{ABSENT}: it repeats line {line}", "", number.end - number.start)
