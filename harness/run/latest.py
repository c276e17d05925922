"""`latest` beside the runs of an experiment: the newest complete run, at whatever scale; until there is one, the newest that has results."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from harness.errors import HarnessError

LATEST = "latest"


def begin_latest(folder: Path) -> None:
    """Turns `latest` to a run that begins where it leads nowhere yet, so that it does also after a first run that is killed."""
    if in_place(folder) and not (folder.parent / LATEST).exists():
        with sole_turn(folder):
            if not (folder.parent / LATEST).exists():
                turn(folder.parent, folder.name)


def point_latest(folder: Path) -> str:
    """Turns `latest` to a run that has results, unless a better one is there: a complete one is better than a selection or one that lacks cells, then the
    later one. A link that leads nowhere is turned to the best of all runs. Returns a sentence where it leads to another run."""
    if not in_place(folder):
        return ""
    from harness.report.runs import RunRecord, find_runs, read_run

    def rank(run: RunRecord) -> tuple[bool, bool, str, bool]:
        return (run.state == "complete", run.has_results, run.started, run.path == folder)

    with sole_turn(folder):
        current = (folder.parent / LATEST).resolve()
        others = [current] if current.parent == folder.parent and current.is_dir() else find_runs(folder.parent, 1)
        best = max((read_run(path) for path in {folder, *others}), key=rank)
        turn(folder.parent, best.path.name)
    kind = "the newest complete run" if best.state == "complete" else "a later run"
    return "" if best.path == folder else f"{LATEST} leads to {best.path.name}, {kind}"


def in_place(folder: Path) -> bool:
    """True for a run where runs lie: reports/<experiment>/<run>."""
    return folder.parent.parent.name == "reports"


@contextmanager
def sole_turn(folder: Path) -> Iterator[None]:
    """Holds the folder of an experiment's runs: of runs that end together each sees what the other did. Errors become one line."""
    try:
        descriptor = os.open(folder.parent, os.O_RDONLY | os.O_CLOEXEC)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)
    except OSError as error:
        raise HarnessError(f"cannot point {LATEST} at this run: {error.strerror}", where=str(folder.parent), mend="The run itself is not touched") from error


def turn(runs: Path, name: str) -> None:
    """Replaces the link in one step, so that it never leads nowhere."""
    beside = runs / f".{LATEST}-{name}"
    beside.unlink(missing_ok=True)
    beside.symlink_to(name, target_is_directory=True)
    beside.replace(runs / LATEST)
