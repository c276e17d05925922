"""Columns and rows of a table that follow from others: differences, ratios, shares, means, and lengths of the texts beside them.

What a column shows is learned from its cells that agree, among what its header allows.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import islice, permutations

from harness.review.arithmetic import (
    CHANGE,
    DIFFERENCE,
    DIFFERENT,
    FEWEST,
    OPERATIONS,
    PERCENT,
    RATIO,
    RATIOED,
    SHARE,
    SHARED,
    Stated,
    exact,
    exactly,
    follows,
    sharp,
    told,
)
from harness.review.claims import Claim
from harness.review.number import Number
from harness.review.prose import Cell, Table
from harness.review.restated import Spot
from harness.review.totals import MEANS, SUMS

QUOTED = re.compile(r"[\"“'‘].*[\"”'’]", re.DOTALL)
LENGTH = re.compile(r"\b(?:length|characters?|chars|words?)\b", re.IGNORECASE)
MOST_COLUMNS = 24  # of a table that is read with its rows for columns, too
NEAREST = 8  # columns on which another may depend: those next to it
SAMPLE = 4  # cells by which most relations are seen not to hold
Column = Sequence[Number | None]


@dataclass(frozen=True)
class Relation:
    """A column as an operation on two others, or on one other and the same number in each row. `operation` names what the reason says; `fewest` cells have to
    agree before it is believed."""

    operation: str
    left: Column
    right: Column
    where: str
    fewest: int = FEWEST


def table_relations(table: Table, wrong: Collection[Spot] = ()) -> Iterator[Claim]:
    """Cells of columns, and of rows, that most of the others say to be differences, changes, ratios, shares, means or sums. A cell that is known to be `wrong`
    says nothing of the others of its row."""
    yield from column_relations(table, wrong, summed=True)
    turned = table.turned()
    if len(turned.header) <= MOST_COLUMNS and len(turned.rows) >= FEWEST:
        yield from column_relations(turned, wrong, summed=False)  # rows that sum up others are read as such


def column_relations(table: Table, wrong: Collection[Spot], *, summed: bool) -> Iterator[Claim]:
    columns = [[trusted(row[place], wrong) for row in table.rows] for place in range(len(table.header))]
    numeric = [place for place, column in enumerate(columns) if sum(number is not None for number in column) >= FEWEST]
    for target in range(len(table.header)):
        best: tuple[int, list[Claim]] = (0, [])
        for one in relations(table, columns, target, [place for place in numeric if place != target], summed):
            if not may_hold(columns[target], one):
                continue
            found = list(related_cells(table, target, columns[target], one))
            right = sum(cell.verdict == "CONFIRMED" for cell, telling in found if telling)
            if right >= max(one.fewest, enough(sum(telling for _, telling in found)), best[0] + 1):
                best = right, [cell for cell, _ in found]
        yield from best[1]


def enough(told: int) -> float:
    """How many of so many cells have to agree: three quarters, or all but one of three."""
    return min(SHARE * told, max(told - 1, 2))


def trusted(cell: Cell, wrong: Collection[Spot]) -> Number | None:
    number = cell.number
    return None if number is None or (cell.line, cell.column + number.start) in wrong else number


def relations(table: Table, columns: Sequence[Column], target: int, others: Sequence[int], summed: bool) -> Iterator[Relation]:
    """What the header of a column allows it to be."""
    title, names = table.header[target].plain, [cell.plain for cell in table.header]
    allowed, near = operations_of(title), sorted(others, key=lambda place: abs(place - target))[:NEAREST]
    for a, b in permutations(near, 2) if allowed else ():
        yield from (Relation(name, columns[a], columns[b], f"{names[a]} and {names[b]}") for name in allowed)
    for a in near if allowed else ():
        yield from against_reference(table, columns, target, a, allowed)
        known = [one for one in columns[a] if one is not None]
        if PERCENT in allowed and len(known) == len(table.rows) and {one.unit for one in known} == {known[0].unit}:
            yield Relation(PERCENT, columns[a], [total_of(known)] * len(known), f"{names[a]} and its sum")
    if summed and (MEANS.fullmatch(title) or SUMS.fullmatch(title)):
        rows = [[number for place in others if (number := columns[place][row]) is not None] for row in range(len(table.rows))]
        totals = [total_of(one) if len(one) == len(others) > 1 and len({number.unit for number in one}) == 1 else None for one in rows]
        count = exact(replace(totals[0], value=Decimal(len(others)), step=Decimal(1))) if totals and totals[0] else None
        one = exact(replace(count, value=Decimal(1))) if count else None
        yield Relation(RATIO, totals, [count if MEANS.fullmatch(title) else one] * len(rows), "the sum of the other columns and their number")


def against_reference(table: Table, columns: Sequence[Column], target: int, a: int, allowed: Sequence[str]) -> Iterator[Relation]:
    """A column against its own value in one row: the first, or the one that has nothing, none or all of it."""
    numbers = [row[target].number for row in table.rows]
    whole = [place for place, one in enumerate(numbers) if one is not None and one.value == 100 and (one.unit == "%" or PERCENT in allowed)]
    none = [place for place, one in enumerate(numbers) if one is None or one.value in (0, 1)]
    for base in dict.fromkeys((*whole[:1], *none[:1], 0)):
        if base < len(columns[a]) and (reference := columns[a][base]) is not None:
            rest = [None if place == base else one for place, one in enumerate(columns[a])]
            where = f"{table.header[a].plain} and its value in {table.name(table.rows[base])}"
            fewest = {PERCENT: 1} if base in whole else {}
            yield from (Relation(name, rest, [reference] * len(rest), where, fewest.get(name, FEWEST)) for name in allowed)


def operations_of(title: str) -> list[str]:
    """What the header of a column says that it may be."""
    found = [DIFFERENCE, CHANGE] if DIFFERENT.search(title) else [DIFFERENCE] if "-" in title or "–" in title else []
    return [*found, RATIO, PERCENT] if RATIOED.search(title) or SHARED.search(title) or "/" in title else found


def total_of(numbers: Sequence[Number]) -> Number:
    """Their sum, as finely rounded as that of their roundings; counts are not rounded."""
    value, counted = sum((one.value for one in numbers), Decimal(0)), all(one.step == 1 for one in numbers)
    whole = replace(numbers[0], value=value, step=sum((one.step for one in numbers), Decimal(0)))
    return exact(replace(whole, step=Decimal(1))) if counted else whole


def may_hold(numbers: Column, one: Relation) -> bool:
    """Whether at least half of the first cells agree: a few rows tell what thousands would."""
    rows = ((n, a, b) for n, a, b in zip(numbers, one.left, one.right, strict=True) if n is not None and a is not None and b is not None and n.value != 0)
    right = [follows(n, OPERATIONS[one.operation], a, b, sign=False) for n, a, b in islice(rows, SAMPLE)]
    return sum(right) * 2 >= len(right)


def related_cells(table: Table, target: int, numbers: Column, one: Relation) -> Iterator[tuple[Claim, bool]]:
    """Each cell with what a relation says of it, and whether that tells anything of the relation: zeros do not."""
    operation = OPERATIONS[one.operation]
    for row, number, left, right in zip(table.rows, numbers, one.left, one.right, strict=True):
        if number is None or left is None or right is None or not sharp(number, one.operation, left, right):
            continue
        if right.value == 0 and one.operation != DIFFERENCE:
            continue
        stated, where = Stated(number, row[target].line, row[target].column + number.start), f"line {row[target].line}: {one.where}"
        telling = 0 not in (number.value, left.value, right.value)
        if follows(number, operation, left, right, sign=False):
            yield stated.claim("table cell", "CONFIRMED", "" if exactly(number, operation, left, right) else "of rounded operands", where), telling
        else:
            value = operation(float(left.value), float(right.value))
            yield stated.claim("table cell", "WRONG", f"{one.operation.format(told(left), told(right))} = {value:.6g} by its own row", where), telling


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
