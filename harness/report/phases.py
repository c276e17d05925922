"""Outcomes over two parameters, from `facts/Phase`: one map a measure."""

from __future__ import annotations

from harness.report.addresses import below
from harness.report.courses import ranked
from harness.report.numbers import Numbers
from harness.report.spans import Real, listed, spelt
from harness.report.stated import Count, Entry, Stated, entries, number, read
from harness.report.view import View

GROUP = "Phase"
STEM = "phases"
MOST = 40  # values on one side of a map


class Phase(Stated, frozen=True, kw_only=True):
    """One measure: `mean` (ys, xs) with gaps, and the ends of its intervals in the same shape."""

    unit: str | None = None
    x: str | None = None
    y: str | None = None
    xs: tuple[Real, ...] = ()
    ys: tuple[Real, ...] = ()
    mean: tuple[tuple[Real | None, ...], ...] = ()
    low: tuple[tuple[Real | None, ...], ...] | None = None
    high: tuple[tuple[Real | None, ...], ...] | None = None
    runs: Count | None = None
    note: str | None = None


def phases(view: View) -> list[Entry[Phase]]:
    """Every map in the order of the measures; what can be read but not drawn carries the reason as its trouble."""
    found = [Entry(each.name, each.at, None, fault(each.stated)) if each.stated and fault(each.stated) else each for each in entries(view, GROUP, Phase)]
    return sorted(found, key=lambda each: ranked(each.name))


def fault(phase: Phase) -> str:
    """Why the map cannot be told, "" where it can."""
    if not phase.xs or not phase.ys:
        return "an axis has no values"
    if max(len(phase.xs), len(phase.ys)) > MOST:
        return "an axis has more than forty values"
    wanted = [len(phase.xs)] * len(phase.ys)
    grids = [grid for grid in (phase.mean, phase.low, phase.high) if grid is not None]
    return "" if all([len(row) for row in grid] == wanted for grid in grids) else "means or intervals are not as many as the values of the axes"


def drawable(found: list[Entry[Phase]]) -> list[tuple[Entry[Phase], Phase]]:
    """The maps of the figure."""
    return read(found)


def told(numbers: Numbers, each: Entry[Phase], row: int, column: int) -> str:
    """One field of the table: mean and interval."""
    return listed(numbers, each.at, each.stated, row, column)


def tick(numbers: Numbers, each: Entry[Phase], axis: str, place: int) -> str:
    """One value of an axis, "xs" or "ys"."""
    return spelt(numbers, below(each.at, axis, place), getattr(each.stated, axis)[place])


def runs(numbers: Numbers, each: Entry[Phase]) -> str:
    """How many runs stand behind each mean."""
    return number(numbers, each.at, each.stated, "runs", "count")
