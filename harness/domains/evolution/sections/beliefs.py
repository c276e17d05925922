"""Which beliefs are held before and after selection: value against signal, one pair of clouds an arm."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Annotated

from msgspec import Meta

from harness.domains.evolution.sections.belief_figure import draw_clouds
from harness.records import SectionRecord
from harness.report.addresses import below
from harness.report.blocks import Block, Column, Figure, Table
from harness.report.numbers import Numbers
from harness.report.record_format import Count, Real, Share, format_short

MOST_ARMS = 8  # pairs of clouds in the figure
LEADING = 5  # beliefs of an arm in the table
LISTS = ("value", "signal", "before", "after")
HEADINGS = ("value", "signal", "share before", "share after")
CAPTION = (
    "One point a belief; its area grows with the share of the models that hold it. The shaded quadrant holds deceptive beliefs: "
    "the value is negative, the signal positive."
)


class BeliefCloud(SectionRecord, frozen=True, kw_only=True):
    """Some of the `of` beliefs in the pool of an arm, by which the record is named.

    Each has a value, an alignment signal, and the share of the models that hold it before and after selection.
    """

    value: Annotated[tuple[Real, ...], Meta(min_length=1)]
    signal: tuple[Real, ...]
    before: tuple[Share, ...]
    after: tuple[Share, ...]
    of: Count
    note: str = ""

    def __post_init__(self) -> None:
        if len({len(getattr(self, key)) for key in LISTS}) > 1:
            raise ValueError("values, signals and shares are not as many as one another")
        if len(self.value) > self.of:
            raise ValueError("more beliefs are shown than there are")


class Beliefs:
    """One figure with a pair of clouds for each arm, and the beliefs that most models hold in the end."""

    id, title, position = "beliefs", "Beliefs before and after", 330
    record = BeliefCloud

    def build(self, records: Mapping[str, BeliefCloud], numbers: Numbers) -> Iterator[Block]:
        drawn = dict(list(records.items())[:MOST_ARMS])
        yield Figure(
            stem="beliefs",
            alt="Value against alignment signal of the beliefs in the pool and of those held, before and after selection.",
            caption=CAPTION + (" The other arms stand in the table alone." if len(drawn) < len(records) else ""),
            draw=partial(draw_clouds, list(drawn.values())),
            addresses=[below(at, key) for at in drawn for key in LISTS],
        )
        columns = [Column(heading="arm"), *(Column(heading=name, numeric=True) for name in ("shown", "of", *HEADINGS)), Column(heading="note")]
        rows = [row for at, cloud in records.items() for row in list_leading(numbers, at, cloud)]
        yield Table(title="Held by most models afterwards", columns=columns, rows=rows)


def list_leading(numbers: Numbers, at: str, cloud: BeliefCloud) -> list[list[str]]:
    """The rows of an arm; the first tells what belongs to all of them."""
    arm = numbers.text(below(at, "name"))
    beliefs = [[format_short(numbers, below(at, key, index), getattr(cloud, key)[index]) for key in LISTS] for index in leading_beliefs(cloud)]
    counts = [numbers.num(below(at, "value", "#")), numbers.num(below(at, "of"), "count")]
    first, *others = beliefs or [["no belief is held afterwards", "", "", ""]]
    return [[arm, *counts, *first, numbers.text(below(at, "note"))], *([arm, "", "", *belief] for belief in others)]


def leading_beliefs(cloud: BeliefCloud) -> list[int]:
    """The indices of the beliefs that most models hold after selection; ties go to the first."""
    held = [index for index, share in enumerate(cloud.after) if share > 0]
    return sorted(held, key=lambda index: (-cloud.after[index], index))[:LEADING]
