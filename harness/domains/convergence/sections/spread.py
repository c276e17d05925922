"""How far the models' agreement is spread: over pairs of models and over models, and how large it is beside the spread of the prompts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal

from harness.records import SectionRecord
from harness.report.addresses import below
from harness.report.blocks import Block, Column, Prose, Table
from harness.report.numbers import Numbers
from harness.report.record_format import Count, Real, Share, Similarity, format_field, format_mean

# Field to heading and form; `d` has an interval.
COLUMNS = {
    "n": ("n", "count"),
    "mean": ("mean", "similarity"),
    "median": ("median", "similarity"),
    "sd": ("SD", "similarity"),
    "least": ("least", "similarity"),
    "greatest": ("greatest", "similarity"),
    "range": ("range", "similarity"),
    "cv": ("CV", "ratio"),
}
WORDS = {"pairs": "pairs of models", "models": "models, each with the others"}
KINDS = ("pairs", "models", "capability", "group")
NOTE = (
    "CV is the SD over the mean. d is Cohen's d_z with prompts as units: what answers to one prompt are more alike than answers to two of the capability, over "
    "the SD of that between prompts, with its two-way interval. p after Benjamini and Hochberg bounds the share of false findings among those that this table "
    "explores; p after Holm, in the tables of agreement, bounds the chance of a single one."
)


class Spread(SectionRecord, frozen=True, kw_only=True):
    """How `n` mean similarities are spread: of all pairs of models, of pairs in a capability (`of`), of pairs in a group ("region US"), or of models, each
    with the others.

    `d` is Cohen's d_z of the same prompt against others of the capability, `low` and `high` bound it (None: prompts do not vary, or it is of models). `p` is
    that of the agreement, `p_bh` the same after Benjamini and Hochberg over the rows of its kind. `cv` is the SD over the mean.
    """

    kind: Literal["pairs", "models", "capability", "group"]
    of: str
    n: Count
    mean: Similarity | None
    median: Similarity | None
    sd: Similarity | None
    least: Similarity | None
    greatest: Similarity | None
    range: Similarity | None
    cv: Real | None
    d: Real | None
    low: Real | None
    high: Real | None
    p_bh: Share | None

    def __post_init__(self) -> None:
        if (self.kind in ("capability", "group")) != bool(self.of):
            raise ValueError("of names a capability or a group, and nothing otherwise")
        if (self.low is None) != (self.high is None) or (self.low or 0) > (self.high or 0):
            raise ValueError("low and high bound no interval")


class Spreads:
    """All pairs, the models, a row for each capability, and one for each group of two models or more."""

    id, title, position = "spread", "Spread and size of the agreement", 205
    record = Spread

    def build(self, records: Mapping[str, Spread], numbers: Numbers) -> Iterator[Block]:
        columns = [Column(heading="of"), *(Column(heading=heading, numeric=True) for heading, _ in COLUMNS.values())]
        columns += [Column(heading="d", numeric=True), Column(heading="p (Benjamini-Hochberg)", numeric=True)]
        ordered = sorted(records.items(), key=lambda item: KINDS.index(item[1].kind))
        yield Table(title="", columns=columns, rows=[row(numbers, *item) for item in ordered])
        yield Prose(text=NOTE)


def row(numbers: Numbers, at: str, record: Spread) -> list[str]:
    name = numbers.text(below(at, "of")) if record.of else numbers.dress(WORDS[record.kind])
    values = [format_field(numbers, at, record, key, form) for key, (_, form) in COLUMNS.items()]
    return [name, *values, format_mean(numbers, at, record, ("d", "low", "high")), format_field(numbers, at, record, "p_bh", "p column")]
