"""Which level of the protocol a run belongs to: whom it took, and its money."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from harness.records import SectionRecord
from harness.report.addresses import below
from harness.report.blocks import Block, Column, Table
from harness.report.numbers import Numbers
from harness.report.record_format import Amount, Count, format_field, format_list, format_text


class ProtocolLevel(SectionRecord, frozen=True, kw_only=True):
    """The members that a level compared, how they were chosen, its budget (None: there is none) and what was spent (None: unknown), in US dollars."""

    level: Count
    members: tuple[str, ...]
    chosen: str
    budget_usd: Amount | None
    spent_usd: Amount | None


class Levels:
    """One row for each level."""

    id, title, position = "levels", "Protocol level", 50
    record = ProtocolLevel

    def build(self, records: Mapping[str, ProtocolLevel], numbers: Numbers) -> Iterator[Block]:
        columns = [Column(heading=heading, numeric=heading not in ("level", "chosen")) for heading in ("level", "members", "chosen", "budget", "spent")]
        yield Table(title="", columns=[*columns, Column(heading="who")], rows=[row(numbers, at, record) for at, record in records.items()])


def row(numbers: Numbers, at: str, record: ProtocolLevel) -> list[str]:
    counts = [numbers.num(below(at, *places), "count") for places in (("level",), ("members", "#"))]
    money = [format_field(numbers, at, record, key, "usd", absent) for key, absent in (("budget_usd", "none"), ("spent_usd", "unknown"))]
    return [*counts, format_text(numbers, at, record, "chosen"), *money, format_list(numbers, at, record, "members")]
