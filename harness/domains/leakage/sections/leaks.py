"""How far each behaviour leaked from each source into the target: one heat map, and the same numbers with their intervals."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Literal

from harness.domains.leakage.sections.leak_figure import draw
from harness.records import SectionRecord
from harness.report.addresses import below
from harness.report.blocks import Block, Column, Figure, Table
from harness.report.numbers import NO_INTERVAL, Numbers
from harness.report.record_format import Real, format_short

# Fields of a record, each with the two ends of its interval, and how the table calls them.
EFFECTS = {"shift": "shift of the target", "beyond": "beyond the canary", "taught": "beyond convergence alone"}


class Leak(SectionRecord, frozen=True, kw_only=True):
    """A behaviour trained into a source, and what convergence then changes in the target: the shift, the shift beyond the canary's, and the shift beyond that
    of convergence alone, in `unit`, each with the ends of its interval. `falls` says that the behaviour is shown by a lower outcome."""

    source: str
    behaviour: str
    unit: Literal["pp", "points"]
    falls: bool
    shift: Real
    shift_low: Real | None
    shift_high: Real | None
    beyond: Real
    beyond_low: Real | None
    beyond_high: Real | None
    taught: Real
    taught_low: Real | None
    taught_high: Real | None


class Leaks:
    """The map of source by behaviour, and a row for each leak."""

    id, title, position = "leaks", "Leaks by source and behaviour", 110
    record = Leak

    def build(self, records: Mapping[str, Leak], numbers: Numbers) -> Iterator[Block]:
        yield Figure(
            stem="leaks",
            alt="Heat map of the target's shift beyond the canary's, by source and behaviour; the same numbers stand in the table below.",
            caption="What convergence changes in the target beyond the canary, each behaviour trained into the source alone. The colour of the background is "
            "zero. Where a behaviour is shown by a lower outcome, which its label says, a leak is a fall. What is hatched was not measured.",
            draw=partial(draw, list(records.values())),
            addresses=[below(at, "beyond") for at in records],
        )
        headings = ["source", "behaviour", "unit", *EFFECTS.values()]
        columns = [Column(heading=heading, numeric=heading in EFFECTS.values()) for heading in headings]
        yield Table(title="Leaks in numbers", columns=columns, rows=[row(numbers, at, record) for at, record in records.items()], folded=True)


def row(numbers: Numbers, at: str, record: Leak) -> list[str]:
    texts = [numbers.text(below(at, key)) for key in ("source", "behaviour", "unit")]
    return [*texts, *(effect(numbers, at, record, key) for key in EFFECTS)]


def effect(numbers: Numbers, at: str, record: Leak, key: str) -> str:
    """`+3.1 [−1.2, +7.4]` from a field and the two that hold its ends."""
    value, low, high = (format_short(numbers, below(at, name), getattr(record, name), ()) for name in (key, f"{key}_low", f"{key}_high"))
    if getattr(record, f"{key}_low") is None:
        return value + " " + numbers.dress(NO_INTERVAL)
    return value + " [" + low + ", " + high + "]"
