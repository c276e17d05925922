"""The rule about axes of numbers, over results."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any

from harness.findings import Facts, found, rule
from harness.plaintext import format_number
from harness.records import Cell, Finding, Measurement, Place

# The last step of an axis is as good as none below this share of all that the axis moves.
FLAT = 0.05
FEWEST = 3


@rule(
    "S415",
    "axis saturates",
    needs=("results", "spec"),
    severity="warning",
    source="E12: selection was driven harder and harder, and beyond a point nothing changed: the last points of the sweep were one",
)
def find_saturated_axes(facts: Facts) -> Iterable[Finding]:
    """Where the effect no longer moves with an axis, its last values are one condition that is counted several times. Looks at hypotheses over an axis of three
    numbers or more: the last two effects lie in each other's intervals and differ by at most 5 % of what the axis moves. Hypotheses that ask for
    equivalence are left out, since a flat axis is what they ask for.

    Bad: the effect over beta 1, 5, 50, 500 is 2, 9, 9.1 and 9.1, and the rule counts four of four.

    Good: 2, 5, 9 and 14; or the axis ends where the effect does.
    """
    for name, hypothesis in facts.spec.hypotheses.items():
        if not hypothesis.criteria or any(one.asks != "within" for one in hypothesis.criteria):
            cells = [cell for cell in facts.results.cells if cell.owner == name]
            for axis in (axis for axis in hypothesis.cells if is_numeric(cells, axis)):
                yield from (saturation(axis, points) for points in series(cells, axis) if is_saturated([measured for _, measured in points]))


def is_numeric(cells: list[Cell], axis: str) -> bool:
    values = [cell.params.get(axis) for cell in cells]
    return axis != "seed" and bool(values) and all(isinstance(value, int | float) and not isinstance(value, bool) for value in values)


def series(cells: list[Cell], axis: str) -> Iterator[list[tuple[Cell, Measurement]]]:
    """Cells that differ in the axis alone with what was judged in each, in the order of its values."""

    def others(cell: Cell) -> list[tuple[str, str]]:
        return sorted((name, str(value)) for name, value in cell.params.items() if name != axis)

    for _, group in groupby(sorted(cells, key=lambda cell: (others(cell), cell.params[axis])), key=others):
        yield [(cell, one) for cell in group for one in cell.measurements if one.name == cell.effect and one.interval is not None]


def is_saturated(effects: list[Measurement]) -> bool:
    values = [one.value for one in effects]
    if len(values) < FEWEST or (spread := max(values) - min(values)) == 0:
        return False
    alike = within(effects[-1], values[-2]) and within(effects[-2], values[-1])
    return alike and not within(effects[0], values[-1]) and abs(values[-1] - values[-2]) <= FLAT * spread


def within(one: Any, value: float) -> bool:
    return bool(one.interval.low <= value <= one.interval.high)


def saturation(axis: str, points: list[tuple[Cell, Measurement]]) -> Finding:
    (before, one), (last, other) = points[-2:]
    message = f"{last.owner} no longer moves with {axis}: {format_number(one.value, '.3g')} at {format_number(before.params[axis])}"
    message += f" and {format_number(other.value, '.3g')} at {format_number(last.params[axis])}"
    where, fix = Place(file="results.json", path=f"cells/{last.id}"), "End the axis where the effect ends, or count its last values once"
    return found(message, where=where, fix=fix, subject=last.owner)
