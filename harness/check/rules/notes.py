"""Rules about the numbers that people write into the notes of a run."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from harness.findings import Facts, found, rule
from harness.plaintext import format_number
from harness.records import Finding, Measurement, Place, Results

# A number that reports something: with a decimal point, a sign or a unit. A plain whole number ("four personas", "135 million parameters") need not.
NUMBER = re.compile(r"(?<![\w.,/-])(?P<sign>[-+−]?)(?P<digits>\d+(?:\.(?P<places>\d+))?)(?P<unit>\s?(?:%|pp\b|points?\b))?(?![\w/]|[.,]\d)")


class NotedNumber(NamedTuple):
    """A number as it stands in a note: its value, and the unit of its last digit."""

    text: str
    value: float
    step: float
    line: int


@rule("R501", "number without address", needs=("results", "folder"), severity="warning", source="R1: +0.256 stood in the text, and in no file of results")
def find_unknown_numbers(facts: Facts) -> Iterable[Finding]:
    """A number in the text of a report that stands in no result cannot be traced, and may be from another run. The rule reads `notes.md` beside a run: every
    number with a decimal point, a sign or a unit is the value of something measured, one of its bounds or arms, as it stands there or as a percentage. Numbers
    of generated text have their addresses; other documents are read by `harness review`.

    Bad: `- The shift is +0.256.`, which nothing measured.

    Good: `- The shift is {{cells/H1[villain]/measurements/shift/value}}.`
    """
    values = values_of(facts.results)
    for number in numbers_in(facts.folder):
        if not any(equals(number, value) or is_near(number, value) for value in values):
            message = f"{number.text} stands in notes.md, and nothing that was measured is {number.text}"
            yield found(message, where=place_of(facts, number), fix="Write the address of the number between double braces, as in numbers.csv")


@rule("R502", "rounding", needs=("results", "folder"), severity="warning", source="R2: 47.63 became 48, and .4998 became a half")
def find_wrong_rounding(facts: Facts) -> Iterable[Finding]:
    """A number that was rounded up says more than was measured. The rule reads `notes.md` beside a run, and reports numbers that are within one unit of their
    last digit of something that was measured, and not what that rounds to.

    Bad: `- Refusals rose by 47.7 pp.`, where 47.63 was measured.

    Good: `- Refusals rose by 47.6 pp.`, or the address, which is rounded by its unit.
    """
    values = values_of(facts.results)
    for number in numbers_in(facts.folder):
        near = [value for value in values if is_near(number, value)]
        if near and not any(equals(number, value) for value in values):
            closest = min(near, key=lambda value: abs(value - number.value))
            message = f"{number.text} stands in notes.md, and {format_number(closest, '.6g')} was measured"
            yield found(message, where=place_of(facts, number), fix="Round it to the nearest, or write its address between double braces")


def place_of(facts: Facts, number: NotedNumber) -> Place:
    folder: Path = facts.folder
    return Place(file=f"{folder.name}/notes.md", line=number.line)


def numbers_in(folder: Path) -> Iterator[NotedNumber]:
    """The numbers that report something in the texts of the notes, without those at an address."""
    from harness.report.notes import SLOTS, read_notes, split_references, texts

    notes = read_notes(folder)
    for note in (note for slot in SLOTS for note in texts(notes, slot)):
        for part in (part for part, reference in split_references(note.text) if not reference):
            yield from (number_of_match(match, note.line) for match in NUMBER.finditer(part) if match["places"] or match["sign"] or match["unit"])


def number_of_match(match: re.Match[str], line: int) -> NotedNumber:
    value = float(match["digits"]) * (-1 if match["sign"] in ("-", "−") else 1)
    return NotedNumber(match[0].strip(), value, 10.0 ** -len(match["places"] or ""), line)


def values_of(results: Results) -> set[float]:
    """What was measured: values, bounds, arms and p of all measurements, thresholds, and everything of that as a percentage."""
    plain = {value for cell in results.cells for measured in cell.measurements for value in numbers_of(measured)}
    plain |= {bar.value for bar in results.thresholds} | {p for one in results.hypotheses for p in (one.p, one.p_holm) if p is not None}
    return {value for value in (*plain, *(100 * value for value in plain)) if math.isfinite(value)}


def numbers_of(measured: Measurement) -> Iterator[float]:
    yield measured.value
    yield float(measured.n)
    yield from measured.arms
    if measured.interval is not None:
        yield from (measured.interval.low, measured.interval.high)
    yield from (value for value in (measured.p, measured.p_floor) if value is not None)


def equals(number: NotedNumber, value: float) -> bool:
    """Whether a value rounds to the number; its sign may be said in words."""
    return abs(abs(number.value) - abs(value)) <= number.step / 2 * (1 + 1e-9)


def is_near(number: NotedNumber, value: float) -> bool:
    return abs(abs(number.value) - abs(value)) < number.step * (1 - 1e-9)
