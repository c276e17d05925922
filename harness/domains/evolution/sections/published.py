"""What others published beside what was found here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from harness.domains.evolution.sections.interval_format import check_span
from harness.plaintext import by_number
from harness.records import SectionRecord
from harness.report.addresses import below
from harness.report.blocks import Block, Column, Prose, Table
from harness.report.numbers import Numbers
from harness.report.record_format import ONES, Count, Real, format_mean, format_short


class PublishedFigure(SectionRecord, frozen=True, kw_only=True):
    """A mean of a publication with its standard deviation and number of runs, and ours with its interval.

    `z` is the distance of the two in standard errors; they agree where it is no greater than `bound`.
    """

    quantity: str
    condition: str
    published: Real
    published_sd: Real
    published_n: Count
    ours: Real
    low: Real
    high: Real
    n: Count
    z: Real
    bound: Real

    def __post_init__(self) -> None:
        check_span("ours", self.ours, self.low, self.high)

    @property
    def agrees(self) -> bool:
        return abs(self.z) <= self.bound


class PublishedFigures:
    """One row for each figure, those that do not agree first."""

    id, title, position = "published", "Published beside ours", 340
    record = PublishedFigure

    def build(self, records: Mapping[str, PublishedFigure], numbers: Numbers) -> Iterator[Block]:
        ordered = sorted(records.items(), key=lambda item: (item[1].agrees, by_number(item[0])))
        if apart := [numbers.text(below(at, "name")) for at, figure in ordered if not figure.agrees]:
            yield Prose(text=type(apart[0])("Figures that do not agree: ") + type(apart[0])("; ").join(apart), warning=True)
        headings = ("published", "SD", "runs", "ours [interval]", "runs", "z", "bound")
        columns = [
            Column(heading="quantity"),
            Column(heading="condition"),
            *(Column(heading=name, numeric=True) for name in headings),
            Column(heading="verdict"),
        ]
        yield Table(title="", columns=columns, rows=[row(numbers, at, figure) for at, figure in ordered])


def row(numbers: Numbers, at: str, figure: PublishedFigure) -> list[str]:
    quantity, condition = (numbers.text(below(at, key)) for key in ("quantity", "condition"))
    published, deviation, bound = (format_short(numbers, below(at, key), getattr(figure, key)) for key in ("published", "published_sd", "bound"))
    z = format_short(numbers, below(at, "z"), figure.z, (*ONES, figure.bound, -figure.bound))
    published_n, n = (numbers.num(below(at, key), "count") for key in ("published_n", "n"))
    ours = format_mean(numbers, at, figure, ("ours", "low", "high"))
    return [quantity, condition, published, deviation, published_n, ours, n, z, bound, "agrees" if figure.agrees else "does not agree"]
