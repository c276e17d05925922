"""What differs between a run and the run of the same experiment and scale before it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.report.compare import NOTHING, Change, Comparison, Shift, compare
from harness.report.number_format import in_unit

SETTINGS = 200  # different changes of inputs and settings shown
NUMBERS = 30  # changed numbers shown
Group = tuple[Change, Sequence[str]]  # a change with the addresses of all values that changed alike


@dataclass(frozen=True, kw_only=True)
class Changes:
    """A comparison cut to what fits a page, with the numbers of what is left out."""

    comparison: Comparison
    verdicts: Sequence[Group]
    inputs: Sequence[Group]
    numbers: Sequence[Shift]
    more_inputs: int
    more_numbers: int


def compare_runs(before: Path, after: Path) -> Changes:
    """Compares two run folders. Raises HarnessError where one cannot be read."""
    found = compare(before, after)
    inputs, numbers = group_changes(found.inputs), rank_shifts(found.numbers)
    return Changes(
        comparison=found,
        verdicts=[(change, [change.address]) for change in found.verdicts],
        inputs=inputs[:SETTINGS],
        numbers=numbers[:NUMBERS],
        more_inputs=len(inputs[SETTINGS:]),
        more_numbers=len(numbers[NUMBERS:]),
    )


def group_changes(changes: Sequence[Change]) -> list[Group]:
    """Changes from one value to one other value together: the hash of a file may stand in many facts."""
    groups: dict[tuple[str, str], tuple[Change, list[str]]] = {}
    for change in changes:
        groups.setdefault((change.before, change.after), (change, []))[1].append(change.address)
    return list(groups.values())


def rank_shifts(shifts: Sequence[Shift]) -> list[Shift]:
    """Those whose intervals lie apart first, then by size, as a share of the largest change in the same unit; those with one side only come last."""
    largest: dict[str, float] = {}
    for shift in shifts:
        largest[shift.unit] = max(largest.get(shift.unit, 0.0), abs(shift.difference or 0.0))

    def rank(shift: Shift) -> tuple[bool, bool, float]:
        return (shift.difference is None, not shift.apart, -abs(shift.difference or 0.0) / (largest[shift.unit] or 1.0))

    return sorted(shifts, key=rank)


def format_side(value: float | None, unit: str) -> str:
    """A number with its unit, or that it is absent."""
    return NOTHING if value is None else in_unit(value, unit)
