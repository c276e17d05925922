"""The rule about files that cells opened."""

from __future__ import annotations

from collections.abc import Iterable

from harness.findings import Facts, found, rule
from harness.records import Finding, Place


@rule(
    "D114", "file read, not declared", needs=("opened",), continues=True, source="T6, D22: a file outside of the key was read, and stale verdicts were replayed"
)
def find_undeclared_files(facts: Facts) -> Iterable[Finding]:
    """While a run lasts, every file that Python opens is noted. Reported here: a file below the project's root that a cell rests on, and that is neither code
    nor listed under `inputs` of an experiment of the session. Personas, model sets and runs of parents are declared by their names."""
    for name in sorted({name for names in facts.opened.values() for name in names}):
        # Which cells had it read depends on the worker that ran them, and is not said: equal runs have equal findings.
        message = f"{name} was read while cells ran, and is no declared input"
        yield found(message, where=Place(file=name), fix="List it under inputs in experiment.yaml", subject=name)
