"""What may be measured: finite numbers in a unit that they fit, outcomes by item id, arms that hold the same items."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from harness.errors import HarnessError
from harness.extensions import unit_named, unit_names
from harness.plaintext import format_number
from harness.records import Interval, Measurement

ByItem = Mapping[str, Any]


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
    if (bounds := unit_named(unit)) is None:
        raise HarnessError(f"{name} has the unknown unit {unit!r}", mend=f"Use one of {', '.join(unit_names())}")
    low, high, meaning = bounds
    if not low <= value <= high:
        raise HarnessError(f"{name} is {format_number(value)}, which {unit} ({meaning}) cannot be", mend="Correct the value or the unit")
    return value


def require_whole(n: Any, name: str) -> int:
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


LOWEST_LEVEL = 0.8
# Units in which zero is no effect, so that an interval and a p can contradict each other.
AGAINST_ZERO = ("pp", "points", "nats", "value", "correlation")


def require_interval(bounds: Interval | Sequence[float], value: float, name: str, n: int) -> Interval:
    """An interval that the test computed itself, about the value. Raises HarnessError for one that no n units can give."""
    if not isinstance(bounds, Interval):
        if len(bounds) != 2 or not bounds[0] <= bounds[1]:
            raise HarnessError(f"the interval of {name} is {bounds!r}", mend="Give (low, high)")
        bounds = Interval(low=number(bounds[0], name), high=number(bounds[1], name), level=0.95, method="given by the test")
    room = 1e-9 * max(1.0, abs(value))
    if not bounds.low - room <= value <= bounds.high + room:
        raise HarnessError(
            f"{name} is {format_number(value)}, outside its interval [{format_number(bounds.low)}, {format_number(bounds.high)}]",
            mend="Give the interval of this value, in its unit",
            code="S402",
        )
    number(bounds.low, name), number(bounds.high, name)
    if not LOWEST_LEVEL <= bounds.level < 1:
        raise HarnessError(f"the interval of {name} has the level {bounds.level:g}", mend=f"Give an interval of a level from {LOWEST_LEVEL:g} to below 1")
    undecided = bounds.method.startswith(("none", "degenerate"))  # says itself that it decides nothing
    if not undecided and (n == 1 or bounds.low == bounds.high):
        fault = "an interval over a single unit" if n == 1 else "an interval of no width"
        raise HarnessError(
            f"{name} has {fault}", mend='One unit, or equal units, tell no spread: leave interval= out, or say method="degenerate: …"', code="M305"
        )
    return bounds


def check_test(p: float, method: str, interval: Interval | None, unit: str, name: str) -> None:
    """Raises HarnessError for a typed p that its test cannot give, or that its interval contradicts."""
    drawn = [int(re.sub("[,_]", "", count)) for count in re.findall(r"\d[\d,_]*", method)]
    if drawn and re.search("permut|shuffl|flip", method.lower()) and p < (1 - 1e-9) / (max(drawn) + 1):
        raise HarnessError(f"p of {name} is {format_number(p, '.3g')}, below 1/({max(drawn)}+1)", mend=f"{method!r} gives (b+1)/(B+1), never less", code="S402")
    if interval is not None and unit in AGAINST_ZERO:
        outside, chance = interval.low > 0 or interval.high < 0, 1 - interval.level
        if (outside and p > 2 * chance) or (not outside and p < chance / 10):
            lies = "leaves zero" if outside else "holds zero"
            told = f"p of {name} is {format_number(p, '.3g')}, yet its interval [{format_number(interval.low)}, {format_number(interval.high)}] {lies}"
            raise HarnessError(told, mend="Give the p and the interval of one test, in one unit", code="S402")


def reason(text: Any, name: str) -> str:
    """Why no samples stand behind a number, in words."""
    if not isinstance(text, str):
        raise HarnessError(f"{name} has unsampled={text!r}", mend='Say why in words: unsampled="computed from hidden states"')
    return text.strip()


def refuse_value_as_p(name: str, value: float, p: float, method: str) -> None:
    """Raises HarnessError where a p is the value itself, or what it lacks to 1."""
    if 0 < p < 1 and not method and min(abs(p - value), abs(1 - p - value)) < 1e-12:
        raise HarnessError(f"the p of {name} is {'its value' if p == value else '1 - its value'}", mend="A measure of fit is no p value: test it", code="S402")


def refuse_similarity(typed: Sequence[Measurement], taken: Sequence[Measurement]) -> None:
    """Raises HarnessError where a p or a probability that the test computed is a similarity or a correlation of the same cell, or what it lacks to 1."""
    for alike in (found for found in taken if found.unit in ("similarity", "correlation")):
        for found in typed:
            for what, value in (("p", found.p), ("value", found.value if found.unit == "probability" else None)):
                if value is not None and value < 1 and min(abs(value - alike.value), abs(1 - value - alike.value)) < 1e-12:
                    told = f"the {what} of {found.name} is the {alike.unit} {alike.name} ({format_number(alike.value)})"
                    raise HarnessError(told, mend=f"A {alike.unit} is no p value: test it, for example by permutation", code="S402")


def split_known(outcomes: ByItem, name: str) -> tuple[dict[str, Any], str]:
    """(items with an answer, in id order, note on those without). Raises HarnessError where none has one."""
    answered = {item: outcomes[item] for item in sorted(outcomes) if outcomes[item] is not None}
    if not answered:
        raise HarnessError(f"{name} has no answers among {len(outcomes)} items", mend="An empty set measures nothing; look at the raw samples", code="M313")
    lost = len(outcomes) - len(answered)
    return answered, f"{lost} of {len(outcomes)} items gave no answer and are left out" if lost else ""


def join_fingerprints(fingerprints: list[str]) -> str:
    from harness.fingerprint import fingerprint

    return fingerprints[0] if len(fingerprints) == 1 else fingerprint(fingerprints) if fingerprints else ""
