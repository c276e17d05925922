"""A project's folder of reports with small runs of every kind: complete, a selection, killed, unreadable."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from harness.appendlog import AppendLog
from harness.records import Cell, encode
from harness.store import write_json
from sample_run import results


def cell(name: str, verdict: Any = "supported", reason: str = "") -> Cell:
    return Cell(id=name, owner="H1", kind="hypothesis", nodeid=f"t.py::{name}", params={}, key=name, verdict=verdict, reason=reason)


def write_small_run(folder: Path, hour: int, *verdicts: str, experiment: str = "", command: str = "pytest evals", **changes: Any) -> Path:
    """A run that started at an hour of one day, with cells of these verdicts (by default one that was supported); of missing ones, `missing` in `changes`
    names those that were selected."""
    cells = tuple(cell(f"H1[{number}]", verdict) for number, verdict in enumerate(verdicts or ("supported",)))
    times = {"started": f"2026-11-20T{hour:02}:00:00Z", "ended": f"2026-11-20T{hour:02}:10:00Z"}
    execution = msgspec.structs.replace(results().execution, run=folder.name, command=command, **times)
    changes = {"missing": (), "complete": True, **changes}
    whole = results(experiment=experiment or folder.parent.name, cells=cells, checks=(), execution=execution, parents=(), **changes)
    write_json(folder / "results.json", encode(whole))
    return folder


def write_killed_run(folder: Path, hour: int) -> Path:
    """A run of whose three cells one was done when it was killed."""
    planned = [{"id": f"H1[{number}]", "selected": number < 3} for number in range(4)]
    started = 1_795_132_800 + 3600 * hour  # 2026-11-20T00:00:00Z and an hour of that day
    rows: list[dict[str, Any]] = [
        {"type": "universe", "token": "t", "universe": {"experiment": folder.parent.name, "scale": "smoke", "cells": planned}},
        {"type": "session", "token": "t", "started": started},
        {"type": "cell", "token": "t", "cell": {"id": "H1[0]"}},
    ]
    AppendLog(folder / "journal.jsonl").append(rows)
    return folder
