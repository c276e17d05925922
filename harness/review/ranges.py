"""Ranges of rounded numbers: what a computation gives when each operand lies anywhere within its rounding, and whether a stated number can be that."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import product

import numpy as np

from harness.review.claims import Claim, ClaimVerdict, claim
from harness.review.number import Number
from harness.review.prose import Cell, Sentence

Range = tuple[float, float]
SLACK = 1e-9  # relative, for the arithmetic


@dataclass(frozen=True)
class Said:
    """A number with its place in the document."""

    number: Number
    line: int
    column: int

    def claim(self, kind: str, verdict: ClaimVerdict, reason: str, address: str = "") -> Claim:
        return claim(self.line, self.column, self.number.text, kind, verdict, reason, address, length=self.number.end - self.number.start)


def once(claims: Iterable[Claim]) -> list[Claim]:
    """One claim a place; a WRONG before a CONFIRMED."""
    best: dict[tuple[int, int], Claim] = {}
    for one in claims:
        key = one.line, one.column
        if key not in best or (best[key].verdict == "CONFIRMED" and one.verdict != "CONFIRMED"):
            best[key] = one
    return sorted(best.values(), key=lambda one: (one.line, one.column))


def bounds(number: Number) -> Range:
    low, high = number.bounds
    if number.marker == "~":  # told as rough: a step to either side
        return float(low - number.step / 2), float(high + number.step / 2)
    return float(low), float(high)


def image(function: Callable[..., float], *ranges: Range) -> Range:
    """The range of a function that is monotone in each operand, from the corners."""
    values = [function(*corner) for corner in product(*ranges)]
    values = [value for value in values if np.isfinite(value)]
    return (min(values), max(values)) if values else (-np.inf, np.inf)


def meets(one: Range, other: Range) -> bool:
    slack = SLACK * max((1e-300, *(abs(value) for value in (*one, *other) if np.isfinite(value))))
    return one[0] <= other[1] + slack and other[0] <= one[1] + slack


def agrees(stated: Number, computed: Range) -> bool:
    """Whether what was computed can be what is stated, by its rounding and its marker."""
    value = float(stated.value)
    if stated.marker in ("<", "≤"):
        return computed[0] <= value * (1 + SLACK)
    if stated.marker in (">", "≥"):
        return computed[1] >= value * (1 - SLACK)
    return meets(bounds(stated), computed)


def shown(computed: Range) -> str:
    middle = sum(computed) / 2
    if computed[0] == computed[1] and middle % 1 == 0 and abs(middle) < 1e15:
        return f"{middle:,.0f}"
    return f"{middle:.3g}" if abs(computed[1] - computed[0]) <= 0.02 * abs(middle) or middle == 0 else f"{computed[0]:.3g} to {computed[1]:.3g}"


def said(sentence: Sentence, number: Number) -> Said:
    place = sentence.place(number.start)
    return Said(number, place.line, place.column)


def in_cell(cell: Cell, number: Number) -> Said:
    return Said(number, cell.line, cell.column + number.start)


def judged(place: Said, kind: str, computed: Range, how: str, address: str) -> Claim:
    if agrees(place.number, computed):
        return place.claim(kind, "CONFIRMED", f"{how} gives {shown(computed)}", address)
    return place.claim(kind, "WRONG", f"{how} gives {shown(computed)}, the text says {place.number.text.strip()}", address)
