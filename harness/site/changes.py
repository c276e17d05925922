"""What differs between a run and the run of the same experiment and scale before it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.report.causes import NOTHING, Cause
from harness.report.compare import Comparison, Shift, compare
from harness.report.number_format import in_unit

SETTINGS = 200  # different changes of inputs and settings shown
NUMBERS = 30  # changed numbers shown


@dataclass(frozen=True, kw_only=True)
class Changes:
    """A comparison cut to what fits a page, with the numbers of what is left out."""

    comparison: Comparison
    causes: Sequence[Cause]
    numbers: Sequence[Shift]
    more_causes: int
    more_numbers: int


def compare_runs(before: Path, after: Path) -> Changes:
    """Compares two run folders. Raises HarnessError where one cannot be read."""
    found = compare(before, after)
    return Changes(
        comparison=found,
        causes=found.causes[:SETTINGS],
        numbers=found.numbers[:NUMBERS],
        more_causes=len(found.causes[SETTINGS:]),
        more_numbers=len(found.numbers[NUMBERS:]),
    )


def format_side(value: float | None, unit: str) -> str:
    """A number with its unit, or that it is absent."""
    return NOTHING if value is None else in_unit(value, unit)
