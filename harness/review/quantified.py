"""`All drops are below 3 pp`, `no model exceeds 80 %`, `every shift is negative`: a bound or a sign as a predicate over a column or list."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from harness.review.arithmetic import DIFFERENT, told
from harness.review.claims import Claim, claim
from harness.review.number import Number
from harness.review.predicates import FEWEST, Series, named_parts, series_of
from harness.review.prose import Prose, Sentence
from harness.review.results import words_of

QUANTIFIER = re.compile(
    r"\b(?P<all>all|every|each)\b(?!\s+(?:other|others|the\s+other|else|remaining|but))|\b(?P<none>no|none(?:\s+of)?|not\s+one)\b", re.IGNORECASE
)
ORDERS: dict[str, Callable[[float, float], bool]] = {"<": operator.lt, ">": operator.gt, "≤": operator.le, "≥": operator.ge}
EXCEEDS = re.compile(r"\b(?:exceed(?:s|ed)?|surpass(?:es|ed)?|cross(?:es|ed)?|reach(?:es|ed)?)\s+(?:the\s+)?$", re.IGNORECASE)
SIZES = re.compile(r"\b(?:drops?|decreas\w+|declin\w+|shifts?|chang\w+|differ\w+|deltas?|gaps?|deviat\w+|loss(?:es)?|moves?)\b", re.IGNORECASE)
SIGNS = {
    "positive": re.compile(r"\b(?:positive|increas(?:es?|ed)|improv(?:es?|ed)|gain(?:s|ed)|rises?|rose|higher)\b", re.IGNORECASE),
    "negative": re.compile(r"\b(?:negative|decreas(?:es?|ed)|drop(?:s|ped)?|fell|falls?|declin(?:es?|ed)|lower)\b", re.IGNORECASE),
}
HEDGED = re.compile(
    r"\b(?:not\s+(?:all|every|each)|almost|nearly|most|if|whether|should|must|would|expect\w*|predict\w*|threshold|criteri\w+|require\w*)\b|\?", re.IGNORECASE
)
LABEL = re.compile(r"[^:.]{0,60}")  # of a paragraph, such as `Capability (ARC-C):`
REACH = 90  # characters between a quantifier and what it says
BREAK = re.compile(r"[.;:!?|]\s")


@dataclass(frozen=True)
class Statement:
    """What is said of each value: it stands from `start` to `end` of the sentence; `holds` of a value, or of its size."""

    start: int
    end: int
    holds: Callable[[float, float], bool]
    size: bool
    said: str
    unit: str | None = None


def quantified_claims(prose: Prose) -> list[Claim]:
    series = series_of(prose)
    found: list[Claim] = []
    for sentence, block in prose.in_blocks():
        for statement in (*bounds_in(sentence), *signs_in(sentence)):
            found += judged(statement, sentence, meant(sentence, block, series, statement))
    return found


def bounds_in(sentence: Sentence) -> Iterator[Statement]:
    """`all … < 3 pp`, `no … exceeds 80 %`."""
    for number in sentence.numbers:
        before = sentence.text[max(0, number.start - REACH) : number.start]
        order = number.marker if number.marker in ORDERS else ">" if EXCEEDS.search(before) else ""
        quantifier = last_quantifier(sentence, number.start)
        if not order or quantifier is None:
            continue
        compare, bound = ORDERS[order], abs(float(number.value)) if SIZES.search(before) and not number.signed else float(number.value)
        none = quantifier["none"] is not None

        def holds(value: float, slack: float, compare: Callable[[float, float], bool] = compare, bound: float = bound, none: bool = none) -> bool:
            ends = compare(value - slack, bound), compare(value + slack, bound)
            return not all(ends) if none else any(ends)

        said = f"{'none' if none else 'all'} {order} {told(number)}{number.unit}"
        yield Statement(quantifier.start(), number.end, holds, bool(SIZES.search(before)) and not number.signed, said, number.unit)


def signs_in(sentence: Sentence) -> Iterator[Statement]:
    """`every shift is negative`."""
    for name, pattern in SIGNS.items():
        for found in pattern.finditer(sentence.text):
            quantifier = last_quantifier(sentence, found.start())
            if quantifier is not None and found.start() - quantifier.end() <= REACH // 2 and not sentence.numbers_between(quantifier.end(), found.start()):
                wanted, none = (1 if name == "positive" else -1), quantifier["none"] is not None

                def holds(value: float, slack: float, wanted: int = wanted, none: bool = none) -> bool:
                    return (wanted * value + slack > 0) is not none or value == 0

                yield Statement(quantifier.start(), found.end(), holds, False, f"{'none' if none else 'all'} {name}")


def last_quantifier(sentence: Sentence, end: int) -> re.Match[str] | None:
    """The quantifier nearest before a place, in the same clause."""
    start = max(0, end - REACH)
    found = [one for one in QUANTIFIER.finditer(sentence.text, start, end) if not BREAK.search(sentence.text[one.end() : end])]
    return found[-1] if found and not HEDGED.search(sentence.text[max(0, found[-1].start() - 40) : end]) else None


def meant(sentence: Sentence, block: str, series: Sequence[Series], statement: Statement) -> Series | None:
    """The one column all of whose header the sentence says, or the label of its paragraph; None where there is none, or several share as many words with it."""
    words = frozenset(words_of(sentence.plain)) | frozenset(words_of(LABEL.match(block)[0]))  # type: ignore[index]
    named = [one for one in series if one.is_named(words) and fits(one, statement)]
    scored = sorted(((len(words & one.words), place) for place, one in enumerate(named)), reverse=True)
    if not scored or (len(scored) > 1 and scored[1][0] == scored[0][0]):
        return None
    one = named[scored[0][1]]
    return next(iter(named_parts(one, sentence)), one)


def fits(series: Series, statement: Statement) -> bool:
    """Whether signs are asked of a column of differences, and bounds of one in their unit, as far as both tell it."""
    if statement.unit is None:
        return bool(DIFFERENT.search(series.title))
    return fits_unit(series, statement.unit)


def fits_unit(series: Series, unit: str) -> bool:
    units = {number.unit or ("%" if "%" in series.title else "") for number in series.numbers}
    return unit in units or bool({unit, *units} <= {"%", "pp", "points"}) or (unit == "points" and units == {""})


def judged(statement: Statement, sentence: Sentence, series: Series | None) -> Iterator[Claim]:
    if series is None or len(series.numbers) < FEWEST:
        return
    at, words = sentence.place(statement.start), sentence.text[statement.start : statement.end]
    wrong = next((place for place, number in enumerate(series.numbers) if not statement.holds(value_of(number, statement), slack_of(number))), None)
    if wrong is None:
        yield claim(at.line, at.column, words, "all", "CONFIRMED", statement.said, series.title)
    else:
        said = f"{series.names[wrong]} has {told(series.numbers[wrong])} (line {series.lines[wrong]}, {series.title})"
        yield claim(at.line, at.column, words, "all", "WRONG", said, series.title)


def value_of(number: Number, statement: Statement) -> float:
    return abs(float(number.value)) if statement.size else float(number.value)


def slack_of(number: Number) -> float:
    return float(number.step) / 2
