"""Tells a run again: from results.json where it is what the journal gives, from the journal where the run was killed before it could decide."""

from __future__ import annotations

from pathlib import Path

from harness.errors import HarnessError
from harness.history import record_event
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
            raise HarnessError("this is no run folder", where=str(folder), mend="Name a folder that a run wrote; harness runs lists them")
        return finalize_run(folder, folder.name)
    from harness.report.build import has_older_schema, read_results
    from harness.run.verification import is_older, journal_differences, version_notes

    if has_older_schema(folder):  # its journal gives the results in today's form
        return finalize_run(folder, folder.name)
    results = read_results(folder)
    differences = journal_differences(folder, results, planned=False)
    if not differences:
        return ReportOutcome(folder, results, notes=build_again(folder))
    if is_older(folder, results):  # a later session was killed before it could decide
        return finalize_run(folder, folder.name)
    return ReportOutcome(folder, results, difference=differences[0], notes=tuple(version_notes(results)))


def build_again(folder: Path) -> tuple[str, ...]:
    """Makes the report of a run; where its clean result is new or says something else, that is an event in the history of the run."""
    from harness.report.build import CLEAN_RESULT, build

    path = folder / CLEAN_RESULT
    before = path.read_bytes() if path.is_file() else b""
    notes = build(folder).notes
    if path.read_bytes() == before:
        return notes
    record_event(folder, "report", "made again" if before else "")
    return build(folder).notes
