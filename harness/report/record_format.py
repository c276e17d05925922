"""How the fields of section records are written: numbers by their address, intervals, the word for what is absent; and the types that bound them."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from harness.report.addresses import below
from harness.report.number_format import significant
from harness.report.numbers import NO_INTERVAL, NOT_MEASURED, Numbers

# Wider than a similarity or a share can be, since the ends of an interval may lie outside; narrow enough that everything can be drawn.
Similarity = Annotated[float, msgspec.Meta(ge=-2, le=2)]
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
Amount = Annotated[float, msgspec.Meta(ge=0, le=1e12)]
Count = Annotated[int, msgspec.Meta(ge=0, le=2**53)]
# Wide enough for the z of a law that is broken outright, narrow enough to be written out and drawn.
Real = Annotated[float, msgspec.Meta(ge=-1e20, le=1e20)]

ONES = (1.0, -1.0)  # a share of .9997 is not 1


def format_field(numbers: Numbers, at: str, record: Any, key: str, form: str = "", absent: str = NOT_MEASURED) -> str:
    """The number in a field of the record at an address, or the word for its absence: nothing missing is shown as zero."""
    return numbers.dress(absent) if getattr(record, key) is None else numbers.num(below(at, key), form)


def format_text(numbers: Numbers, at: str, record: Any, key: str, absent: str = "not stated") -> str:
    """The text in a field of the record at an address; the numbers in it are found by its address."""
    return numbers.text(below(at, key)) if getattr(record, key) else numbers.dress(absent)


def format_list(numbers: Numbers, at: str, record: Any, key: str, absent: str = "not stated") -> str:
    """`a, b` from a field that lists texts, each told by its address."""
    texts = [numbers.text(below(at, key, place)) for place in range(len(getattr(record, key)))]
    return type(texts[0])(", ").join(texts) if texts else numbers.dress(absent)


def format_interval(numbers: Numbers, at: str, record: Any, low: str = "low", high: str = "high") -> str:
    """`[.27, .41]` from two fields."""
    if getattr(record, low) is None or getattr(record, high) is None:
        return numbers.dress(NO_INTERVAL)
    first, second = (numbers.num(below(at, end), "similarity") for end in (low, high))
    return type(first)("[") + first + ", " + second + "]"


def format_short(numbers: Numbers, where: str, value: float | None, bounds: tuple[float, ...] = ONES) -> str:
    """The number at an address, which is `value`, in three digits and without a unit; it is not rounded onto a bound that it is not at."""
    if value is None:
        return numbers.dress(NOT_MEASURED)
    onto = any(value != bound and significant(value) == significant(bound) for bound in bounds)
    return numbers.num(where, "plain" if onto else "ratio")


def format_mean(numbers: Numbers, at: str, record: Any, keys: tuple[str, str, str] = ("mean", "low", "high"), *path: int) -> str:
    """`.414 [.396, .432]` from the fields of a mean and of both ends of its interval, or from one place in each of these lists."""
    values = [inside(getattr(record, key), path) for key in keys]
    mean, low, high = (
        format_short(numbers, below(at, key, *path), value, (*ONES, *(other for other in values if other is not None and other != value)))
        for key, value in zip(keys, values, strict=True)
    )
    if values[0] is None:
        return mean
    if values[1] is None or values[2] is None:
        return mean + " " + numbers.dress(NO_INTERVAL)
    return type(mean)("") + mean + " [" + low + ", " + high + "]"


def inside(value: Any, path: tuple[int, ...]) -> Any:
    for index in path:
        value = value[index] if value else None
    return value


def axis_limits(points: list[float], share: float = 0.06) -> tuple[float, float]:
    """The ends of an axis that shows all points, never the same."""
    low, high = (min(points), max(points)) if points else (0.0, 1.0)
    room = max((high - low or abs(low)) * share, 1e-6 * max(abs(low), abs(high))) or 0.5
    return low - room, high + room


def with_zero(points: list[float]) -> list[float]:
    """The points, and zero where that leaves at most half of their axis empty."""
    far = bool(points) and min(map(abs, points)) > max(points) - min(points)
    return points if far and min(points) * max(points) > 0 else [0.0, *points]
