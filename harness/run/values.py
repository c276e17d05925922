"""What may be measured: finite numbers in a unit that they fit, outcomes by item id, arms that hold the same items."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from harness.errors import HarnessError
from harness.records import Interval
from harness.units import UNITS as UNITS

Outcomes = Mapping[str, Any]


def number(value: Any, name: str) -> float:
    """A finite float from Python, numpy or torch scalars. Raises HarnessError for anything else."""
    if hasattr(value, "item"):
        try:
            value = value.item()
        except (RuntimeError, ValueError):
            raise HarnessError(f"{name} is an array of several numbers", mend="Reduce it to one number first") from None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise HarnessError(f"{name} is {value!r}, not a number", mend="Measure a number; count True with measure.rate")
    if not math.isfinite(value):
        raise HarnessError(f"{name} is {value}", mend="Find out why: a missing value must not be measured as a number")
    return float(value)


def in_unit(value: float, unit: str, name: str) -> float:
    if unit not in UNITS:
        raise HarnessError(f"{name} has the unknown unit {unit!r}", mend=f"Use one of {', '.join(UNITS)}")
    low, high, meaning = UNITS[unit]
    if not low <= value <= high:
        raise HarnessError(f"{name} is {value:g}, which {unit} ({meaning}) cannot be", mend="Correct the value or the unit")
    return value


def whole(n: Any, name: str) -> int:
    n = n.item() if hasattr(n, "item") else n
    if isinstance(n, bool) or not isinstance(n, int) or n < 1:
        raise HarnessError(f"{name} has N = {n!r}", mend="N counts the sampling units: a whole number of at least 1")
    return n


def share(value: Any, name: str) -> float:
    """True, False, or the mean of several: a number from 0 to 1."""
    value = value.item() if hasattr(value, "item") else value
    if not isinstance(value, bool | int | float) or not 0 <= value <= 1:
        raise HarnessError(f"{name} holds {value!r}", mend="A rate counts True and False; use measure.mean for other numbers")
    return float(value)


def given(bounds: Sequence[float], name: str) -> Interval:
    """An interval that the test computed itself."""
    if len(bounds) != 2 or not bounds[0] <= bounds[1]:
        raise HarnessError(f"the interval of {name} is {bounds!r}", mend="Give (low, high)")
    return Interval(low=number(bounds[0], name), high=number(bounds[1], name), level=0.95, method="given by the test")


def known(outcomes: Outcomes, name: str) -> tuple[dict[str, Any], str]:
    """(items with an answer, in id order, note on those without). Raises HarnessError where none has one."""
    answered = {item: outcomes[item] for item in sorted(outcomes) if outcomes[item] is not None}
    if not answered:
        raise HarnessError(f"{name} has no answers among {len(outcomes)} items", mend="An empty set measures nothing; look at the raw samples")
    lost = len(outcomes) - len(answered)
    return answered, f"{lost} of {len(outcomes)} items gave no answer and are left out" if lost else ""


def joined(fingerprints: list[str]) -> str:
    from harness.fingerprint import fingerprint

    return fingerprints[0] if len(fingerprints) == 1 else fingerprint(fingerprints) if fingerprints else ""
