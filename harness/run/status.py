"""How far a run is: from its folder alone, while it runs and after it."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from harness.costs import total
from harness.errors import HarnessError
from harness.files import read_plain
from harness.in_use import unused
from harness.records import Cost, Universe
from harness.run.folder import RunFolder
from harness.run.pause import is_paused
from harness.run.progress import STATE


class RunningState(msgspec.Struct):
    """What the process that tells of a run wrote last: when, node id to seconds of what runs, its parts (name, done, total), and the seconds left."""

    at: float
    running: dict[str, float]
    parts: dict[str, tuple[str, int, int]] = {}
    left_s: float | None = None


class RunStatus(msgspec.Struct, frozen=True, kw_only=True):
    """How far a run is. `running` maps a cell to its seconds, `parts` to what it does; `seconds` is the work of the cells that ran here, `gpu_hours` the same
    on the accelerators that the scale declares; `declared` is the declared cost of the finished cells that were not reused. `left_s` is None while it would be
    a guess."""

    experiment: str
    scale: str
    state: str
    cells: int
    finished: dict[str, int]
    reused: int
    running: dict[str, float]
    parts: dict[str, tuple[str, int, int]]
    waiting: tuple[str, ...]
    seconds: float
    gpu_hours: float
    declared: Cost
    left_s: float | None
    as_of: float
    notes: tuple[str, ...] = ()


def status_of(folder: Path) -> RunStatus:
    """Raises HarnessError where this is no run folder."""
    run = RunFolder(folder, "")
    rows, _ = run.read()
    universe = run.universe(rows)
    selected = {cell.id: cell for cell in universe.cells if cell.selected}
    last = {name: row for name, row in last_rows(rows).items() if name in selected and row["cell"]["key"] == selected[name].key}
    alive, kept = is_alive(folder), read_state(folder)
    running = {selected[name].id: seconds for name, seconds in running_cells(universe, kept).items() if name not in last} if alive else {}
    measured = [selected[name] for name, row in last.items() if not row["reused"]]
    seconds = sum(float(row["seconds"]) for row in last.values() if not row["reused"])
    waiting = tuple(name for name in selected if name not in last and name not in running)
    return RunStatus(
        experiment=universe.experiment,
        scale=universe.scale,
        state=state_in_words(folder, alive, bool(waiting or running)),
        cells=len(selected),
        finished=dict(Counter(str(row["cell"].get("verdict", "")) for row in last.values())),
        reused=sum(bool(row["reused"]) for row in last.values()),
        running=running,
        parts={cell: part for nodeid, part in kept.parts.items() if alive and (cell := cell_of(universe, nodeid)) in running},
        waiting=waiting,
        seconds=round(seconds, 1),
        gpu_hours=round(seconds * gpus_of(universe) / 3600, 3),
        declared=total(universe, [(cell.owner, cell.kind) for cell in measured]),
        left_s=kept.left_s if alive and waiting + tuple(running) else None,
        as_of=kept.at if alive else time.time(),
        notes=tuple(row["note"] for row in rows if row.get("type") == "note"),
    )


def last_rows(rows: Sequence[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """Cell to its last row that the run's last session takes for its result: what an earlier one could not keep it runs again."""
    session = next((row["token"] for row in reversed(rows) if row.get("type") == "session"), "")
    return {row["cell"]["id"]: row for row in rows if row.get("type") == "cell" and (row.get("keep", True) or row["token"] == session)}


def read_state(folder: Path) -> RunningState:
    try:
        return msgspec.json.decode(read_plain(folder / ".run" / STATE), type=RunningState)
    except (OSError, ValueError, RecursionError):
        return RunningState(at=time.time(), running={})


def running_cells(universe: Universe, state: RunningState) -> dict[str, float]:
    """Cell to the seconds that it has run."""
    return {cell: seconds for nodeid, seconds in state.running.items() if (cell := cell_of(universe, nodeid))}


def cell_of(universe: Universe, nodeid: str) -> str:
    """The selected cell of a node id; "" where there is none."""
    return next((cell.id for cell in universe.cells if cell.nodeid == nodeid and cell.selected), "")


def is_alive(folder: Path) -> bool:
    """Whether a process works in the folder."""
    try:
        with unused(folder) as free:
            return not free
    except HarnessError:
        return False


def state_in_words(folder: Path, alive: bool, open_cells: bool) -> str:
    if alive:
        return "paused" if is_paused(folder) else "running"
    return "ended before all cells were decided" if open_cells else "done"


def gpus_of(universe: Universe) -> float:
    """The accelerators that a cell of this scale uses, as it is declared."""
    scale: Mapping[str, Any] = universe.design.get("scales", {}).get(universe.scale, {})
    return float(scale.get("gpus") or 0)
