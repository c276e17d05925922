"""How many of the beliefs held harm and yet pass: by correlation of value and signal, beside what theory gives at the start."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Annotated

from msgspec import Meta

from harness.domains.evolution.sections.deception_figure import draw_deception
from harness.domains.evolution.sections.interval_format import check_span
from harness.plaintext import by_number
from harness.records import SectionRecord
from harness.report.addresses import below
from harness.report.blocks import Block, Column, Figure, Table
from harness.report.numbers import Numbers
from harness.report.record_format import Count, Real, Share, format_mean, format_short

SPANS = {key: (key, f"{key}_low", f"{key}_high") for key in ("start", "end", "enrichment")}
DRAWN = ("theory", *(key for keys in SPANS.values() for key in keys))
CAPTION = (
    "Deceptive: the value is negative and the alignment signal is positive. Shares of the beliefs held, with intervals; the line joins the points that theory "
    "gives for the first generation. Enrichment is the share in the last generation over the share in the pool."
)


class Deception(SectionRecord, frozen=True, kw_only=True):
    """Shares of deceptive beliefs at one correlation `rho`: at the start by theory and as measured, at the end, and in the pool.

    `enrichment` is the share at the end over that in the pool. None of a number and its interval is there where it was not measured.
    """

    rho: Annotated[float, Meta(ge=-1, le=1)]
    theory: Share
    start: Share | None
    start_low: Real | None
    start_high: Real | None
    end: Share | None
    end_low: Real | None
    end_high: Real | None
    pool: Share
    enrichment: Real | None
    enrichment_low: Real | None
    enrichment_high: Real | None
    runs: Count

    def __post_init__(self) -> None:
        for key, keys in SPANS.items():
            check_span(key, *(getattr(self, name) for name in keys))


class Deceptions:
    """One figure over the correlation, and one row for each."""

    id, title, position = "deception", "Deceptive beliefs", 310
    record = Deception

    def build(self, records: Mapping[str, Deception], numbers: Numbers) -> Iterator[Block]:
        ordered = dict(sorted(records.items(), key=lambda item: (item[1].rho, by_number(item[0]))))
        yield Figure(
            stem="deception",
            alt="Share of deceptive beliefs against the correlation of value and signal; the same numbers stand in the table below.",
            caption=CAPTION,
            draw=partial(draw_deception, list(ordered.values())),
            addresses=[below(at, key) for at, record in ordered.items() for key in DRAWN if getattr(record, key) is not None],
        )
        headings = ("rho", "theory", "start [interval]", "end [interval]", "pool", "enrichment [interval]", "runs")
        columns = [Column(heading="condition"), *(Column(heading=name, numeric=True) for name in headings)]
        yield Table(title="", columns=columns, rows=[row(numbers, at, record) for at, record in ordered.items()])


def row(numbers: Numbers, at: str, record: Deception) -> list[str]:
    rho, theory, pool = (format_short(numbers, below(at, key), getattr(record, key)) for key in ("rho", "theory", "pool"))
    start, end, enrichment = (format_mean(numbers, at, record, keys) for keys in SPANS.values())
    return [numbers.text(below(at, "name")), rho, theory, start, end, pool, enrichment, numbers.num(below(at, "runs"), "count")]
