"""Tells the plugins of a project that a run is decided and reported. None of them can change what was decided."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from harness.report.build import read_results
from harness.run.redact import make_printable

if TYPE_CHECKING:
    from harness.run.finalize import ReportOutcome

HOOK = "pytest_harness_finished"


def call_finished(plugins: Any, outcomes: Iterable[ReportOutcome]) -> list[ReportOutcome]:
    """The outcomes, with a note for each plugin of pytest's plugin manager whose hook failed; the others are called all the same."""
    return [outcome if outcome.problem or outcome.results is None else call_each(plugins, outcome) for outcome in outcomes]


def call_each(plugins: Any, outcome: ReportOutcome) -> ReportOutcome:
    every = [implementation.plugin for implementation in getattr(plugins.hook, HOOK).get_hookimpls()]
    notes = []
    for plugin in every:
        try:
            # As written: without keys, whatever a test put into them.
            results = read_results(outcome.folder)
            plugins.subset_hook_caller(HOOK, [other for other in every if other is not plugin])(results=results, folder=outcome.folder)
        except (Exception, SystemExit) as error:
            notes.append(make_printable(f"{plugins.get_name(plugin)}: {HOOK} failed: {type(error).__name__}: {error}"))
    return replace(outcome, notes=(*outcome.notes, *notes))
