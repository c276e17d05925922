"""Means with the ends of their intervals: what must hold among them."""

from __future__ import annotations

from collections.abc import Sequence


def check_span(what: str, mean: float | None, low: float | None, high: float | None) -> None:
    """Raises ValueError where a mean has no interval around it, or an interval has no mean. None of the three is there where nothing was measured."""
    known = [value for value in (low, mean, high) if value is not None]
    if len(known) not in (0, 3) or known != sorted(known):
        raise ValueError(f"{what} is no mean inside its interval")


def check_spans(what: str, count: int, means: Sequence[float | None], lows: Sequence[float | None], highs: Sequence[float | None]) -> None:
    """The same for `count` places. Raises ValueError where there are more or fewer."""
    if {len(means), len(lows), len(highs)} != {count}:
        raise ValueError(f"{what}: means and ends of intervals are not {count} each")
    for mean, low, high in zip(means, lows, highs, strict=True):
        check_span(what, mean, low, high)
