"""`Medium has an accuracy of 73.5`, `medium has the highest accuracy`: a sentence that names one row and one column of a table is held against the cell."""

from __future__ import annotations

import re
from collections.abc import Iterator

from harness.review.arithmetic import Stated, told
from harness.review.claims import Claim, claim
from harness.review.number import Number
from harness.review.predicates import EXTREMES, FEWEST, Series, columns_of, rounds_to
from harness.review.prose import Prose, Sentence
from harness.review.quantified import HEDGED
from harness.review.results import words_of
from harness.review.word_binding import is_derived

LINK = re.compile(r"\b(?:of|is|was|are|were|at|reach(?:es|ed)?|ha[sd]|scor(?:es|ed)|show(?:s|ed)?)\s+(?:only\s+|just\s+|about\s+)?$|[=:]\s*$", re.IGNORECASE)
OTHERS = re.compile(
    r"\b(?:than|except|but|other|others|and|or|both|after|before|without|among|beyond|from|between|second|third|next)\b"
    r"|-(?:highest|lowest|largest|smallest)",
    re.IGNORECASE,
)


def stated_cells(prose: Prose) -> Iterator[Claim]:
    columns = [column for table in prose.tables for column in columns_of(table, prose)]
    for sentence in prose.sentences:
        words = frozenset(words_of(sentence.plain))
        meant = [one for one in columns if one.is_named(words)]
        if len(meant) != 1 or OTHERS.search(sentence.plain) or HEDGED.search(sentence.plain):
            continue
        rows = [place for place, name in enumerate(meant[0].names) if names_of(name) and names_of(name) <= words - meant[0].header]
        if len(rows) == 1:
            yield from value_told(sentence, meant[0], rows[0])
            yield from extreme_told(sentence, meant[0], rows[0])


def names_of(name: str) -> frozenset[str]:
    return frozenset(word for word in words_of(name) if not word.isdigit())


def value_told(sentence: Sentence, column: Series, row: int) -> Iterator[Claim]:
    """The one number of a sentence, where it is told as a value and not as what follows from several."""
    if len(sentence.numbers) != 1:
        return
    number, cell = sentence.numbers[0], column.numbers[row]
    if number.text.strip() in column.title:  # part of the name: `80 % benign`
        return
    if is_derived(sentence.text, number) or not LINK.search(sentence.text[: number.start]) or not same_unit(number, cell):
        return
    at, where = sentence.place(number.start), f"line {column.lines[row]}: {column.names[row]}, {column.title}"
    stated = Stated(number, at.line, at.column)
    right = rounds_to(cell, number)
    yield stated.claim("table cell", "CONFIRMED" if right else "WRONG", "" if right else f"line {column.lines[row]} has {told(cell)}{cell.unit}", where)


def same_unit(number: Number, cell: Number) -> bool:
    return number.unit == cell.unit or (not cell.unit and number.unit == "%")


def extreme_told(sentence: Sentence, column: Series, row: int) -> Iterator[Claim]:
    if len(column.numbers) < FEWEST:
        return
    for end, pattern in EXTREMES.items():
        found = pattern.search(sentence.text)
        if found is None or column.header.isdisjoint(words_of(" ".join(sentence.text[found.end() :].split()[:4]))):
            continue
        at, extreme = sentence.place(found.start()), (max if end == "max" else min)(column.numbers, key=lambda one: one.value)
        right = column.numbers[row].value == extreme.value
        name = column.names[column.numbers.index(extreme)]
        yield claim(
            at.line, at.column, found[0], "superlative", "CONFIRMED" if right else "WRONG", "" if right else f"{name} has {told(extreme)}", column.title
        )
