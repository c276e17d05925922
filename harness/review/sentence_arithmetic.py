"""What the numbers of a sentence, and of those before it in its paragraph, say of each other: shares, products, differences, ratios."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from harness.review.arithmetic import (
    CHANGE,
    DIFFERENCE,
    DIFFERENT,
    OPERATIONS,
    PERCENT,
    RATIO,
    RATIOED,
    SHARED,
    Stated,
    exact,
    exactly,
    extent,
    follows,
    sharp,
    told,
)
from harness.review.claims import Claim, ClaimVerdict, claim
from harness.review.number import Number
from harness.review.prose import Prose, Sentence, Table

STATISTIC = re.compile(r"(?<![A-Za-z])(?:N|n|M|SD|SE|p|t|z|F|r|df|K|k)\s*(?:\([^)]*\))?\s*[=<>≈]\s*[-+−]?$")
OTHER = re.compile(r"\b(?:the\s+)?(?:other|others|remaining|rest)[:,]?\s*$", re.IGNORECASE)
PLUS, IN_ALL = re.compile(r"\bplus\b|\+", re.IGNORECASE), re.compile(r"\s*(?:\w+\s+)?(?:in (?:all|total)|altogether|together)\b", re.IGNORECASE)
ADDED = re.compile(r"[+−–]\s*$")  # a sum of products
NEAR = 60  # characters before a number that say what it is
ARROW = re.compile(r"(?:→|->)\s*$")
OUT_OF = re.compile(r"\s*(?:/|(?:[A-Za-z-]+\s+){0,3}(?:of|out\s+of|among)(?:\s+(?:the|our|all))?)\s*", re.IGNORECASE)
OF, OF_THEM = re.compile(r"\bof\s+(?:(?:the|our|all)\s+)?$", re.IGNORECASE), re.compile(r"(?:\s+[A-Za-z-]+){1,4}\s*,\s*(?:only\s+|just\s+)?")
OF_WHOM = re.compile(r"(?:\s+[A-Za-z-]+){0,4}\s*,?\s*(?:out\s+)?of\s+(?:whom|which|these|them)\s+(?:only\s+|just\s+)?", re.IGNORECASE)
MAKES = re.compile(r"\s*(?:[A-Za-z-]+\s+){0,4}\(\s*|\s*[=:,]\s*|\s*,?\s*(?:or|i\.e\.,?)\s*", re.IGNORECASE)
TIMES = re.compile(r"^\s*(?:[\w-]+\s+){0,4}[×x*]\s*$", re.IGNORECASE)


def sentence_claims(prose: Prose) -> Iterator[Claim]:
    """What the numbers of each sentence, and of the one before it in its paragraph, say of each other."""
    block, earlier = -1, tuple[Number, ...]()
    for sentence in prose.sentences:
        earlier = earlier if sentence.block == block else ()
        for place, number in enumerate(sentence.numbers):
            at = sentence.place(number.start)
            found = one_number(sentence, place, earlier)
            if found:
                kind, verdict, reason = found
                yield Stated(number, at.line, at.column).claim(kind, verdict, reason, f"line {at.line}: the sentence itself")
        yield from counts_of_products(sentence)
        yield from rest_of(sentence)
        yield from sum_of(sentence)
        block, earlier = sentence.block, (*earlier, *sentence.numbers)


def one_number(sentence: Sentence, place: int, earlier: Sequence[Number]) -> tuple[str, ClaimVerdict, str] | None:
    number, others = sentence.numbers[place], [*sentence.numbers[:place], *sentence.numbers[place + 1 :]]
    return (
        as_fraction(sentence.text, sentence.numbers, place)
        or as_product(sentence, place)
        or as_derived(sentence, number, pairwise(others))
        or as_derived(sentence, number, pairwise(earlier))
    )


def as_fraction(text: str, numbers: Sequence[Number], place: int) -> tuple[str, ClaimVerdict, str] | None:
    """`34 of 50 (68 %)`, `1031/1172 (0.880)`, `28 errors among 200 answers (14 %)`, `640 people, of whom 412 (64.4 %)`."""
    number = numbers[place]
    if place < 2 or not (number.unit == "%" or (number.unit == "" and abs(number.value) <= 1 and number.step < 1 and not number.signed)):
        return None
    top, whole = numbers[place - 2], numbers[place - 1]
    between, after = text[top.end : whole.start], text[whole.end : number.start]
    lead = text[max(0, top.start - NEAR) : top.start]
    if OF_WHOM.fullmatch(between) or (OF.search(lead) and OF_THEM.fullmatch(between)):
        top, whole = whole, top
    elif ARROW.search(lead) or not OUT_OF.fullmatch(between):
        return None
    if not MAKES.fullmatch(after) or top.step != 1 or whole.value == 0 or top.value > whole.value:
        return None
    operation, (top, whole) = OPERATIONS[PERCENT if number.unit == "%" else RATIO], (exact(one) if one.step == 1 else one for one in (top, whole))
    if follows(number, operation, top, whole):
        return "percentage", "CONFIRMED", ""
    return "percentage", "WRONG", f"{told(top)} of {told(whole)} is {operation(float(top.value), float(whole.value)):.4g}"


def cell_fractions(table: Table) -> Iterator[Claim]:
    """`29/30 (93.3 %)` in a cell."""
    for cell in (cell for row in table.rows for cell in row):
        for place, number in enumerate(cell.numbers):
            if found := as_fraction(cell.text, cell.numbers, place):
                kind, verdict, reason = found
                yield Stated(number, cell.line, cell.column + number.start).claim(kind, verdict, reason, f"line {cell.line}: the cell itself")


def as_product(sentence: Sentence, place: int) -> tuple[str, ClaimVerdict, str] | None:
    """`15 models × 75 prompts = 1,125 calls`."""
    numbers, factors = sentence.numbers, list[Number]()
    gap = sentence.text[numbers[place - 1].end : numbers[place].start] if place else ""
    if not re.fullmatch(r"[^=≈\d]{0,80}(?:(?<!\w)=|≈|equals|makes)\s*~?\s*", gap):
        return None
    at = place - 1
    factors.append(numbers[at])
    while at > 0 and re.search(r"(?:^|\s)[×x*·](?:\s|$)|×", sentence.text[numbers[at - 1].end : numbers[at].start]):
        at -= 1
        factors.append(numbers[at])
    if len(factors) < 2 or ADDED.search(sentence.text[max(0, factors[-1].start - NEAR) : factors[-1].start]):
        return None
    value = 1.0
    for factor in factors:
        value *= float(factor.value)
    number = numbers[place]
    rough = number.marker == "~" or "≈" in gap
    low, high = map(float, number.bounds)
    if low <= value <= high or (rough and abs(value - float(number.value)) <= 0.1 * abs(value)):
        return "product", "CONFIRMED", ""
    return "product", "WRONG", f"{' × '.join(told(one) for one in reversed(factors))} = {value:.8g}"


def counts_of_products(sentence: Sentence) -> Iterator[Claim]:
    """`11,167 calls across 15 models × 750 prompts`: two factors of a total that the same sentence states."""
    for left, right in pairwise(sentence.numbers):
        if left.step != 1 or right.step != 1 or not TIMES.fullmatch(sentence.text[left.end : right.start]):
            continue
        product, at, words = left.value * right.value, sentence.place(left.start), sentence.text[left.start : right.end]
        totals = [
            one for one in sentence.numbers if one not in (left, right) and one.step == 1 and not one.unit and 0 < abs(one.value - product) <= product / 10
        ]
        if any(one.value == product for one in sentence.numbers):
            yield claim(at.line, at.column, words, "product", "CONFIRMED", "", f"line {at.line}: the sentence itself", right.end - left.start)
        elif totals:
            missing = f"{told(left)} × {told(right)} = {product}, and {abs(product - totals[0].value)} of them are not accounted for"
            yield claim(at.line, at.column, words, "product", "OVERCLAIMED", missing, f"line {at.line}: the sentence itself", right.end - left.start)


def sum_of(sentence: Sentence) -> Iterator[Claim]:
    """`$3,233 of compute, plus $320 for calls: $3,553 in all`: a total of what the sentence adds up. Another number near it is no total of them."""
    for place, total in enumerate(sentence.numbers):
        parts = [one for one in sentence.numbers[:place] if one.unit == total.unit]
        if len(parts) < 2 or not IN_ALL.match(sentence.text, total.end) or not PLUS.search(sentence.text[parts[-2].end : parts[-1].start]):
            continue
        low, high = extent(lambda a, b: a + b, parts[-2], parts[-1])
        least, most = map(float, total.bounds)
        at, right = sentence.place(total.start), low <= most and least <= high
        if right or 0.9 * low <= float(total.value) <= 1.1 * high:
            said = f"{told(parts[-2])} + {told(parts[-1])} = {parts[-2].value + parts[-1].value:f}"
            yield Stated(total, at.line, at.column).claim("sum", "CONFIRMED" if right else "WRONG", said, f"line {at.line}: the sentence itself")


def rest_of(sentence: Sentence) -> Iterator[Claim]:
    """`248 of 640 items are harmful, the other 382 are not`."""
    numbers = sentence.numbers
    for place, (part, whole) in enumerate(pairwise(numbers)):
        if part.count is None or whole.count is None or part.count > whole.count or not OUT_OF.fullmatch(sentence.text[part.end : whole.start]):
            continue
        for rest in numbers[place + 2 :]:
            if rest.count is not None and not rest.unit and OTHER.search(sentence.text[max(0, rest.start - NEAR) : rest.start]):
                at, right = sentence.place(rest.start), rest.count == whole.count - part.count
                said = "" if right else f"{whole.count} - {part.count} = {whole.count - part.count}"
                stated = Stated(rest, at.line, at.column)
                yield stated.claim("difference", "CONFIRMED" if right else "WRONG", said, f"line {at.line}: the sentence itself")
                break


def as_derived(sentence: Sentence, number: Number, pairs: Iterable[tuple[Number, Number]]) -> tuple[str, ClaimVerdict, str] | None:
    """A difference, ratio or share of two neighbours, where the words say that it is one. Others may be meant, so none of them makes it wrong."""
    if not significant(number) or is_named_statistic(sentence, number):
        return None
    wanted = derived_kinds(sentence, number)
    for left, right in pairs if wanted else ():
        for a, b in ((left, right), (right, left)):
            for kind, name in wanted:
                if a.unit == b.unit and alike(number, a, kind) and sharp(number, name, a, b) and follows(number, OPERATIONS[name], a, b, sign=False):
                    note = "" if exactly(number, OPERATIONS[name], a, b) else ", of rounded operands"
                    return kind, "CONFIRMED", f"{told(a)} and {told(b)}{note}"
    return None


def is_named_statistic(sentence: Sentence, number: Number) -> bool:
    """`N = 197`, `SD = 1.02`, `95 % CI`: no difference or ratio, whatever the words around it."""
    before, after = sentence.text[: number.digits_at], sentence.text[number.end : number.end + 12]
    return STATISTIC.search(before) is not None or re.match(r"\s*(?:CI\b|confidence\b|interval\b)", after) is not None


def derived_kinds(sentence: Sentence, number: Number) -> list[tuple[str, str]]:
    """What the words around a number say that it may be."""
    near = sentence.text[max(0, number.start - 60) : number.end + 40]
    wanted: list[tuple[str, str]] = []
    if DIFFERENT.search(near) or number.unit in ("pp", "points"):
        wanted.append(("difference", DIFFERENCE))
    if number.unit == "x" or RATIOED.search(near):
        wanted.append(("ratio", RATIO))
    if number.unit == "%" and (SHARED.search(near) or DIFFERENT.search(near)):
        wanted += [("percentage", PERCENT), ("percentage", CHANGE)]
    return wanted


def significant(number: Number) -> bool:
    """Of two digits, or a ratio: a difference of 1 follows from too much."""
    return number.value != 0 and (abs(number.value / number.step) >= 10 or number.unit == "x" or number.step < 1)


def alike(number: Number, operand: Number, kind: str) -> bool:
    """Whether a difference may have this unit where its operands have theirs."""
    if kind != "difference":
        return True
    if number.unit == "%" and operand.unit == "%":  # a difference of percentages is in points
        return False
    scale = {"pp": "%", "points": ""}
    return scale.get(number.unit, number.unit) == scale.get(operand.unit, operand.unit) or "" in (number.unit, operand.unit)
