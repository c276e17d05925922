"""`A beats B by 5.8 points on MMLU`, `the gap between the best and the worst on ARC is 11.5 points`: what is said to follow from two cells of a column."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from harness.review.claims import Claim
from harness.review.number import Number
from harness.review.pairs import judged, ways_of
from harness.review.predicates import Series, columns_of, named_in, rounds_to
from harness.review.prose import Prose, Sentence
from harness.review.quantified import HEDGED

ENDS = re.compile(r"\b(?:best|highest|largest|max\w*)\s+and\s+(?:the\s+)?(?:worst|lowest|smallest|min\w*)\b", re.IGNORECASE)
NEAR = 40  # characters after a number in which the column that it is of is named


def compared_rows(prose: Prose) -> Iterator[Claim]:
    columns = [one for table in prose.tables for one in columns_of(table, prose)]
    for sentence in prose.sentences:
        if sentence.numbers and not sentence.title and not HEDGED.search(sentence.text):
            near = [one for one in columns if one.section == sentence.section]
            for place, number in enumerate(sentence.numbers):
                column = column_of(sentence, place, near)
                cells = None if column is None else two_cells(sentence, column)
                if column is not None and cells is not None and of_nothing_else(sentence, number, [column.numbers[at] for at in cells]):
                    a, b = cells
                    meant = next((one for one in near if follows_from(sentence, number, one, column, cells)), column)  # a rate, where the counts are named
                    where = f"lines {column.lines[a]} and {column.lines[b]}, {meant.title}"
                    yield from judged(sentence, number, meant.numbers[a], meant.numbers[b], where)


def column_of(sentence: Sentence, place: int, columns: Sequence[Series]) -> Series | None:
    """The column that is named right after a number, before the next one; else the only one that the sentence names."""
    number, rest = sentence.numbers[place], sentence.numbers[place + 1 :]
    after = sentence.text[number.end : min(rest[0].start if rest else len(sentence.text), number.end + NEAR)]
    for text in (after, sentence.text):
        named = [one for one in columns if named_in(text, one.title.removeprefix("column "))]
        if len(named) == 1:
            return named[0]
        if named:
            return None
    return None


def two_cells(sentence: Sentence, column: Series) -> tuple[int, int] | None:
    """The two rows that a sentence names, or those of the greatest and the least value."""
    named = [place for place, name in enumerate(column.names) if named_in(sentence.text, name)]
    # The name of one may be part of another's.
    named = [place for place in named if not any(column.names[place] != column.names[other] and column.names[place] in column.names[other] for other in named)]
    if len(named) == 2:
        return named[0], named[1]
    order = sorted(range(len(column.numbers)), key=lambda place: column.numbers[place].value)
    return (order[-1], order[0]) if not named and ENDS.search(sentence.text) and len(order) > 2 else None


def follows_from(sentence: Sentence, number: Number, one: Series, column: Series, cells: tuple[int, int]) -> bool:
    """Whether another column of the same rows gives a number."""
    if one.names != column.names or one.lines != column.lines:
        return False
    a, b = (one.numbers[at] for at in cells)
    return any(claim.verdict == "CONFIRMED" for claim in judged(sentence, number, a, b, ""))


def of_nothing_else(sentence: Sentence, number: Number, cells: Sequence[Number]) -> bool:
    """Whether the other numbers of a sentence are those of the cells, or follow from others too: this one may follow from a value of something else."""
    others = (one for one in sentence.numbers if one is not number)
    return all(ways_of(sentence, one, cells[0]) or any(rounds_to(cell, one) for cell in cells) for one in others)
