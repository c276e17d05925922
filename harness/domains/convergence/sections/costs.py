"""What the answers cost: by family, for each call, and beside what the same tokens cost where a vendor sells them directly."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from harness.plaintext import by_number
from harness.records import SectionRecord
from harness.report.addresses import below
from harness.report.blocks import Block, Column, Prose, Table
from harness.report.numbers import Numbers
from harness.report.record_format import Amount, Count, Real, format_field

UNKNOWN = "unknown"
COLUMNS = {
    "members": ("members", "count"),
    "calls": ("calls", "count"),
    "hits": ("from the cache", "count"),
    "seconds": ("seconds of calls", "seconds"),
    "usd": ("cost", "usd"),
    "per_call": ("cost per call", "usd"),
    "listed": ("at list prices", "usd"),
    "saved": ("saved", "usd"),
}
NOTE = (
    "Calls are those that were sent; answers from the cache cost nothing. Seconds are those of all calls one after another, with retries. At list prices: the "
    "same tokens at the price of the model's own vendor, as of the date in the table of prices; unknown where the table lacks one of the members."
)


class FamilyCost(SectionRecord, frozen=True, kw_only=True):
    """The `calls` to models of one family, or of all of them (`family` is ""), in US dollars; None is unknown, never zero.

    `per_call` is the cost of one call, `listed` that of all of them at the vendors' own list prices, `saved` the difference.
    """

    family: str
    members: Count
    calls: Count
    hits: Count
    seconds: Amount
    usd: Amount | None
    per_call: Amount | None
    listed: Amount | None
    saved: Real | None


class Costs:
    """A row for each family, and the sum."""

    id, title, position = "costs", "What it cost", 45
    record = FamilyCost

    def build(self, records: Mapping[str, FamilyCost], numbers: Numbers) -> Iterator[Block]:
        ordered = sorted(records.items(), key=lambda item: (not item[1].family, by_number(item[0])))
        columns = [Column(heading="family"), *(Column(heading=heading, numeric=True) for heading, _ in COLUMNS.values())]
        yield Table(title="", columns=columns, rows=[row(numbers, *item) for item in ordered])
        yield Prose(text=NOTE)


def row(numbers: Numbers, at: str, record: FamilyCost) -> list[str]:
    name = numbers.text(below(at, "family")) if record.family else numbers.dress("all")
    return [name, *(format_field(numbers, at, record, key, form, UNKNOWN) for key, (_, form) in COLUMNS.items())]
