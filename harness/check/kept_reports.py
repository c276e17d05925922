"""Reports of `harness check`, kept in the store until something changes that they rest on: arguments, environment, code, packages, files that were read."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from harness.check.read_files import read_files, state_of, state_of_place
from harness.check.report import Collector, Report, check_experiments
from harness.errors import HarnessError
from harness.fingerprint import fingerprint, tree_fingerprint
from harness.opened_files import hash_names, installed_folders
from harness.records import Record, encode
from harness.store import Store

KIND = "checks"
PACKAGE = Path(__file__).parents[1]
STORE = Path(".harness", "store")
# Variables that differ between two commands of one shell, or between two shells.
PASSING = {"_", "SHLVL", "PWD", "OLDPWD", "COLUMNS", "LINES", "TERM", "WINDOWID", "SSH_CLIENT", "SSH_CONNECTION", "SSH_TTY", "PYTEST_CURRENT_TEST"}


class KeptReport(Record, frozen=True, kw_only=True):
    """A report, the files that it rests on, and the places of what a rule lacked, with their states."""

    report: Report
    files: dict[str, str]
    places: dict[str, str]


def report_of(folders: Sequence[Path], scale: str, selected: Sequence[str] = ()) -> Report:
    """The report from the store, or made and kept there. A store that cannot be read or written costs time alone."""
    key = key_of(folders, scale, selected)
    with suppress(HarnessError):
        if (store := store_around(folders[0])) is not None and (kept := store.peek(KIND, key, KeptReport)) is not None and holds(kept):
            report: Report = kept.report
            return report
    read_files.start()
    collector = Collector(selected)
    report = check_experiments(folders, scale, collector)
    files = read_files.states(collector.settings.root) if collector.settings is not None and is_final(report) else None
    if files is not None:
        places = {place: state_of_place(place) for one in report.not_run for place in one.places or ()}
        with suppress(HarnessError):
            Store(collector.settings.store).put(KIND, key, encode(KeptReport(report=report, files=files, places=places)))
    return report


def is_final(report: Report) -> bool:
    """Whether the report holds until a file changes: nothing was refused, and each rule that did not run says where what it lacks would appear."""
    return not report.refused and all(one.places is not None for one in report.not_run)


def key_of(folders: Sequence[Path], scale: str, selected: Sequence[str]) -> str:
    """sha256 over what a report depends on, but for the files that the check will read."""
    code = [path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*") if path.is_file() and path.suffix != ".pyc"]
    return fingerprint(
        {
            "arguments": [[str(folder.resolve()) for folder in folders], scale, list(selected)],
            "code": tree_fingerprint(PACKAGE, code),
            "environment": fingerprint({name: value for name, value in os.environ.items() if name not in PASSING}),
            "folder": os.getcwd(),
            "packages": {folder: hash_names(folder) for folder in installed_folders() if os.path.isdir(folder)},
            "python": sys.version,
        }
    )


def store_around(folder: Path) -> Store | None:
    """The store of the project that a folder belongs to; None where there is none yet."""
    if named := os.environ.get("HARNESS_STORE"):
        return Store(Path(named).absolute())
    return next((Store(parent / STORE) for parent in folder.resolve().parents if (parent / STORE).is_dir()), None)


def holds(kept: KeptReport) -> bool:
    files = all(state_of(path) == state for path, state in kept.files.items())
    return files and all(state_of_place(place) == state for place, state in kept.places.items())
