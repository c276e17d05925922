"""Rows of a table that sum up its column, and lines of a list that sum up the others: means, totals, SDs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from harness.review.claims import Claim
from harness.review.columns import REST
from harness.review.number import Number
from harness.review.orders import FEWEST_VALUES, LABELLED, SUMMARY
from harness.review.passages import Passage, where
from harness.review.prose import Cell, Sentence, Table
from harness.review.ranges import Range, agrees, in_cell, judged, said

MEANS = re.compile(r"\W*(?:(?:macro[- ])?(?:average|mean|avg)\.?)\W*(?:\(.*\))?\W*", re.IGNORECASE)
SUMS = re.compile(r"\W*(?:(?:grand )?total|sum)\W*", re.IGNORECASE)
SPREADS = re.compile(r"\W*(?:SD|std\.?(?: dev\w*)?|standard deviation)\W*", re.IGNORECASE)


def summary_rows(table: Table) -> Iterator[Claim]:
    for row in table.rows:
        name = table.name(row)
        kind = next((kind for kind, pattern in (("mean", MEANS), ("sum", SUMS), ("SD", SPREADS)) if pattern.fullmatch(name)), None)
        if kind:
            for place, cell in enumerate(row):
                if place != table.key_column and cell.number is not None:
                    yield from _summary_cell(table, place, cell, cell.number, kind)


def list_totals(passage: Passage) -> Iterator[Claim]:
    """`Average: 4.0` at the end of a list of `name: value`."""
    told: list[tuple[str, Sentence, Number]] = []
    for sentence in passage.sentences:
        label = LABELLED.match(sentence.text)
        number = next((one for one in sentence.numbers if label and 0 <= one.start - label.end() + 2 < 5), None)
        if label is None or number is None:
            told = []
            continue
        kind = next((kind for kind, pattern in (("mean", MEANS), ("sum", SUMS)) if pattern.fullmatch(label["label"])), None)
        values = [one for name, _, one in told if not SUMMARY.search(name)] if kind else []
        if kind and len(values) >= FEWEST_VALUES and len(values) == len(told) and {(one.unit, one.marker) for one in values} == {(number.unit, "")}:
            computed = _summed(values, kind)
            if agrees(number, computed) or _must_sum(kind, number, values):
                how = f"the {'plain mean' if kind == 'mean' else kind} of the {len(values)} lines above"
                yield judged(said(sentence, number), "average" if kind == "mean" else "sum", computed, how, where(told[0][1]))
        told.append((label["label"], sentence, number))


def _summary_cell(table: Table, place: int, cell: Cell, stated: Number, kind: str) -> Iterator[Claim]:
    body = [row for row in table.rows if not _sums_up(table.name(row))]
    numbers = [row[place].number for row in body]
    values = [one for one in numbers if one is not None]
    if len(values) < FEWEST_VALUES or len(values) != len(body) or any(_is_total(table.name(row)) for row in body) or len({one.unit for one in values}) > 1:
        return
    computed = _summed(values, kind)
    how = f"the {'plain mean' if kind == 'mean' else kind} of the {len(values)} rows"
    address = f"lines {body[0][0].line}-{body[-1][0].line}"
    weight = _weighted(table, place, body, stated) if kind == "mean" and not agrees(stated, computed) else None
    if weight:
        yield in_cell(cell, stated).claim("average", "CONFIRMED", f"the mean weighted by {weight}", address)
    elif agrees(stated, computed) or _must_sum(kind, stated, values):
        yield judged(in_cell(cell, stated), "average" if kind == "mean" else "sum" if kind == "sum" else "mean±sd", computed, how, address)


def _sums_up(name: str) -> bool:
    return bool(
        MEANS.fullmatch(name)
        or SUMS.fullmatch(name)
        or SPREADS.fullmatch(name)
        or re.fullmatch(r"\W*(?:median|min|max|range|overall|SE|CI)\W*", name, re.IGNORECASE)
    )


def _is_total(name: str) -> bool:
    return bool(REST.search(name))


def _summed(values: Sequence[Number], kind: str) -> Range:
    middles = [float(one.value) for one in values]
    half = sum(float(one.step) / 2 for one in values)
    if kind == "sum":
        exact = all(one.step == 1 for one in values)  # counts are not rounded
        return (sum(middles), sum(middles)) if exact else (sum(middles) - half, sum(middles) + half)
    mean = sum(middles) / len(middles)
    if kind == "mean":
        half = half / len(middles) if any(one.step < 1 or one.unit == "%" for one in values) else 0.0
        return mean - half, mean + half
    squares = sum((one - mean) ** 2 for one in middles)
    half = max(float(one.step) for one in values) / 2
    return (squares / len(middles)) ** 0.5 - half, (squares / (len(middles) - 1)) ** 0.5 + half


def _must_sum(kind: str, stated: Number, values: Sequence[Number]) -> bool:
    """A total of shares or scores need be no sum."""
    return kind != "sum" or (
        stated.unit in ("", "$") and all(one.unit == stated.unit for one in values) and (stated.unit == "$" or all(one.step == 1 for one in (*values, stated)))
    )


def _weighted(table: Table, place: int, body: Sequence[Sequence[Cell]], stated: Number) -> str | None:
    """The column of counts by which the stated mean is weighted."""
    for other, header in enumerate(table.header):
        weights = [row[other].number for row in body]
        known = [float(one.value) for one in weights if one is not None and one.step == 1 and one.value > 0]
        if other == place or len(known) != len(body):
            continue
        values = [row[place].number for row in body]
        mean = sum(weight * float(one.value) for weight, one in zip(known, values, strict=True) if one is not None) / sum(known)
        half = max(float(one.step) for one in values if one is not None) / 2
        if agrees(stated, (mean - half, mean + half)):
            return header.plain
    return None
