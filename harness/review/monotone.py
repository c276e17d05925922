"""`The win rate increases at every checkpoint`, `latency falls monotonically`: a column of a table whose rows are steps, held against itself in their order."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from harness.review.arithmetic import told
from harness.review.claims import Claim, claim
from harness.review.predicates import Series, series_of
from harness.review.prose import Prose, Sentence
from harness.review.quantified import HEDGED
from harness.review.results import words_of

RISES = r"(?:increas(?:es?|ed|ing)|r(?:ises?|ose|ising)|gr(?:ows?|ew|owing)|improv(?:es?|ed|ing)|climb(?:s|ed|ing)?)"
FALLS = r"(?:decreas(?:es?|ed|ing)|f(?:alls?|ell|alling)|drop(?:s|ped|ping)?|declin(?:es?|ed|ing)|shrinks?|shrank)"
STEADY = r"(?:(?:at|with|in|after|over|through)\s+(?:every|each)\s+[a-z]+|monotonic(?:ally)?|steadily\s+at\s+every\s+[a-z]+)"
WAYS = {sign: re.compile(rf"\b{verb}\s+(?:\w+\s+)?{STEADY}|\bmonotonic(?:ally)?\s+{verb}", re.IGNORECASE) for sign, verb in ((1, RISES), (-1, FALLS))}


def monotone_claims(prose: Prose) -> Iterator[Claim]:
    columns = [one for one in series_of(prose) if in_steps(one)]
    for sentence in prose.sentences:
        for sign, pattern in WAYS.items():
            found, one = pattern.search(sentence.text), meant(sentence, columns)
            if found and one is not None and not HEDGED.search(sentence.text):
                at, wrong = sentence.place(found.start()), turn(one, sign)
                yield claim(at.line, at.column, found[0], "all", "WRONG" if wrong else "CONFIRMED", wrong, one.title)


def in_steps(series: Series) -> bool:
    """Whether the names of a column's rows are numbers that go up, and not its own."""
    names = [name.replace(",", "") for name in series.names]
    return (
        names != [told(number) for number in series.numbers]
        and all(re.fullmatch(r"\d+(?:\.\d+)?[kKM%]?", name) for name in names)
        and all(number_of(a) < number_of(b) for a, b in pairwise(names))
    )


def number_of(name: str) -> float:
    return float(name.rstrip("kKM%")) * {"k": 1e3, "K": 1e3, "M": 1e6}.get(name[-1], 1)


def meant(sentence: Sentence, columns: Sequence[Series]) -> Series | None:
    """The one column all of whose header the sentence says."""
    words = frozenset(words_of(sentence.plain))
    named = [one for one in columns if one.is_named(words)]
    return named[0] if len(named) == 1 else None


def turn(series: Series, sign: int) -> str:
    """Where a column first goes the other way; that it stays may be rounding."""
    for place, (one, other) in enumerate(pairwise(series.numbers)):
        if sign * (other.value - one.value) < 0:
            return f"{told(one)} at {series.names[place]}, {told(other)} at {series.names[place + 1]} (line {series.lines[place + 1]})"
    return ""
