"""Numbers that follow from others: operations on told numbers, whose operands are themselves rounded.

A result is wrong only where no operands within their rounding give it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from harness.review.claims import Claim, ClaimVerdict, claim
from harness.review.number import Number

Operation = Callable[[float, float], float]
OPERATIONS: dict[str, Operation] = {
    "{} - {}": lambda a, b: a - b,
    "{} / {}": lambda a, b: a / b,
    "100 × {} / {}": lambda a, b: 100 * a / b,
    "{} × {}": lambda a, b: a * b,
    "the change from {1} to {0} in per cent": lambda a, b: 100 * (a - b) / b,
}
DIFFERENCE, RATIO, PERCENT, PRODUCT, CHANGE = OPERATIONS
DIFFERENT = re.compile(
    r"\b(?:diff(?:erence)?s?|delta|gap|shift\w*|change[ds]?|range|drop\w*|improve\w*|decrease\w*|increase\w*|gain\w*|margin|spread|shrink\w*|higher|lower"
    r"|more extreme|lose|lost|less|fewer|longer|shorter|advantage|effect)\b|Δ",
    re.IGNORECASE,
)
RATIOED = re.compile(r"\b(?:ratio|times|fold|per)\b", re.IGNORECASE)
SHARED = re.compile(r"\b(?:of|share|rate|percent|preserv\w*|retain\w*|accura\w*|variation|saves?)\b|%", re.IGNORECASE)
FEWEST, SHARE = 3, 0.75  # rows of a table that agree before one that does not is wrong, and their share


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


def sharp(number: Number, name: str, a: Number, b: Number) -> bool:
    """Whether the operands are told finely enough to give such a number: 5 and 4 say nothing of .256."""
    low, high = extent(OPERATIONS[name], a, b)
    return high - low <= 5 * float(number.step)


def exact(number: Number) -> Number:
    """A count: it is not rounded."""
    return replace(number, step=number.step.scaleb(-9))
