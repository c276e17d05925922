"""What a call costs: list prices as of the date in prices.yaml; check before relying. An unknown price is unknown, never zero."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import msgspec

from harness.models.model_names import same_model

MILLION = 1_000_000


class Price(msgspec.Struct, frozen=True):
    """US dollars per million tokens."""

    input: float
    output: float

    def cost(self, input_tokens: int, output_tokens: int) -> float:
        """US dollars."""
        return (input_tokens * self.input + output_tokens * self.output) / MILLION


@functools.cache
def table() -> dict[str, Any]:
    """prices.yaml: `as_of`, `sources`, `batch_share`, and `models` by vendor."""
    from harness.yamlfile import YamlFile

    read: dict[str, Any] = YamlFile(Path(__file__).with_name("prices.yaml")).data
    return read


def list_price(vendor: str, model: str) -> Price | None:
    """The list price of a model or of its dated snapshot; None where it is unknown."""
    found = [price for name, price in table()["models"].get(vendor, {}).items() if same_model(name, model)]
    return Price(*found[0]) if found else None


def batch_share() -> float:
    """The share of the list price that a request through a batch endpoint costs."""
    return float(table()["batch_share"])


def cost(price: Price | None, input_tokens: int | None, output_tokens: int | None) -> float | None:
    """US dollars, or None where the price or a count is unknown."""
    return None if price is None or input_tokens is None or output_tokens is None else price.cost(input_tokens, output_tokens)
