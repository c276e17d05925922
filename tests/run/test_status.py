"""What `harness status` counts as finished: the results of the last session's plan."""

from __future__ import annotations

from msgspec.structs import replace

from harness.records import Cell, decode
from harness.run.folder import RunFolder
from harness.run.status import status_of
from toy import Toy

SESSION = {"started": 1.0, "command": "pytest evals", "hardware": {}, "workers": 0}


def test_results_of_an_earlier_plan_or_session_are_not_finished(toy: Toy) -> None:
    """Cells whose key has changed run again, and so does an error that its session could not keep; in the session that met it, it is told."""
    assert toy.run("--harness-run-dir=run").returncode == 0
    path = toy.root / "run"
    assert status_of(path).state == "done" and sum(status_of(path).finished.values()) == 12
    folder = RunFolder(path, "later")
    plan, rows = folder.universe(), folder.read()[0]
    broken = replace(decode(next(row["cell"] for row in rows if row["type"] == "cell"), Cell), verdict="error", reason="broke")
    about = {"seconds": 1.0, "worker": "main", "reused": False, "measured": 1.0}
    folder.record_session(SESSION, plan)
    folder.record(broken, about | {"keep": False})
    assert status_of(path).finished["error"] == 1 and not status_of(path).waiting
    RunFolder(path, "latest").record_session(SESSION, plan)
    assert status_of(path).finished.get("error") is None and sum(status_of(path).finished.values()) == 12  # what it had been before
    RunFolder(path, "last").record_session(SESSION, replace(plan, cells=tuple(replace(cell, key="0" * 64) for cell in plan.cells)))
    found = status_of(path)
    assert not found.finished and len(found.waiting) == 12 and found.state == "ended before all cells were decided"
