"""Removing old runs: which may go, why the others stay, and how one goes without a half of it left."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path

from harness.errors import HarnessError
from harness.files import is_plain, read_plain
from harness.history import FILE_NAME as HISTORY
from harness.in_use import unused
from harness.report.build import RESULTS
from harness.report.notes import FILE_NAME as NOTES
from harness.report.runs import REPORTS, RunRecord, find_runs
from harness.report.versions import VERSIONS
from harness.store import naming_errors, read_file

ASIDE = ".removed-"  # hidden: what bears it is no run to anybody
OWN_ID = re.compile(r"\d{8}-\d{6}-\w{4}")  # a name that nothing else has


def choose_runs(runs: Sequence[RunRecord], keep: int | None, before: str) -> list[RunRecord]:
    """The runs, newest last, that are neither among the last `keep` of their experiment nor started at or after `before` (UTC; "" is no bound)."""
    last: dict[str, list[Path]] = {}
    for run in reversed(runs):
        last.setdefault(run.experiment, []).append(run.path)
    late = {path for paths in last.values() for path in paths[:keep]} if keep is not None else set()
    return [run for run in runs if run.path not in late and (not before or run.started < before)]


def reasons_to_stay(chosen: Iterable[RunRecord], runs: Sequence[RunRecord]) -> dict[Path, str]:
    """Run to why it is not removed, for those of the chosen that stay; `runs` are all, the newest last."""
    newest = {(run.experiment, run.scale): run.path for run in runs if run.state == "complete"}
    found = {run.path: why_kept(run, newest.values()) for run in chosen}
    for path, text in citing_texts({run.path.resolve() for run in runs}):
        for run in (run for run, why in found.items() if not why):
            if not path.is_relative_to(run.resolve()) and is_cited(run.resolve(), text, path.name == NOTES):
                found[run] = f"is cited in {str(path).removeprefix(f'{Path.cwd()}/')}"
    return {path: why for path, why in found.items() if why}


def why_kept(run: RunRecord, newest: Iterable[Path]) -> str:
    """Why a run stays, but for citations; "" where it may go."""
    if run.state in ("running", "unreadable"):
        return {"running": "is in use", "unreadable": "cannot be read"}[run.state]
    links = [link.name for link in run.path.parent.iterdir() if link.is_symlink() and link.resolve() == run.path.resolve()]
    return f"{links[0]} leads to it" if links else f"is the newest complete run at scale {run.scale}" if run.path in newest else ""


def is_cited(run: Path, text: str, person: bool) -> bool:
    """Whether a text names a run: by the end of its path, or relative to another; what a `person` wrote also by an id that we gave. The results of other
    experiments of one session bear the same id and cite nothing."""
    name = re.escape(run.name)
    named = rf"(?:(?:{re.escape(run.parent.name)}|\.\.)/){'?' if person and OWN_ID.fullmatch(run.name) else ''}{name}"
    return run.name in text and re.search(rf"(?<![\w-]){named}(?![\w-])", text) is not None


def citing_texts(runs: Collection[Path]) -> Iterator[tuple[Path, str]]:
    """The files that may name a run: declarations of the project, and of every run its results (with their parents), history, notes and versions."""
    roots = {root_of(path) for path in runs} | {Path.cwd()}
    everywhere = {path.resolve() for root in roots if (root / REPORTS).is_dir() for path in find_runs(root / REPORTS)}
    kept = [folder for run in everywhere.union(runs) for folder in (run, *run.glob(f"{VERSIONS}/*"))]
    files = [folder / name for folder in kept for name in (RESULTS, HISTORY, NOTES)]
    for path in [*(found for root in roots for found in declarations(root)), *files]:
        if is_plain(path):
            with read_file(path):
                yield path, read_plain(path).decode(errors="replace")


def root_of(run: Path) -> Path:
    """The project's folder: the one that holds the folder `reports` in which a run lies."""
    return next((folder.parent for folder in run.parents if folder.name == REPORTS.name), run.parent)


def declarations(root: Path) -> Iterator[Path]:
    for parent, folders, names in os.walk(root):
        folders[:] = [name for name in folders if not name.startswith(".") and name not in (REPORTS.name, "node_modules", "site-packages")]
        yield from (Path(parent, name) for name in names if name == "experiment.yaml")


def remove_run(folder: Path) -> None:
    """Takes a run out of sight in one step, then deletes it. Raises HarnessError where somebody works in it, or it cannot be removed."""
    aside = folder.with_name(f"{ASIDE}{folder.name}-{os.getpid()}")
    with unused(folder) as free:
        if not free:
            raise HarnessError("is in use", where=str(folder), mend="Wait for it to end")
        with naming_errors(folder):
            folder.rename(aside)
    with naming_errors(aside):
        shutil.rmtree(aside)


def sweep(folders: Iterable[Path]) -> None:
    """Deletes what a removal that was killed had already taken out of sight."""
    for left in (left for folder in folders for left in folder.glob(f"{ASIDE}*")):
        with naming_errors(left):
            shutil.rmtree(left)
