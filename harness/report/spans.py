"""Numbers of simulations as tables write them: three digits, more where a bound would be told that is not reached, and means with their intervals."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from harness.report.addresses import below
from harness.report.digits import significant
from harness.report.numbers import NOT_MEASURED, Numbers
from harness.report.stated import NO_INTERVAL

# Wide enough for the z of a law that is broken outright, narrow enough to be written out and drawn.
Real = Annotated[float, msgspec.Meta(ge=-1e20, le=1e20)]
ONES = (1.0, -1.0)  # a share of .9997 is not 1
SHORT = "ratio"  # the form without a unit: columns and axes tell it


def spelt(numbers: Numbers, where: str, value: float | None, bounds: tuple[float, ...] = ONES) -> str:
    """The number at an address, which is `value`, without its unit, or the word for its absence; it is not rounded onto a bound that it is not at."""
    if value is None:
        return numbers.dress(NOT_MEASURED)
    onto = any(value != bound and significant(value) == significant(bound) for bound in bounds)
    return numbers.num(where, "plain" if onto else SHORT)


def ranged(numbers: Numbers, places: tuple[str, str, str], values: tuple[float | None, float | None, float | None]) -> str:
    """`.414 [.396, .432]` from the addresses and values of a mean and of both ends of its interval."""
    mean, low, high = (spelt(numbers, where, value, (*ONES, *_others(values, value))) for where, value in zip(places, values, strict=True))
    if values[0] is None:
        return mean
    if values[1] is None or values[2] is None:
        return mean + " " + numbers.dress(NO_INTERVAL)
    return type(mean)("") + mean + " [" + low + ", " + high + "]"  # by "+", so that dressed text stays dressed


def _others(values: tuple[float | None, ...], value: float | None) -> list[float]:
    """The numbers of an interval from which one must be told apart: an interval is never shown as a point."""
    return [other for other in values if other is not None and other != value]


def listed(numbers: Numbers, at: str, stated: Any, *path: int) -> str:
    """The same for one place of the lists `mean`, `low` and `high` of what stands at an address."""
    keys = ("mean", "low", "high")
    mean, low, high = (_inside(getattr(stated, key), path) for key in keys)
    first, second, third = (below(at, key, *path) for key in keys)
    return ranged(numbers, (first, second, third), (mean, low, high))


def _inside(value: Any, path: tuple[int, ...]) -> Any:
    for place in path:
        value = value[place] if value else None
    return value


def limits(points: list[float], share: float = 0.06) -> tuple[float, float]:
    """The ends of an axis that shows all points, never the same."""
    low, high = (min(points), max(points)) if points else (0.0, 1.0)
    room = max((high - low) * share, 1e-6 * max(abs(low), abs(high))) or 0.5
    return low - room, high + room
