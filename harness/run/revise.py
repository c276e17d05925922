"""`harness revise`: the next version of a clean result, or the mark that another run has taken its place."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from harness.commands import command
from harness.errors import HarnessError
from harness.history import REVISED, SUPERSEDED, record_event, superseded
from harness.plaintext import count_of
from harness.records import Results
from harness.report.build import CLEAN_RESULT, build, read_results, view_of
from harness.report.versions import VERSIONS, changes_between, keep_version
from harness.run.finalize import finalize_run
from harness.run.folder import sole_user
from harness.run.verification import is_older, journal_differences

SUPERSEDES = "supersedes"
SEAL = "[//]: #"


@dataclass(frozen=True, kw_only=True)
class Revision:
    """A new version, what changed in claim, data and verdict, and what a person should know of the files."""

    folder: Path
    version: int
    changes: tuple[str, ...]
    notes: tuple[str, ...]


def revise(folder: Path, reason: str) -> Revision:
    """Keeps the present version in versions/ and makes the next one from the journal and notes.md. Raises HarnessError, and changes nothing, where there is no
    report to revise, or results.json is not what its journal gives."""
    folder = folder.resolve()
    reported_results(folder)
    with sole_user(folder):
        before = reported_results(folder)
        view_of(folder)  # notes that cannot be read are told before anything is written
        later = require_sound(folder, before)
        number = keep_version(folder)
        if later:
            finalize_run(folder, folder.name, reported=False, revised=True)
        build(folder)  # the text of the next version, but for its place in the history
        changes = changes_between(before, read_results(folder)) + text_changes(folder / VERSIONS / str(number), folder)
        record_event(folder, REVISED, f"version {number + 1}: {reason}", changes)
        return Revision(folder=folder, version=number + 1, changes=changes, notes=build(folder).notes)


def supersede(folder: Path, by: Path, reason: str) -> Revision:
    """Marks a run as superseded by another, in both, and makes both reports again. Raises HarnessError, and changes nothing, where one has no report."""
    folder, by = folder.resolve(), by.resolve()
    if folder == by:
        raise HarnessError("a run cannot supersede itself", where=str(folder), mend="Name the later run with --superseded-by")
    before, after = reported_results(folder), reported_results(by)
    require_later(folder, by, before, after)
    if any(require_sound(path, results) for path, results in ((folder, before), (by, after))):
        told = "a later session of one of both runs was killed before it could decide"
        raise HarnessError(
            told, where=f"{folder}, {by}", mend=f"Make both reports first: {command('harness', 'report', folder)}; {command('harness', 'report', by)}"
        )
    with sole_user(folder), sole_user(by):
        changes = changes_between(before, after)
        record_event(folder, SUPERSEDED, f"by {Path(os.path.relpath(by, folder)).as_posix()}: {reason}", changes)
        record_event(by, SUPERSEDES, f"{Path(os.path.relpath(folder, by)).as_posix()}: {reason}", changes)
        notes = build(folder).notes + build(by).notes
        return Revision(folder=folder, version=view_of(folder).version, changes=changes, notes=notes)


def require_later(folder: Path, by: Path, before: Results, after: Results) -> None:
    """Raises HarnessError where the other run does not stand itself, or is older: of two runs that supersede each other none would stand."""
    mend = "Name the later run, whose result stands, with --superseded-by"
    if why := superseded(by):
        raise HarnessError(f"is superseded itself, {why}", where=str(by), mend=mend)
    if after.execution.started < before.execution.started:
        raise HarnessError(f"started at {after.execution.started}, before the run that it would supersede", where=str(by), mend=mend)
    if superseded(folder).startswith(f"by {Path(os.path.relpath(by, folder)).as_posix()}:"):
        raise HarnessError("is superseded by that run already", where=str(folder), mend="Nothing is left to do")


def reported_results(folder: Path) -> Results:
    results = read_results(folder)
    if not (folder / CLEAN_RESULT).is_file():
        raise HarnessError("has no report that could be revised", where=str(folder), mend=f"{command('harness', 'report', folder)} makes it")
    return results


def require_sound(folder: Path, results: Results) -> bool:
    """True where the journal has grown since the results. Raises HarnessError where results.json is not what its journal gives."""
    differences = journal_differences(folder, results, planned=False)
    if not differences:
        return False
    if is_older(folder, results):
        return True
    told = f"results.json is not what its journal gives: {differences[0].line()}"
    raise HarnessError(told, where=str(folder), mend=f"{command('harness', 'verify', folder)} lists the differences")


def text_changes(kept: Path, folder: Path) -> tuple[str, ...]:
    """How many lines of the clean result are new; its seal, its version and its timeline change with every version."""
    old, new = (path.read_text(encoding="utf-8", errors="replace").splitlines() for path in (kept / CLEAN_RESULT, folder / CLEAN_RESULT))
    count = sum(not line.startswith((SEAL, "Version ", "Earlier versions", "| 2")) for line in set(new) - set(old))
    return (f"text: {count_of(count, 'line is new', 'lines are new')}",) if count else ()
