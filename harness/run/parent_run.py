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


def parent_runs(universe: Universe, root: Path) -> tuple[ParentRun, ...]:
    """The parents with a run at the scale of this one, in the order of the declaration. Raises HarnessError where the results of one are not what its journal
    gives: its numbers would be evidence for nothing."""
    from harness.report.build import read_results
    from harness.run.verification import why_unverified

    for parent in universe.parents:
        if parent.run and (why := why_unverified(root / parent.run)):
            raise HarnessError(f"the parent cannot be used: {why}", where=parent.run, mend="Restore its folder, or run it again")
    runs = [ParentRun(declared=parent, results=read_results(root / parent.run)) for parent in universe.parents if parent.run]
    return tuple(run for run in runs if run.results.scale == universe.scale)
