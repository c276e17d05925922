"""What a test may ask of the earlier runs that its experiment builds on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.errors import HarnessError
from harness.records import Parent, Results, Universe
from harness.report.addresses import value_at
from harness.report.view import View


@dataclass(frozen=True, kw_only=True)
class ParentRun:
    """An earlier run: how it was declared, and its results."""

    declared: Parent
    results: Results

    def value(self, address: str) -> Any:
        """What stands at an address of its results, such as `cells/G3/measurements/accuracy/value`. Raises HarnessError where nothing does."""
        return value_at(View(self.results).tree, address)


def parent_runs(universe: Universe, root: Path, scale: str) -> tuple[ParentRun, ...]:
    """The parents with a run at a scale, in the order of the declaration. Raises HarnessError where the numbers of one are not those of its
    journal: they would be evidence for nothing."""
    from harness.report.build import read_results

    runs = [ParentRun(declared=parent, results=read_results(root / parent.run)) for parent in universe.parents if parent.run]
    found = tuple(run for run in runs if run.results.scale == scale)
    for run in found:
        require_measured(root / run.declared.run, run)
    return found


def require_measured(folder: Path, run: ParentRun) -> None:
    """Raises HarnessError where a cell is not as the journal has it; words that another version of harness put otherwise do not matter."""
    from harness.run.verification import journal_differences

    differences = [one for one in journal_differences(folder, run.results, planned=False) if one.address.startswith("cells/")]
    if differences:
        told = f"the parent cannot be used: its results differ from its journal: {differences[0].line()}"
        raise HarnessError(told, where=run.declared.run, mend="Restore its folder, or run it again")
