"""Columns of a table that follow from others: differences, ratios, shares, and lengths of the texts beside them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import permutations

from harness.review.arithmetic import (
    DIFFERENCE,
    DIFFERENT,
    FEWEST,
    OPERATIONS,
    PERCENT,
    RATIO,
    RATIOED,
    SHARE,
    SHARED,
    Operation,
    Stated,
    exactly,
    follows,
    told,
)
from harness.review.claims import Claim
from harness.review.prose import Table

QUOTED = re.compile(r"[\"“'‘].*[\"”'’]", re.DOTALL)
LENGTH = re.compile(r"\b(?:length|characters?|chars|words?)\b", re.IGNORECASE)


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
