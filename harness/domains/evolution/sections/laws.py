"""Laws that a correct simulator obeys: the worst statistic of each against its bound, broken laws first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from harness.plaintext import by_number
from harness.records import SectionRecord
from harness.report.addresses import below
from harness.report.blocks import Block, Column, Prose, Table
from harness.report.numbers import Numbers
from harness.report.record_format import ONES, Count, Real, format_short

ABOUT = "z: the distance of what was observed from what the law demands, in standard errors, of the worst among the statistics looked at. "
FIGURES = ("z", "bound", "observed", "expected", "SE", "N", "statistics")


class Law(SectionRecord, frozen=True, kw_only=True):
    """A law and the worst among the `tests` statistics that it was held against: what was observed and what the law demands, in one unit.

    `z` is the distance of the two in standard errors `se`, None where it is not finite: an exact law is broken. `bound` is the largest |z| that holds.
    """

    says: str
    statistic: str
    observed: Real
    expected: Real
    se: Real
    z: Real | None
    bound: Real
    n: Count
    unit: str
    holds: bool
    tests: Count

    def __post_init__(self) -> None:
        if self.holds and (self.z is None or abs(self.z) > self.bound):
            raise ValueError("the law holds, and its z lies beyond the bound")


class Laws:
    """One row for each law."""

    id, title, position = "laws", "Laws of the simulation", 60
    record = Law

    def build(self, records: Mapping[str, Law], numbers: Numbers) -> Iterator[Block]:
        ordered = sorted(records.items(), key=lambda item: (item[1].holds, by_number(item[0])))
        if broken := [numbers.text(below(at, "name")) for at, law in ordered if not law.holds]:
            yield Prose(text=type(broken[0])("Laws that do not hold: ") + type(broken[0])(", ").join(broken), warning=True)
        yield Prose(text=ABOUT + "Laws that do not hold stand first.")
        columns = [Column(heading=name, numeric=name in FIGURES) for name in ("law", "verdict", *FIGURES, "unit")]
        yield Table(title="", columns=columns, rows=[row(numbers, at, law) for at, law in ordered])
        texts = [[numbers.text(below(at, key)) for key in ("name", "says", "statistic")] for at, _ in ordered]
        yield Table(title="What the laws say", columns=[Column(heading=name) for name in ("law", "what it says", "worst statistic")], rows=texts, folded=True)


def row(numbers: Numbers, at: str, law: Law) -> list[str]:
    z = numbers.dress("not finite") if law.z is None else format_short(numbers, below(at, "z"), law.z, (*ONES, law.bound, -law.bound))
    bound, se = (format_short(numbers, below(at, key), getattr(law, key)) for key in ("bound", "se"))
    observed = format_short(numbers, below(at, "observed"), law.observed, (*ONES, law.expected))
    expected = format_short(numbers, below(at, "expected"), law.expected, (*ONES, law.observed))
    n, tests = (numbers.num(below(at, key), "count") for key in ("n", "tests"))
    name, unit = (numbers.text(below(at, key)) for key in ("name", "unit"))
    return [name, "holds" if law.holds else "does not hold", z, bound, observed, expected, se, n, tests, unit]
