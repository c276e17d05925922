"""`4/5 sources drop by more than 10 points`, `3 of 6 sources stay below 0.05 %`: how many rows of a column are so, counted again."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

from harness.review.arithmetic import told
from harness.review.claims import Claim, claim
from harness.review.number import Number
from harness.review.predicates import FEWEST, Series, is_difference, series_of
from harness.review.prose import Prose, Sentence
from harness.review.quantified import HEDGED, LABEL, fits_unit
from harness.review.results import words_of

OUT_OF = re.compile(r"\s*(?:/|of(?:\s+the|\s+all)?|out\s+of)\s*")
FALLS = r"drop|fall|lose|decline|decrease|shrink|fell|lost|dropped|declined|decreased|worsen(?:ed)?"
RISES = r"rise|gain|grow|improve|increase|rose|gained|grew|improved|increased"
MOVES = re.compile(
    rf"[^.;:()\d]{{0,40}}?\b(?:(?P<down>{FALLS})|(?P<up>{RISES}))s?\b(?P<by>\s+by\s+(?:(?P<less>less\s+than|<)|more\s+than|at\s+least|over|>|≥)\s*)?",
    re.IGNORECASE,
)
SIDE = re.compile(r"[^.;:()\d]{0,40}?\b(?:(?P<below>below|under|less\s+than|<)|above|over|more\s+than|exceed(?:s|ed)?|>)\s*", re.IGNORECASE)
Holds = Callable[[float], bool]


def counted_where(prose: Prose) -> Iterator[Claim]:
    known = (one for one in series_of(prose) if len(one.numbers) >= FEWEST and one.header)
    series = [one for one in known if list(one.names) != [told(number) for number in one.numbers]]  # the names themselves are counted by nobody
    for sentence, block in prose.in_blocks():
        for part, whole in pairwise(sentence.numbers):
            if part.count is None or not OUT_OF.fullmatch(sentence.text[part.end : whole.start]) or HEDGED.search(sentence.text):
                continue
            said = condition(sentence, whole)
            meant = None if said is None else column_of(sentence, block, series, whole, said[1])
            if said is not None and meant is not None and (not said[2] or is_difference(meant)):
                yield judged(sentence, part, whole, meant, said[0])


def condition(sentence: Sentence, whole: Number) -> tuple[Holds, Number | None, bool] | None:
    """What is said of so many rows: that they move one way, by how much, or lie on one side of a number; with that number, and whether it is of a movement."""
    rest = sentence.text[whole.end : whole.end + 100]
    bound = next((one for one in sentence.numbers if one.start >= whole.end), None)
    moves, side = MOVES.match(rest), SIDE.match(rest)
    if moves and (moves["by"] is None or bound is None or bound.digits_at - whole.end != moves.end()):
        sign = -1 if moves["down"] else 1
        return (lambda value: sign * value > 0), None, True
    if moves and bound is not None:
        sign, least = (-1 if moves["down"] else 1), abs(float(bound.value))
        return ((lambda value: 0 < sign * value < least) if moves["less"] else (lambda value: sign * value > least)), bound, True
    if side and bound is not None and bound.digits_at - whole.end <= side.end() + 1:
        limit, below = float(bound.value), side["below"] is not None
        return (lambda value: value < limit if below else value > limit), bound, False
    return None


def column_of(sentence: Sentence, block: str, series: Sequence[Series], whole: Number, bound: Number | None) -> Series | None:
    """The one column of so many rows all of whose header the sentence says, or the label of its paragraph."""
    words = frozenset(words_of(sentence.plain)) | frozenset(words_of(LABEL.match(block)[0]))  # type: ignore[index]
    named = [one for one in series if one.is_named(words) and len(one.numbers) == whole.count]
    named = [one for one in named if bound is None or fits_unit(one, bound.unit)]
    return named[0] if len(named) == 1 else None


def judged(sentence: Sentence, part: Number, whole: Number, column: Series, holds: Holds) -> Claim:
    rows = [name for name, number in zip(column.names, column.numbers, strict=True) if holds(float(number.value))]
    at, text = sentence.place(part.start), sentence.text[part.start : whole.end]
    right = len(rows) == part.count
    reason = f"{len(rows)} of {len(column.numbers)} rows are so" + (f": {', '.join(rows)}" if rows else "")
    return claim(at.line, at.column, text, "k of n", "CONFIRMED" if right else "WRONG", reason, column.title, whole.end - part.start)
