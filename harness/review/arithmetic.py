"""Numbers that follow from others beside them: shares, differences, ratios, products in a sentence; columns of a table; lines of a list with labels.

Every operand is itself rounded, so a result is wrong only where no operands within their rounding give it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import groupby, pairwise, permutations

from harness.review.claims import Claim, ClaimVerdict, claim
from harness.review.number import Number
from harness.review.prose import Prose, Sentence, Table
from harness.review.results import words_of

Operation = Callable[[float, float], float]
OPERATIONS: dict[str, Operation] = {
    "{} - {}": lambda a, b: a - b,
    "{} / {}": lambda a, b: a / b,
    "100 × {} / {}": lambda a, b: 100 * a / b,
    "{} × {}": lambda a, b: a * b,
    "100 × ({} - {}) / {}": lambda a, b: 100 * (a - b) / b,
}
DIFFERENCE, RATIO, PERCENT, PRODUCT = "{} - {}", "{} / {}", "100 × {} / {}", "{} × {}"
DIFFERENT = re.compile(
    r"\b(?:diff(?:erence)?s?|delta|gap|shift\w*|change[ds]?|range|drop\w*|improve\w*|decrease\w*|increase\w*|gain\w*|margin|spread|shrink\w*|higher|lower"
    r"|more extreme|lose|lost|less|fewer|longer|shorter|advantage|effect)\b|Δ",
    re.IGNORECASE,
)
RATIOED = re.compile(r"\b(?:ratio|times|fold|per)\b", re.IGNORECASE)
SHARED = re.compile(r"\b(?:of|share|rate|percent|preserv\w*|retain\w*|accura\w*|variation|saves?)\b|%", re.IGNORECASE)
FRACTION = re.compile(r"(\d[\d,]*)\s*(?:/|of|out of)\s*(\d[\d,]*)\D{0,60}?$")
TIMES = re.compile(r"^\s*(?:[\w-]+\s+){0,4}[×x*]\s*$", re.IGNORECASE)
QUOTED = re.compile(r"[\"“'‘].*[\"”'’]", re.DOTALL)
LENGTH = re.compile(r"\b(?:length|characters?|chars|words?)\b", re.IGNORECASE)
FEWEST, SHARE = 3, 0.75  # rows of a table that agree before one that does not is wrong, and their share
LABEL = re.compile(r"\s*(?:[-*+]|\d+[.)])?\s*(?:\*\*|__)?([^:*_\n]{2,60}?)(?:\*\*|__)?\s*(?::|=)\s*(?:\*\*|__)?")


@dataclass(frozen=True)
class Stated:
    """A number where it stands."""

    number: Number
    line: int
    column: int

    def claim(self, kind: str, verdict: ClaimVerdict, reason: str, address: str) -> Claim:
        return claim(self.line, self.column, self.number.text, kind, verdict, reason, address, self.number.end - self.number.start)


def extent(operation: Operation, a: Number, b: Number) -> tuple[float, float]:
    """The least and the greatest result that operands within their rounding give."""
    found = []
    for x in map(float, a.bounds):
        for y in map(float, b.bounds):
            try:
                found.append(operation(x, y))
            except ZeroDivisionError:
                return float("-inf"), float("inf")
    return min(found), max(found)


def follows(number: Number, operation: Operation, a: Number, b: Number, *, sign: bool = True) -> bool:
    """Whether operands within their rounding give a number that is told so."""
    low, high = extent(operation, a, b)
    least, most = map(float, number.bounds)
    if number.marker == "~":
        slack = max(float(number.step), 0.05 * abs(float(number.value)))
        least, most = least - slack, most + slack
    fits = low <= most * (1 + 1e-9) + 1e-12 and high >= least * (1 - 1e-9) - 1e-12
    return fits or (not sign and not number.signed and follows_negated(least, most, low, high))


def follows_negated(least: float, most: float, low: float, high: float) -> bool:
    return -high <= most + 1e-12 and -low >= least - 1e-12


def told(number: Number) -> str:
    return f"{number.value.normalize():f}"


def exactly(number: Number, operation: Operation, a: Number, b: Number) -> bool:
    """Whether the operands as they are printed give the number as it is printed."""
    low, high = map(float, number.bounds)
    try:
        value = operation(float(a.value), float(b.value))
    except ZeroDivisionError:
        return False
    return low - 1e-12 <= value <= high + 1e-12


# tables


def table_relations(table: Table) -> Iterator[Claim]:
    """Cells of columns that are differences, ratios or shares of two others in most rows."""
    columns = [[row[place].number for row in table.rows] for place in range(len(table.header))]
    numeric = [place for place, column in enumerate(columns) if sum(number is not None for number in column) >= FEWEST]
    for target in numeric:
        best: tuple[int, list[Claim]] = (0, [])
        for a, b in permutations([place for place in numeric if place != target], 2):
            for name, operation in ((DIFFERENCE, OPERATIONS[DIFFERENCE]), (RATIO, OPERATIONS[RATIO]), (PERCENT, OPERATIONS[PERCENT])):
                found = list(relation(table, target, a, b, name, operation)) if tells(table.header[target].plain, name) else []
                right = sum(one.verdict == "CONFIRMED" for one in found)
                if right >= FEWEST and right >= SHARE * len(found) and right > best[0]:
                    best = right, found
        yield from best[1]


def reference_relations(table: Table) -> Iterator[Claim]:
    """A column of percentages in which one row is 100: the others are shares of that row's value in another column."""
    for target in range(len(table.header)):
        numbers = [row[target].number for row in table.rows]
        base = next((place for place, one in enumerate(numbers) if one is not None and one.unit == "%" and one.value == 100), None)
        if base is None:
            continue
        found: list[Claim] = []
        for source in (place for place in range(len(table.header)) if place != target and table.rows[base][place].number is not None):
            shares = list(shares_of(table, target, source, base))
            found = max(found, shares, key=lambda claims: sum(one.verdict == "CONFIRMED" for one in claims))
        if found and all(one.verdict == "CONFIRMED" for one in found):
            yield from found


