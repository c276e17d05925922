"""What a cell's criterion held its interval against: where the registered threshold lies, and the margin that an effect too small stays within.

The record of a cell names its threshold, not what was asked of it. That is told by the design (`asks`), by the polarity of a control, or by a verdict that
only one question can have given; where none of them tells, an effect was asked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from harness.plaintext import MINUS
from harness.records import Cell, Measurement, Threshold
from harness.report.addresses import below
from harness.report.axis_order import inside
from harness.report.numbers import Numbers
from harness.report.view import View

YES, NO = ("supported", "passed"), ("falsified", "failed")
Margin = tuple[float | None, float | None]  # from, to; None is without end


@dataclass(frozen=True, kw_only=True)
class Bar:
    """The threshold of a cell in words and at its places on the axis. `margin` is there where an effect was to be excluded, or was."""

    text: str
    lines: tuple[float, ...]
    margin: Margin | None = None
    at: str = ""


def bar_of(view: View, numbers: Numbers, cell: Cell, measured: Measurement) -> Bar | None:
    """The bar of a measurement that has a registered threshold."""
    found = view.threshold_of(cell, measured)
    if not found:
        return None
    at, threshold = found
    size = numbers.num(below(at, "value"), unit=False).lstrip("+")
    asked, value = asked_of(view, cell, measured, threshold), abs(threshold.value)
    if asked == "within":
        return Bar(text=f"within ±{size}", lines=(), margin=(-value, value), at=at)
    if threshold.direction == "either":
        return Bar(text=f"threshold ±{size}", lines=(-value, value), margin=(-value, value) if cell.verdict in NO else None, at=at)
    rising = threshold.direction == "increase"
    place = threshold.value if rising or asked == "exceeds" else -value
    shown = size if rising or asked == "exceeds" else f"{MINUS}{size}"
    short = ((None, place) if rising else (place, None)) if cell.verdict in NO else None
    return Bar(text=f"threshold {'≥' if rising else '≤'} {shown}", lines=(place,), margin=short, at=at)


def asked_of(view: View, cell: Cell, measured: Measurement, threshold: Threshold) -> str:
    """`holds` (an effect), `within` (none) or `exceeds` (a level)."""
    for criterion in _declared(view, cell.owner):
        if inside(criterion, "threshold") in ("", threshold.name) and inside(criterion, "asks") in ("within", "exceeds"):
            return str(inside(criterion, "asks"))
    check = view.check_of(cell) if cell.kind == "control" else None
    if check and check.polarity in ("negative", "canary"):
        return "within"
    towards = {"increase": measured.value, "either": abs(measured.value)}.get(threshold.direction)
    return "within" if cell.verdict in YES and towards is not None and towards < threshold.value else "holds"


def _declared(view: View, owner: str) -> list[Any]:
    found = inside(view.tree["design"], "hypotheses", owner, "criteria")
    return found if isinstance(found, list) else []
