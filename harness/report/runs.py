"""The runs of a folder of reports: where they lie, and of each how far it came."""

from __future__ import annotations

import os
import shlex
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import msgspec

from harness.appendlog import AppendLog
from harness.errors import HarnessError, nearest
from harness.files import is_plain
from harness.history import format_time
from harness.in_use import unused
from harness.plaintext import count_of
from harness.records import Results
from harness.report.build import JOURNAL, RESULTS, read_results

MARKER = "harness-site.json"  # says that a folder is a site, and what it was made of
REPORTS, LATEST = Path("reports"), "latest"
PLAN = ".run/universe.json"  # of a run that was killed before its first line
DEPTH = 4  # levels of folders below the reports
State = Literal["complete", "selection", "incomplete", "running", "killed", "unreadable"]


class RunRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A run as a list shows it. `state`: complete (every cell was selected and has an outcome), selection, incomplete (cells were lost, or ended in an
    error), running, killed (nothing was decided), unreadable; `about` says which cells, or why. `started` is in UTC, "" where nobody knows."""

    path: Path
    experiment: str = ""
    started: str = ""
    scale: str = ""
    verdict: str = ""
    hypotheses: dict[str, str] = {}
    state: State = "unreadable"
    about: str = ""
    has_results: bool = False


def find_runs(folder: Path, depth: int = DEPTH) -> list[Path]:
    """The folders that a run wrote, in the order of their paths. Links, hidden folders, sites and what lies inside a run are left out."""
    if os.path.lexists(folder / MARKER):
        return []
    if is_run(folder):
        return [folder]
    try:
        inside = sorted(path for path in folder.iterdir() if depth and path.is_dir() and not path.is_symlink() and not path.name.startswith("."))
    except OSError as error:
        raise HarnessError(f"cannot be read: {error.strerror}", where=str(folder), mend="Make it readable, or move it away") from error
    return [run for path in inside for run in find_runs(path, depth - 1)]


def find_run(name: str) -> Path:
    """The folder of the run that a name means: a run folder, or that of an experiment (its latest run), as a path or below reports/; else the one run below
    reports/ whose path ends so, or whose name begins so. Raises HarnessError where none or several fit."""
    folders = [folder for place in (Path(name), REPORTS / name) for folder in (place, place / LATEST)]
    if known := next((folder for folder in folders if is_run(folder) or os.path.lexists(folder / PLAN)), None):
        return known
    runs = find_runs(REPORTS) if name and REPORTS.is_dir() else []
    every = dict.fromkeys([*sorted(REPORTS.glob(f"*/{LATEST}")), *runs])
    found = [run for run in every if run.as_posix().endswith(f"/{name.strip('/')}")] or [run for run in runs if run.name.startswith(name)]
    if len(found) == 1:
        return found[0]
    if found:
        raise HarnessError(f"{len(found)} runs are called {name!r}", where=str(REPORTS), mend=f"Name one by its folder, such as {found[-1]}")
    close = f"{nearest(name, [run.name for run in runs])}. " if 0 < len(runs) < 20 else ""
    raise HarnessError("there is no run here", where=name, mend=f"{close}Name a folder that a run wrote; harness runs lists them")


def find_started(name: str) -> Path:
    """The run of a name, or with no name the one that wrote last. Raises HarnessError where there is none."""
    if name:
        return find_run(name)
    runs = [run for run in (find_runs(REPORTS) if REPORTS.is_dir() else []) if (run / JOURNAL).is_file()]
    if not runs:
        raise HarnessError("there is no run here", where=str(REPORTS), mend="Name the folder that --harness-run-dir gave it")
    return max(runs, key=lambda run: (run / JOURNAL).stat().st_mtime)


def is_run(folder: Path) -> bool:
    return any(os.path.lexists(folder / name) for name in (RESULTS, JOURNAL))


def read_run(folder: Path) -> RunRecord:
    """How far a run came, by its files alone."""
    try:
        return of_results(folder, read_results(folder)) if os.path.lexists(folder / RESULTS) else of_journal(folder)
    except HarnessError as error:
        return RunRecord(path=folder, about=error.what)


def list_runs(folder: Path) -> list[RunRecord]:
    """Every run below a folder, the newest last; those that cannot be read first."""
    return sorted((seen_now(read_run(path)) for path in find_runs(folder)), key=lambda run: (run.started, str(run.path)))


def seen_now(run: RunRecord) -> RunRecord:
    """The same, where somebody works in its folder at this moment: it runs."""
    with unused(run.path) as free:
        return run if free or run.state == "unreadable" else msgspec.structs.replace(run, state="running")


def of_results(folder: Path, results: Results) -> RunRecord:
    state, about = completeness(results)
    return RunRecord(
        path=folder,
        experiment=results.experiment,
        started=results.execution.started,
        scale=results.scale,
        verdict=results.verdict,
        hypotheses={result.id: result.verdict for result in results.hypotheses},
        state=state,
        about=about,
        has_results=True,
    )


def completeness(results: Results) -> tuple[State, str]:
    """Whether all cells of the experiment at this scale were selected and have an outcome; if not, how many, and by which words they were selected."""
    cells, lost = len(results.cells), len(results.missing)
    counts = Counter(cell.verdict for cell in results.cells)
    unselected = counts["missing"] - lost
    if unselected > 0:
        return "selection", " ".join([f"{cells - unselected} of {count_of(cells, 'cell', 'cells')}", *selecting_words(results.execution.command)])
    if lost or counts["error"]:
        parts = [f"{count} {what}" for count, what in ((lost, "without a result"), (counts["error"], "in error")) if count]
        return "incomplete", f"{', '.join(parts)} of {count_of(cells, 'cell', 'cells')}"
    return "complete", ""


def selecting_words(command: str) -> Iterator[str]:
    """The words of a command by which it selects tests: `-k villain`, `test_x.py::test_y`."""
    try:
        words = shlex.split(command)
    except ValueError:
        return
    for place, word in enumerate(words):
        if word in ("-k", "-m", "--deselect") and not (word == "-m" and words[place + 1 : place + 2] == ["pytest"]):
            yield shlex.join(words[place : place + 2])
        elif "::" in word and words[place - 1] not in ("-k", "--deselect"):
            yield shlex.quote(word)


def of_journal(folder: Path) -> RunRecord:
    """A run that wrote no results: killed, or still at work."""
    rows, _ = AppendLog(folder / JOURNAL).read()
    if not is_plain(folder / JOURNAL) or not rows:
        raise HarnessError("its journal holds nothing that can be read", where=str(folder))
    try:
        plan: dict[str, Any] = next(row["universe"] for row in reversed(rows) if row.get("type") == "universe")
        started = next(float(row["started"]) for row in rows if row.get("type") == "session")
        done = {row["cell"]["id"] for row in rows if row.get("type") == "cell"}
        about = f"{len(done)} of {count_of(sum(cell['selected'] for cell in plan['cells']), 'cell', 'cells')} done"
        experiment, scale, when = str(plan["experiment"]), str(plan["scale"]), format_time(started)
    except (StopIteration, KeyError, TypeError, ValueError, OverflowError, OSError):
        raise HarnessError("its journal holds no plan that can be read", where=str(folder)) from None
    return RunRecord(path=folder, experiment=experiment, started=when, scale=scale, state="killed", about=about)


def size_of(folder: Path) -> int:
    """The bytes of all files below a folder; links count as such."""
    return sum(os.lstat(os.path.join(parent, name)).st_size for parent, _, names in os.walk(folder) for name in names)
