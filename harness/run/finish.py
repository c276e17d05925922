"""From a run's folder to results.json and the report. Reads files only, so a run whose process was killed can be told just the same."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.design.plan import plan_of
from harness.errors import HarnessError
from harness.fingerprint import fingerprint
from harness.records import Execution, Results, encode
from harness.run.folder import RunFolder
from harness.run.session import Session
from harness.store import Store, write_json
from harness.verdict.decide import decide


@dataclass(frozen=True)
class Told:
    """A finished run: its folder, what was decided, and what could not be told."""

    folder: Path
    results: Results | None
    problem: str = ""


def finish_all(session: Session) -> list[Told]:
    """Decides and tells every experiment of the session. What was measured is kept whatever goes wrong here."""
    return [finished(folder, session.run, session.settings.store) for folder in session.folders()]


def finished(folder: Path, token: str, store: Path | None = None) -> Told:
    """Writes results.json and the report into a run folder."""
    results = None
    try:
        results = results_of(folder, token, store)
        write_json(folder / "results.json", encode(results), pretty=True)
        point_latest(folder)
        from harness.report.build import build

        build(folder)
    except HarnessError as error:
        return Told(folder, results, str(error))
    return Told(folder, results)


def results_of(folder: Path, token: str, store: Path | None = None) -> Results:
    """The results of a run folder, from its universe and journal."""
    run = RunFolder(folder, token)
    universe = run.universe()
    found, rows, torn = run.finished(universe)
    key = fingerprint({"design": universe.design, "scale": universe.scale, "cells": [cell.id for cell in universe.cells]})
    plan = Store(store).value("plans", key, lambda: plan_of(universe)) if store else plan_of(universe)
    return decide(universe, found, plan, execution(folder, rows, torn))


def execution(folder: Path, rows: list[dict[str, Any]], torn: int) -> Execution:
    """Times, hosts, workers, and which cells were not run again."""
    import platform

    starts = [row for row in rows if row["type"] == "session"]
    cells = {row["cell"]["id"]: row for row in rows if row["type"] == "cell"}
    first, last = (starts[0], starts[-1]) if starts else ({}, {})
    started, now = float(first.get("started", time.time())), time.time()
    notes = [f"{torn} journal lines were torn or altered and are not used"] if torn else []
    if len(starts) > 1:
        notes.append(f"taken up {len(starts) - 1} times")
    return Execution(
        run=folder.name,
        started=stamp(started),
        ended=stamp(now),
        command=last.get("command", ""),
        host=platform.node(),
        hardware=last.get("hardware", {}),
        workers=last.get("workers", 0),
        wall_s=round(now - float(last.get("started", now)), 3),
        seconds={cell: row["seconds"] for cell, row in sorted(cells.items())},
        reused=tuple(sorted(cell for cell, row in cells.items() if row["reused"])),
        reports=folder.name,
        notes=tuple(notes),
    )


def stamp(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def point_latest(folder: Path) -> None:
    """Turns `latest` beside the run folder to it, where the folder lies in a place of runs."""
    if folder.parent.parent.name != "reports":
        return
    beside = folder.parent / f".latest-{folder.name}"
    try:
        beside.unlink(missing_ok=True)
        beside.symlink_to(folder.name, target_is_directory=True)
        beside.replace(folder.parent / "latest")
    except OSError as error:
        raise HarnessError(f"cannot point latest at this run: {error.strerror}", where=str(folder.parent), mend="The run itself is complete") from error
