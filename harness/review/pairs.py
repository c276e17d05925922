"""`From 212 to 305 tokens, a factor of 1.4`, `11.8 points ahead (56.6 vs 44.8)`: two values and beside them what is said to follow from both.

The words leave no doubt of what is meant, so a number that is no difference, change or ratio of the two, within their rounding, is wrong.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise

from harness.review.arithmetic import CHANGE, DIFFERENCE, OPERATIONS, RATIO, Stated, exactly, follows, sharp, told
from harness.review.claims import Claim
from harness.review.number import Number
from harness.review.prose import Prose, Sentence
from harness.review.results import words_of

BETWEEN = re.compile(r"\s*(?:→|->|vs\.?|versus|(?:as\s+)?(?:against|compared\s+(?:to|with)))\s*(?:[A-Za-z-]+\s+){0,3}", re.IGNORECASE)
TO = re.compile(r"(?:\s+[\w-]+)?\s+to\s+", re.IGNORECASE)
FROM = re.compile(r"(?:\bfrom|\()\s*[*_]*$", re.IGNORECASE)
CHANGED = (
    r"(?:increase|decrease|rise|fall|gain|loss|drop|difference|gap|change|improvement|reduction|shift|growth|decline|factor|ratio|jump|lead"
    r"|advantage|delta)"
)
# What may stand between the pair and the number that follows from it.
AFTER = re.compile(
    rf"[*_)]*(?:\s*[A-Za-z]+)?(?:\s+[A-Za-z-]+){{0,3}}?\s*[*_)]*\s*(?:[,;:=(]|\bor|\bis|–|—|-)\s*[*_(]*(?:i\.e\.,?\s*|that\s+is,?\s*|thus\s*|so\s*|for\s+)?"
    rf"(?:it\s+is\s+)?(?:by\s*|only\s*|just\s*|about\s*|(?:an?|the)\s+(?:[\w-]+\s+){{0,2}}{CHANGED}\s+(?:of|by)\s*|{CHANGED}\s*(?:of|:|=)?\s*|Δ\s*=?\s*)*[*_]*",
    re.IGNORECASE,
)
BEFORE = re.compile(
    r"[*_]*(?:\s*(?:points?|percentage\s+points?|times|fold))?(?:\s+[\w./-]+){0,6}\s*[*_]*\s*(?:\(|—|–|:)\s*(?:from\s+|i\.e\.,?\s*)?[*_]*", re.IGNORECASE
)
DERIVED = re.compile(
    rf"\b{CHANGED}\s+(?:of|by)\s*[*_]*$|\bby\s*[*_]*$|\bΔ\s*=?\s*$"
    r"|\b(?:los(?:es|t)|gain(?:s|ed)|rises|rose|falls|fell|drop(?:s|ped)|increas(?:es|ed)|decreas(?:es|ed)|improv(?:es|ed)|gr(?:ows|ew))\s+[*_]*$",
    re.IGNORECASE,
)
FOLLOWED = re.compile(r"[*_]*\s*(?:times|fold|-fold|higher|lower|more|less|fewer|ahead|behind|above|below|longer|shorter|faster|slower)\b", re.IGNORECASE)
ROUNDED_UP = 1.1  # times a ratio, from which on a whole multiple says too much
NAMED = re.compile(r"(?:[A-Za-z-]+\s+){0,4}$")  # the words right before a value
TOLD_AS = re.compile(r"\b(?:ratio|factor|difference|gap) of\s*[*_]*$", re.IGNORECASE)
MOST_VALUES = 3
LONGEST = 200  # characters between a pair and what follows from it
NEAR = 60  # characters before a number that say what it is
OWN = "the sentence itself"
FAR = 3  # times a result, from which on a number is of something else
KINDS = {DIFFERENCE: "difference", RATIO: "ratio", CHANGE: "percentage"}


def pair_claims(prose: Prose) -> Iterator[Claim]:
    compared = [one for sentence in prose.sentences for one in compared_in(sentence)]
    for sentence in prose.sentences:
        yield from rounded_up(sentence, compared)
        yield from of_some(sentence)
        numbers = sentence.numbers
        for place, (a, b) in enumerate(pairwise(numbers)):
            if not is_pair(sentence, a, b):
                continue
            if place + 2 < len(numbers) and stands_between(AFTER, sentence.text[b.end : numbers[place + 2].start]):
                yield from judged(sentence, numbers[place + 2], a, b, OWN)
            if place and stands_between(BEFORE, sentence.text[numbers[place - 1].end : a.start]):
                yield from judged(sentence, numbers[place - 1], a, b, OWN)


def stands_between(pattern: re.Pattern[str], text: str) -> bool:
    return len(text) <= LONGEST and pattern.fullmatch(text) is not None


def of_some(sentence: Sentence) -> Iterator[Claim]:
    """`$0.57 for 300 answers, Sonnet $4.26 (7.5x)`: a ratio or difference in brackets, or told as one, of the two or three values of one unit before it."""
    for place, number in enumerate(sentence.numbers):
        bracketed = number.unit in ("x", "pp") and sentence.text[max(0, number.start - NEAR) : number.start].rstrip().endswith("(")
        if not bracketed and not TOLD_AS.search(sentence.text[max(0, number.start - NEAR) : number.start]):
            continue
        before = [one for one in sentence.numbers[:place] if one.unit not in ("x", "pp", "points") and one.marker == "" and one.value != 0]
        units = {one.unit for one in before} - {""} or {""}
        values = [one for one in before if one.unit in units]
        ways = ways_of(sentence, number, values[0]) if values else []
        if len(units) != 1 or not 2 <= len(values) <= MOST_VALUES or (units == {""} and any(one.step == 1 for one in values)) or not ways:
            continue
        found = [one for a, b in combinations(values, 2) for one in judged(sentence, number, a, b, OWN)]
        right = next((one for one in found if one.verdict != "WRONG"), None)
        yield from [right] if right else found[:1]


@dataclass(frozen=True)
class Compared:
    """Two values that stand against each other, each with the words before it that the other has not."""

    a: Number
    b: Number
    words: tuple[frozenset[str], frozenset[str]]
    line: int


def compared_in(sentence: Sentence) -> Iterator[Compared]:
    for a, b in pairwise(sentence.numbers):
        if b.value != 0 and a.value != 0 and is_pair(sentence, a, b):
            first, second = (frozenset(words_of(NAMED.search(sentence.text[max(0, one.start - NEAR) : one.start])[0])) for one in (a, b))  # type: ignore[index]
            if first - second and second - first:
                yield Compared(a, b, (first - second, second - first), sentence.place(a.start).line)


def rounded_up(sentence: Sentence, compared: Sequence[Compared]) -> Iterator[Claim]:
    """`generic questions leak 2× as much as domain ones` where another line has .296 against .166: a multiple above what its values give."""
    words = frozenset(words_of(sentence.without_numbers))
    for number in sentence.numbers:
        times = number.unit == "x" or re.match(r"[*_]*(?::1\b|\s*(?:times|-?fold)\b)", sentence.text[number.end : number.end + NEAR])
        known = [one for one in compared if times and number.step == 1 and all(not words.isdisjoint(side) for side in one.words)]
        ratios = [max(abs(float(one.a.value / one.b.value)), abs(float(one.b.value / one.a.value))) for one in known]
        if ratios and ROUNDED_UP * max(ratios) < float(number.value) <= FAR * max(ratios):
            at, one = sentence.place(number.start), known[ratios.index(max(ratios))]
            said = f"line {one.line} has {told(one.a)} and {told(one.b)}, {max(ratios):.3g} times"
            yield Stated(number, at.line, at.column).claim("ratio", "OVERCLAIMED", said, f"line {one.line}")


def is_pair(sentence: Sentence, a: Number, b: Number) -> bool:
    """Whether two values of one quantity stand against each other."""
    between = sentence.text[a.end : b.start]
    from_to = TO.fullmatch(between) and FROM.search(sentence.text[max(0, a.start - NEAR) : a.start])
    same = a.unit == b.unit or "" in (a.unit, b.unit)
    return same and a.marker == b.marker == "" and a.unit not in ("x", "pp", "points") and bool(from_to or BETWEEN.fullmatch(between))


def judged(sentence: Sentence, number: Number, a: Number, b: Number, where: str) -> Iterator[Claim]:
    """What two values say of a number beside words that make it a difference, change or ratio of them; `where` they stand."""
    ways = [(name, x, y) for name in ways_of(sentence, number, a) for x, y in ((a, b), (b, a)) if y.value != 0]
    if not ways or number.value == 0 or all(far(number, one) for one in ways):
        return
    at, kind = sentence.place(number.start), KINDS[ways[0][0]]
    stated = Stated(number, at.line, at.column)
    fits = [one for one in ways if follows(number, OPERATIONS[one[0]], one[1], one[2], sign=False)]
    if not fits:
        yield stated.claim(kind, "WRONG", "; ".join(f"{name.format(told(x), told(y))} = {result(name, x, y):.4g}" for name, x, y in ways), where)
    elif fits[0][0] == RATIO and number.step == 1 and float(number.value) > ROUNDED_UP * max(result(*one) for one in fits):
        yield stated.claim(kind, "OVERCLAIMED", f"rounded up: {told(a)} and {told(b)} give {max(result(*one) for one in fits):.3g}", where)
    elif fits[0][0] == DIFFERENCE and ways[0][0] == CHANGE:
        yield stated.claim("unit", "OVERCLAIMED", f"{told(a)} and {told(b)} differ by that many percentage points, not per cent", where)
    elif any(sharp(number, *one) or exactly(number, OPERATIONS[one[0]], one[1], one[2]) for one in fits):
        yield stated.claim(kind, "CONFIRMED", f"{told(a)} and {told(b)}", where)


def result(name: str, x: Number, y: Number) -> float:
    return OPERATIONS[name](float(x.value), float(y.value))


def far(number: Number, way: tuple[str, Number, Number]) -> bool:
    """Whether a number is so far from a result, or so much finer than what it would be a difference of, that it is told of something else."""
    name, x, y = way
    value = abs(result(*way))
    return (name == DIFFERENCE and number.step < max(x.step, y.step)) or not value / FAR <= abs(float(number.value)) <= value * FAR


def ways_of(sentence: Sentence, number: Number, operand: Number) -> list[str]:
    """What a number may be of two: by its unit and the words beside it. None where it is not said to follow from others."""
    before, after = sentence.text[max(0, number.digits_at - 60) : number.digits_at], sentence.text[number.end : number.end + 20]
    if number.unit == "x" or re.match(r"[*_]*\s*(?:times|-?fold)\b", after) or re.search(r"\b(?:factor|ratio)\s+of\s*[*_]*$", before):
        return [RATIO]
    if number.unit in ("pp", "points"):
        return [DIFFERENCE] if operand.unit in ("", "%") else []
    derived = number.signed or DERIVED.search(before.rstrip("+−-")) or FOLLOWED.match(after)
    if not derived:
        return []
    if number.unit == "%":
        return [CHANGE] if operand.unit != "%" else [CHANGE, DIFFERENCE]
    return [DIFFERENCE] if number.unit == operand.unit else []