def shares_of(table: Table, target: int, source: int, base: int) -> Iterator[Claim]:
    whole = table.rows[base][source].number
    assert whole is not None
    for place, row in enumerate(table.rows):
        number, part = row[target].number, row[source].number
        if place != base and number is not None and part is not None:
            right = follows(number, OPERATIONS[PERCENT], part, whole)
            where = f"line {row[target].line}: {table.header[source].plain}, against line {table.rows[base][source].line}"
            stated = Stated(number, row[target].line, row[target].column + number.start)
            yield stated.claim("table cell", "CONFIRMED" if right else "WRONG", "", where)


def text_lengths(table: Table) -> Iterator[Claim]:
    """A column of lengths beside a column of quoted texts: each is counted."""
    quoted = next((place for place in range(len(table.header)) if all(QUOTED.fullmatch(row[place].plain) for row in table.rows)), None)
    unit = {place: "words" if "word" in head.plain.lower() else "characters" for place, head in enumerate(table.header) if LENGTH.search(head.plain)}
    for place, what in unit.items() if quoted is not None and table.rows else ():
        for row in table.rows:
            number, text = row[place].number, row[quoted or 0].plain[1:-1]
            count = len(text.split()) if what == "words" else len(text)
            if number is not None and number.step == 1:
                stated = Stated(number, row[place].line, row[place].column + number.start)
                right = count == number.value
                yield stated.claim("text count", "CONFIRMED" if right else "WRONG", f"the text has {count} {what}", f"line {row[place].line}: the quoted text")


def tells(title: str, name: str) -> bool:
    """Whether the header of a column says that it may be such a relation."""
    if name == DIFFERENCE:
        return bool(DIFFERENT.search(title)) or "-" in title or "–" in title
    return bool(RATIOED.search(title) or SHARED.search(title) or "/" in title)


def relation(table: Table, target: int, a: int, b: int, name: str, operation: Operation) -> Iterator[Claim]:
    for row in table.rows:
        number, left, right = row[target].number, row[a].number, row[b].number
        if number is None or left is None or right is None:
            continue
        stated = Stated(number, row[target].line, row[target].column + number.start)
        said = name.format(told(left), told(right))
        where = f"line {row[target].line}: {table.header[a].plain} and {table.header[b].plain}"
        if follows(number, operation, left, right):
            note = "" if exactly(number, operation, left, right) else "of rounded operands"
            yield stated.claim("table cell", "CONFIRMED", note, where)
        else:
            value = operation(float(left.value), float(right.value)) if float(right.value) or name == DIFFERENCE else float("nan")
            yield stated.claim("table cell", "WRONG", f"{said} = {value:.6g} by its own row", where)


# sentences


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
        block, earlier = sentence.block, (*earlier, *sentence.numbers)


def one_number(sentence: Sentence, place: int, earlier: Sequence[Number]) -> tuple[str, ClaimVerdict, str] | None:
    number, others = sentence.numbers[place], [*sentence.numbers[:place], *sentence.numbers[place + 1 :]]
    return (
        as_fraction(sentence, place)
        or as_product(sentence, place)
        or as_derived(sentence, number, pairwise(others))
        or as_derived(sentence, number, pairwise(earlier))
    )


