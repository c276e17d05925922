"""Outcomes over two parameters: one map a measure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Annotated

from msgspec import Meta

from harness.domains.evolution.sections.interval_format import check_spans
from harness.domains.evolution.sections.phase_figure import draw_maps
from harness.records import SectionRecord
from harness.report.addresses import below
from harness.report.blocks import Block, Column, Figure, Table
from harness.report.numbers import Numbers
from harness.report.record_format import Count, Real, format_mean, format_short

Axis = Annotated[tuple[Real, ...], Meta(min_length=1, max_length=40)]
Grid = tuple[tuple[Real | None, ...], ...]


class PhaseMap(SectionRecord, frozen=True, kw_only=True):
    """A measure, by which the map is named, at every value of the parameters `x` and `y`, at one generation.

    `mean` has a row for each of `ys` with a number for each of `xs`, None where nothing was measured; the ends of the intervals have the same shape.
    """

    unit: str
    x: str
    y: str
    xs: Axis
    ys: Axis
    mean: Grid
    low: Grid
    high: Grid
    runs: Count
    generation: Count

    def __post_init__(self) -> None:
        if {len(self.mean), len(self.low), len(self.high)} != {len(self.ys)}:
            raise ValueError(f"means and ends of intervals have not {len(self.ys)} rows each")
        for means, lows, highs in zip(self.mean, self.low, self.high, strict=True):
            check_spans("a row", len(self.xs), means, lows, highs)


class PhaseMaps:
    """One figure with all maps, and a table for each."""

    id, title, position = "phases", "Phase maps", 320
    record = PhaseMap

    def build(self, records: Mapping[str, PhaseMap], numbers: Numbers) -> Iterator[Block]:
        yield Figure(
            stem="phases",
            alt="Heat maps over two parameters; the same numbers stand in the tables below.",
            caption="One map a measure; printed values are rounded further than in the tables. Where values of both signs occur, the colour of the "
            "background is zero; what is hatched was not measured.",
            draw=partial(draw_maps, list(records.values())),
            addresses=[below(at, key) for at in records for key in ("xs", "ys", "mean")],
        )
        for at, phase in records.items():
            yield build_table(numbers, at, phase)


def build_table(numbers: Numbers, at: str, phase: PhaseMap) -> Table:
    name, unit, x, y = (numbers.text(below(at, key)) for key in ("name", "unit", "x", "y"))
    generation, runs = (numbers.num(below(at, key), "count") for key in ("generation", "runs"))
    ticks = {axis: [format_short(numbers, below(at, axis, index), value) for index, value in enumerate(getattr(phase, axis))] for axis in ("xs", "ys")}
    cells = [[format_mean(numbers, at, phase, ("mean", "low", "high"), row, column) for column in range(len(phase.xs))] for row in range(len(phase.ys))]
    return Table(
        title=name + " (" + unit + ") at generation " + generation + ", runs: " + runs,
        columns=[Column(heading=y + ", by " + x), *(Column(heading=tick, numeric=True) for tick in ticks["xs"])],
        rows=[[tick, *row] for tick, row in zip(ticks["ys"], cells, strict=True)],
        folded=True,
    )
