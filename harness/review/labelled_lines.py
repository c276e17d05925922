"""Lines of a list with labels (`Range: 14.8`): what they state, and what each says of the others."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import groupby, pairwise

from harness.review.arithmetic import DIFFERENCE, FEWEST, OPERATIONS, PERCENT, RATIO, Stated, exact, exactly, follows, told
from harness.review.claims import Claim
from harness.review.number import Number
from harness.review.prose import Prose, Sentence
from harness.review.results import words_of

LABEL = re.compile(r"\s*(?:[-*+]|\d+[.)])?\s*(?:\*\*|__)?([^:*_\n]{2,60}?)(?:\*\*|__)?\s*(?::|=)\s*(?:\*\*|__)?")


@dataclass(frozen=True)
class Labelled:
    words: tuple[str, ...]
    label: str
    stated: Stated


def labelled_lines(prose: Prose) -> Iterator[list[Labelled]]:
    """The numbers that lines with labels state, together where they stand below one heading."""
    for _, group in groupby(prose.sentences, key=lambda sentence: sentence.section):
        found = []
        for sentence in group:
            match = LABEL.match(sentence.text)
            number = next((one for one in sentence.numbers if match and 0 <= one.digits_at - match.end() <= 4), None)
            if match and number:
                at = sentence.place(number.start)
                found.append(Labelled(words_of(match[1]), match[1].strip().lower(), Stated(number, at.line, at.column)))
        if len(found) > 1:
            yield found


def list_claims(prose: Prose) -> Iterator[Claim]:
    """`Range` is maximum less minimum, `average X per Y` is the total of X over that of Y, a total is what each has times how many there are."""
    for lines in labelled_lines(prose):
        for place, line in enumerate(lines):
            found = next(filter(None, (rule(line, place, lines) for rule in (as_range, as_average, as_total))), None)
            if found:
                yield found
    for _, group in groupby(prose.sentences, key=lambda sentence: sentence.section):
        yield from list_shares(list(group))


def list_shares(sentences: Sequence[Sentence]) -> Iterator[Claim]:
    """Lines such as `OpenAI: $0.12 (39 %)`: each percentage is the share of its amount in the sum of all."""
    rows = [(sentence, found) for sentence in sentences if (found := amount_and_share(sentence)) is not None]
    if len(rows) < FEWEST or abs(sum(float(share.value) for _, (_, share) in rows) - 100) > len(rows):
        return
    total = sum((amount.value for _, (amount, _) in rows), Decimal(0))
    for sentence, (amount, share) in rows:
        at, whole = sentence.place(share.start), replace(amount, value=total, step=amount.step * len(rows))
        right = follows(share, OPERATIONS[PERCENT], amount, whole)
        said = f"{told(amount)} of {total}, the sum of the lines"
        yield Stated(share, at.line, at.column).claim("percentage", "CONFIRMED" if right else "WRONG", said, f"lines {rows[0][0].place(0).line} and below")


def amount_and_share(sentence: Sentence) -> tuple[Number, Number] | None:
    for amount, share in pairwise(sentence.numbers):
        if share.unit == "%" and amount.unit != "%" and re.fullmatch(r"\s*\(\s*", sentence.text[amount.end : share.start]):
            return amount, share
    return None


def nearest_line(lines: Sequence[Labelled], place: int, wanted: Callable[[Labelled], bool]) -> Labelled | None:
    """The line that fits nearest above, else the nearest below."""
    return next((line for line in (*reversed(lines[:place]), *lines[place + 1 :]) if wanted(line)), None)


def as_range(line: Labelled, place: int, lines: Sequence[Labelled]) -> Claim | None:
    if "range" not in line.words:
        return None
    of = set(line.words) - {"range"}
    top, bottom = (nearest_line(lines, place, lambda other, word=word: {word, *of} <= set(other.words)) for word in ("max", "min"))  # type: ignore[misc]
    if top is None or bottom is None:
        return None
    return verdict_of(line, "difference", DIFFERENCE, top, bottom)


def as_average(line: Labelled, place: int, lines: Sequence[Labelled]) -> Claim | None:
    what, per, each = line.label.partition(" per ")
    if not per or "mean" not in line.words:
        return None
    ours, unit = [word for word in words_of(what) if word != "mean"], words_of(each)
    total = nearest_line(lines, place, lambda other: bool(ours) and set(ours) <= set(other.words) and "total" in other.words)
    count = nearest_line(
        lines, place, lambda other: bool(unit) and set(unit) <= set(other.words) and other.stated.number.step == 1 and "per" not in other.label
    )
    return None if total is None or count is None or total is count else verdict_of(line, "ratio", RATIO, total, counted(count))


def as_total(line: Labelled, place: int, lines: Sequence[Labelled]) -> Claim | None:
    """The total of what is counted for each, where another line says how many there are of those."""
    if "total" not in line.words or line.stated.number.step != 1 or line.stated.number.unit:
        return None
    each = nearest_line(lines, place, lambda other: " per " in other.label and other.stated.number.step == 1 and not other.stated.number.unit)
    if each is None:
        return None
    unit = words_of(each.label.partition(" per ")[2])
    count = nearest_line(lines, place, lambda other: other is not each and bool(set(unit) & set(other.words)) and other.stated.number.step == 1)
    if count is None:
        return None
    product, number = each.stated.number.value * count.stated.number.value, line.stated.number
    where = f"lines {each.stated.line} and {count.stated.line}"
    if product == number.value:
        return line.stated.claim("product", "CONFIRMED", "", where)
    if abs(product - number.value) > number.value / 10:
        return None
    return line.stated.claim("product", "OVERCLAIMED", f"{told(each.stated.number)} × {told(count.stated.number)} = {product}", where)


def counted(line: Labelled) -> Labelled:
    return Labelled(line.words, line.label, Stated(exact(line.stated.number), line.stated.line, line.stated.column))


def is_cut_off(number: Number, value: float) -> bool:
    """Whether the digits of a result are told without rounding them: .000799 for .00079968."""
    steps = value / float(number.step)
    return number.marker == "" and abs(steps) >= 100 and int(steps) == round(float(number.value / number.step)) and abs(steps - int(steps)) > 0.6


def verdict_of(line: Labelled, kind: str, name: str, a: Labelled, b: Labelled) -> Claim:
    number, left, right = line.stated.number, a.stated.number, b.stated.number
    where = f"lines {a.stated.line} and {b.stated.line}"
    if follows(number, OPERATIONS[name], left, right) and not is_cut_off(number, OPERATIONS[name](float(left.value), float(right.value))):
        return line.stated.claim(kind, "CONFIRMED", "" if exactly(number, OPERATIONS[name], left, right) else "of rounded operands", where)
    value = OPERATIONS[name](float(left.value), float(right.value))
    return line.stated.claim(kind, "WRONG", f"{name.format(told(left), told(right))} = {value:.6g}", where)