def as_fraction(sentence: Sentence, place: int) -> tuple[str, ClaimVerdict, str] | None:
    """`34 of 50 (68 %)`, `1031/1172 (0.880)`."""
    numbers, number = sentence.numbers, sentence.numbers[place]
    if place < 2 or not (number.unit == "%" or (number.unit == "" and abs(number.value) <= 1 and number.step < 1)):
        return None
    top, whole = numbers[place - 2], numbers[place - 1]
    between, after = sentence.text[top.end : whole.start], sentence.text[whole.end : number.start]
    if not re.fullmatch(r"\s*(?:/|of|out of)\s*", between) or not re.fullmatch(r"[^()\d.;]{0,25}[(=:,]\s*", after) or top.step != 1 or whole.value == 0:
        return None
    if top.value > whole.value:
        return None
    operation = OPERATIONS[PERCENT if number.unit == "%" else RATIO]
    if follows(number, operation, top, whole):
        return "percentage", "CONFIRMED", ""
    low, high = extent(operation, exact(top), exact(whole))
    return None if low <= float(number.value) <= high else ("percentage", "WRONG", f"{told(top)} of {told(whole)} is {high:.4g}")


def exact(number: Number) -> Number:
    """A count: it is not rounded."""
    return replace(number, step=number.step.scaleb(-9))


def as_product(sentence: Sentence, place: int) -> tuple[str, ClaimVerdict, str] | None:
    """`15 models × 75 prompts = 1,125 calls`."""
    numbers, factors = sentence.numbers, list[Number]()
    gap = sentence.text[numbers[place - 1].end : numbers[place].start] if place else ""
    if not re.fullmatch(r"[^=≈\d]{0,80}(?:=|≈|equals|makes)\s*~?\s*", gap):
        return None
    at = place - 1
    factors.append(numbers[at])
    while at > 0 and re.search(r"(?:^|\s)[×x*·](?:\s|$)|×", sentence.text[numbers[at - 1].end : numbers[at].start]):
        at -= 1
        factors.append(numbers[at])
    if len(factors) < 2:
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


def as_derived(sentence: Sentence, number: Number, pairs: Iterable[tuple[Number, Number]]) -> tuple[str, ClaimVerdict, str] | None:
    """A difference, ratio or share of two neighbours, where the words say that it is one. Others may be meant, so none of them makes it wrong."""
    if not significant(number):
        return None
    wanted = derived_kinds(sentence, number)
    for left, right in pairs if wanted else ():
        for a, b in ((left, right), (right, left)):
            for kind, name in wanted:
                if a.unit == b.unit and alike(number, a, kind) and sharp(number, name, a, b) and follows(number, OPERATIONS[name], a, b, sign=False):
                    note = "" if exactly(number, OPERATIONS[name], a, b) else ", of rounded operands"
                    return kind, "CONFIRMED", f"{told(a)} and {told(b)}{note}"
    return None


def derived_kinds(sentence: Sentence, number: Number) -> list[tuple[str, str]]:
    """What the words around a number say that it may be."""
    near = sentence.text[max(0, number.start - 60) : number.end + 40]
    wanted: list[tuple[str, str]] = []
    if DIFFERENT.search(near) or number.unit in ("pp", "points"):
        wanted.append(("difference", DIFFERENCE))
    if number.unit == "x" or RATIOED.search(near):
        wanted.append(("ratio", RATIO))
    if number.unit == "%" and (SHARED.search(near) or DIFFERENT.search(near)):
        wanted += [("percentage", PERCENT), ("percentage", "100 × ({} - {}) / {}")]
    return wanted


def sharp(number: Number, name: str, a: Number, b: Number) -> bool:
    """Whether the operands are told finely enough to give such a number: 5 and 4 say nothing of .256."""
    low, high = extent(OPERATIONS[name], a, b)
    return high - low <= 5 * float(number.step)


def significant(number: Number) -> bool:
    """Of two digits, or a ratio: a difference of 1 follows from too much."""
    return number.value != 0 and (abs(number.value / number.step) >= 10 or number.unit == "x" or number.step < 1)


def alike(number: Number, operand: Number, kind: str) -> bool:
    """Whether a difference may have this unit where its operands have theirs."""
    if kind != "difference":
        return True
    scale = {"pp": "%", "points": ""}
    return scale.get(number.unit, number.unit) == scale.get(operand.unit, operand.unit) or "" in (number.unit, operand.unit)


# lists with labels


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
