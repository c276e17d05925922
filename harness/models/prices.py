"""What a call costs: list prices as of the date in models.yaml; check before relying. An unknown price is unknown, never zero."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

MILLION = 1_000_000


class Tokens(msgspec.Struct, frozen=True, kw_only=True):
    """Tokens of one call. `cached` were read from the vendor's prompt cache and `written` into it, both of them counted in `input`; `reasoning` were thought,
    and are counted in `output`. None: not told."""

    input: int | None = None
    output: int | None = None
    cached: int | None = None
    written: int | None = None
    reasoning: int | None = None


class Long(msgspec.Struct, frozen=True, kw_only=True):
    """A call with more than `above` input tokens costs so many times as much, all of it."""

    above: int
    input: float
    output: float


class Price(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """US dollars per million tokens. Where a vendor has no price of its own for tokens from the cache, or into it, they cost as much as any other input.
    Tokens that a model thinks are output."""

    input: float
    output: float
    cached: float | None = None
    written: float | None = None
    long: Long | None = None

    def cost(self, input_tokens: int, output_tokens: int, cached: int = 0, written: int = 0) -> float:
        """US dollars."""
        into, out = (self.long.input, self.long.output) if self.long and input_tokens > self.long.above else (1.0, 1.0)
        rest = max(0, input_tokens - cached - written)
        paid = rest * self.input + cached * self._or_input(self.cached) + written * self._or_input(self.written)
        return (into * paid + out * output_tokens * self.output) / MILLION

    def most(self, input_tokens: int, output_tokens: int) -> float:
        """US dollars that a call of so many tokens cannot exceed, whatever the cache does."""
        return self.cost(input_tokens, output_tokens, written=input_tokens if self._or_input(self.written) > self.input else 0)

    def _or_input(self, price: float | None) -> float:
        return self.input if price is None else price


def sum_known(values: Iterable[Any]) -> Any:
    """The sum of numbers, or None where one of them is unknown: a call that timed out may have been billed."""
    known = list(values)
    return None if None in known else sum(known)


def cost(price: Price | None, used: Tokens) -> float | None:
    """US dollars, or None where the price or a count is unknown."""
    if price is None or used.input is None or used.output is None:
        return None
    return price.cost(used.input, used.output, used.cached or 0, used.written or 0)
