"""`Order by rate: synthetic QA > textbooks > forum QA`: a chain of names against the columns of the table that has them all."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from harness.review.arithmetic import told
from harness.review.claims import Claim, claim
from harness.review.predicates import Series, columns_of
from harness.review.prose import Prose, Sentence
from harness.review.results import words_of

NAME = r"(?<![\w./@+-])[\w./@+-]{1,40}(?: [\w./@+-]{1,40}){0,3}"
CHAIN = re.compile(rf"{NAME}(?:\s{{0,3}}>\s{{0,3}}{NAME}){{2,}}")
FEWEST = 3  # names that make an order


def ranked_names(prose: Prose) -> Iterator[Claim]:
    columns = [one for table in prose.tables for one in columns_of(table, prose)]
    for sentence in prose.sentences:
        for found in CHAIN.finditer(sentence.plain) if ">" in sentence.text else ():
            names = [part.strip(" .").lower() for part in found[0].split(">")]
            ranked = [(one, places) for one in columns if (places := places_of(names, one)) is not None]
            start = sentence.text.find(found[0])
            if ranked and start >= 0:
                yield from judged(sentence, start, found[0], ranked)


def places_of(names: Sequence[str], column: Series) -> list[int] | None:
    """The rows of some names, the first of which may have words before it, as `Order by rate: A > B`; None where one is not there."""
    rows = [name.lower() for name in column.names]
    first = next((name for name in sorted(rows, key=len, reverse=True) if names[0] == name or names[0].endswith(f" {name}")), None)
    if first is None or len(names) < FEWEST or not set(names[1:]) <= set(rows):
        return None
    return [rows.index(name) for name in (first, *names[1:])]


def judged(sentence: Sentence, start: int, text: str, ranked: Sequence[tuple[Series, list[int]]]) -> Iterator[Claim]:
    """CONFIRMED by any column, WRONG by all that the rest of the sentence names: without a name the order may be that of something else."""
    words = frozenset(words_of(sentence.plain.replace(text, "")))
    named = [one for one in ranked if one[0].is_named(words)]
    turns = {column.title: turn(column, places) for column, places in named or ranked}
    title, wrong = next(((title, one) for title, one in turns.items() if not one), next(iter(turns.items())))
    if named or not wrong:
        at = sentence.place(start)
        yield claim(at.line, at.column, text, "order", "WRONG" if wrong else "CONFIRMED", wrong, title)


def turn(column: Series, places: Sequence[int]) -> str:
    """The first two names that stand the other way round."""
    for one, other in pairwise(places):
        if column.numbers[one].value < column.numbers[other].value:
            return f"{column.names[one]} has {told(column.numbers[one])}, {column.names[other]} {told(column.numbers[other])} ({column.title})"
    return ""
