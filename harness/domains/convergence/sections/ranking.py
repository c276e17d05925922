"""Who did what was expected: for each capability the share of expected behaviour met, model by model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from harness.records import SectionRecord
from harness.report.addresses import below
from harness.report.blocks import Block, Column, Prose, Table
from harness.report.numbers import NOT_MEASURED, Numbers
from harness.report.record_format import Count, Share, format_interval

NOTE = (
    "The share of prompts on which a model did what was expected, with its interval, of how many prompts. Models stand in the order of the mean of their "
    "columns; one with a gap stands behind those without."
)


class ExpectedMet(SectionRecord, frozen=True, kw_only=True):
    """The share of a capability's `n` prompts on which a model did what was expected, and its interval."""

    capability: str
    model: str
    met: Share
    low: Share
    high: Share
    n: Count

    def __post_init__(self) -> None:
        if not self.low <= self.met <= self.high:
            raise ValueError("met does not lie in its interval from low to high")


class Ranking:
    """A row for each model, a column for each capability."""

    id, title, position = "ranking", "Expected behaviour met", 230
    record = ExpectedMet

    def build(self, records: Mapping[str, ExpectedMet], numbers: Numbers) -> Iterator[Block]:
        places = {(record.model, record.capability): at for at, record in records.items()}
        capabilities = {record.capability: numbers.text(below(at, "capability")) for at, record in records.items()}
        models = {record.model: numbers.text(below(at, "model")) for at, record in records.items()}
        yield Prose(text=NOTE)
        columns = [Column(heading="model"), *(Column(heading=heading, numeric=True) for heading in capabilities.values())]
        rows = [[models[model], *(format_met(numbers, records, places.get((model, name))) for name in capabilities)] for model in order_models(records)]
        yield Table(title="", columns=columns, rows=rows)


def order_models(records: Mapping[str, ExpectedMet]) -> list[str]:
    """The models with the most columns first, among these the best."""
    shares: dict[str, list[float]] = {}
    for record in records.values():
        shares.setdefault(record.model, []).append(record.met)
    return sorted(shares, key=lambda model: (-len(shares[model]), -sum(shares[model]) / len(shares[model]), model))


def format_met(numbers: Numbers, records: Mapping[str, ExpectedMet], at: str | None) -> str:
    """`.83 [.70, .92] of 30`, or that it was not measured."""
    if at is None:
        return numbers.dress(NOT_MEASURED)
    return numbers.num(below(at, "met"), "rate") + " " + format_interval(numbers, at, records[at]) + " of " + numbers.num(below(at, "n"), "count")
