"""Removing old runs: which may go, why the others stay, and how one goes without a half of it left."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from harness.errors import HarnessError
from harness.files import is_plain, read_plain
from harness.history import FILE_NAME as HISTORY
from harness.in_use import unused
from harness.report.build import RESULTS
from harness.report.notes import FILE_NAME as NOTES
from harness.report.runs import RunRecord, find_runs
from harness.report.versions import VERSIONS
from harness.store import naming_errors

REPORTS = "reports"
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
    texts = dict(citing_texts({run.path.resolve() for run in runs}))
    found = {run.path: why_kept(run, newest.values(), texts) for run in chosen}
    return {path: why for path, why in found.items() if why}


def why_kept(run: RunRecord, newest: Iterable[Path], texts: Mapping[Path, str]) -> str:
    """Why a run stays, "" where it may go."""
    if run.state in ("running", "unreadable"):
        return {"running": "is in use", "unreadable": "cannot be read"}[run.state]
    links = [link.name for link in run.path.parent.iterdir() if link.is_symlink() and link.resolve() == run.path.resolve()]
    if links:
        return f"{links[0]} leads to it"
    if run.path in newest:
        return f"is the newest complete run at scale {run.scale}"
    name, folder = re.escape(run.path.name), re.escape(run.path.resolve().parent.name)
    pattern = re.compile(rf"(?<![\w-]){name}(?![\w-])" if OWN_ID.fullmatch(run.path.name) else rf"(?<![\w-])({folder}|\.\.)/{name}(?![\w-])")
    return next(
        (
            f"is cited in {str(path).removeprefix(f'{Path.cwd()}/')}"
            for path, text in texts.items()
            if not path.is_relative_to(run.path.resolve()) and pattern.search(text)
        ),
        "",
    )


def citing_texts(runs: Collection[Path]) -> Iterator[tuple[Path, str]]:
    """The files that may name a run: declarations of the project, and of every run its results (with their parents), history, notes and versions."""
    roots = {root_of(path) for path in runs} | {Path.cwd()}
    everywhere = {path for root in roots if (root / REPORTS).is_dir() for path in find_runs(root / REPORTS)}
    kept = [folder for run in everywhere.union(runs) for folder in (run, *run.glob(f"{VERSIONS}/*"))]
    files = [folder / name for folder in kept for name in (RESULTS, HISTORY, NOTES)]
    for path in [*(found for root in roots for found in declarations(root)), *files]:
        if is_plain(path):
            with naming_errors(path):
                yield path, read_plain(path).decode(errors="replace")


def root_of(run: Path) -> Path:
    """The project's folder: the one that holds the folder `reports` in which a run lies."""
    return next((folder.parent for folder in run.parents if folder.name == REPORTS), run.parent)


def declarations(root: Path) -> Iterator[Path]:
    for parent, folders, names in os.walk(root):
        folders[:] = [name for name in folders if not name.startswith(".") and name not in (REPORTS, "node_modules", "site-packages")]
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
