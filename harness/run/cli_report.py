"""Tells a run again: from results.json where it is what the journal gives, from the journal where the run was killed before it could decide."""

from __future__ import annotations

from pathlib import Path

from harness.errors import HarnessError
from harness.run.finalize import ReportOutcome, finalize_run
from harness.run.folder import RunFolder


def told_again(folder: Path) -> ReportOutcome:
    """Rebuilds the report of a run folder; of one whose results.json is not what its journal gives, nothing is written and the difference is returned.

    Raises HarnessError where there is nothing to compare results.json with: a new report would lend it a credence that nothing supports.
    """
    folder = folder.resolve()
    if not (folder / "results.json").exists():
        run = RunFolder(folder, folder.name)
        if not (run.journal.path.exists() or run.universe_path.exists()):
            raise HarnessError("this is no run folder", where=str(folder), mend="Name a folder that a run wrote, such as reports/<experiment>/latest")
        return finalize_run(folder, folder.name)
    from harness.report.build import build, read_results
    from harness.run.verification import is_older, journal_differences, version_notes

    results = read_results(folder)
    differences = journal_differences(folder, results, planned=False)
    if not differences:
        return ReportOutcome(folder, results, notes=build(folder).notes)
    if is_older(folder, results):  # a later session was killed before it could decide
        return finalize_run(folder, folder.name)
    return ReportOutcome(folder, results, difference=differences[0], notes=tuple(version_notes(results)))
