"""Levels in a chain: a later one asks whom the earlier one let on, by whether they answered and in declared order."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import msgspec
import pytest

from experiment_room import HERE, cell, experiment
from harness.domains.convergence.fixtures.tasks import whole_bank

SMALL = {"tasks": 6, "varied": 2, "max_tokens": 20}
# Null models stand in for models: what is tested is who is asked.
ASKED = {
    "stock": {"spec": "null/stock", "kind": "model"},
    "words": {"spec": "null/words", "kind": "model"},
    "silent": {"spec": "replay/silent.jsonl", "kind": "model"},
    "gone": {"spec": "openrouter/gone/model", "kind": "model", "retired": "its vendor shut it down on 2025-07-28"},
    "others": {"spec": "null/words", "kind": "model", "seed": 1},
}


def shown(results: dict[str, Any]) -> list[str]:
    return list(results["sections"]["respondents"])


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """The root of a first level in which one member answers nothing, and its results."""
    root = tmp_path_factory.mktemp("first")
    silent(root)
    return root, experiment(root, ASKED, **SMALL)[0]


def silent(root: Path) -> None:
    """A recording of somebody who never answered."""
    root.mkdir(parents=True, exist_ok=True)
    rows = [{"id": task.id, "answer": "timed out", "status": "error"} for task in whole_bank(HERE, "ours", "")]
    (root / "silent.jsonl").write_bytes(b"\n".join(map(msgspec.json.encode, rows)))


def later(root: Path, run: Path | None, **settings: Any) -> tuple[dict[str, Any], str]:
    """The second level with the same set, under `root`; `run` is that of the first."""
    silent(root)
    if run is not None:
        shutil.copytree(run, root / "reports/first")
    parents = ({"run": "reports/first", "may_differ": ["scale", "settings"]},) if run is not None else ()
    return experiment(root, ASKED, parents=parents, level=2, screened_by="smoke", **SMALL | settings)


def test_a_retired_member_is_left_out_and_named(first: tuple[Path, dict[str, Any]]) -> None:
    """It is not asked, it does not count among the first, and one line says why."""
    _, results = first
    assert "gone" not in shown(results)
    assert results["facts"]["Caveats"]["retired members"] == "Left out, since nobody serves them any more: gone: its vendor shut it down on 2025-07-28"


def test_a_later_level_asks_those_that_answered(tmp_path: Path, first: tuple[Path, dict[str, Any]]) -> None:
    """The one that was dead at the first level is not asked; the first two of the others are, in declared order, and every gate passes."""
    root, results = first
    assert cell(results, "G1")["verdict"] == "failed" and "1 of 4 are dead: silent" in cell(results, "G1")["reason"]
    second, _ = later(tmp_path / "second", root / "run", members=2, fewest=2)
    assert (cell(second, "G0")["verdict"], shown(second)) == ("passed", ["stock", "words"])
    assert {one["name"]: one["value"] for one in cell(second, "G0")["measurements"]} == {"members asked": 2, "let on by the level before": 3}
    assert cell(second, "G1")["verdict"] == "passed"
    assert not [caveat for caveat in second["caveats"] if "D114" in caveat], "the run before is declared under parents"


def test_a_later_level_needs_the_run_of_the_one_before(tmp_path: Path) -> None:
    """Without it gate G0 fails in one line, and nobody is asked."""
    second, told = later(tmp_path / "alone", None)
    assert cell(second, "G0")["verdict"] == "failed" and "no run at scale smoke is named under parents" in cell(second, "G0")["reason"]
    assert cell(second, "G1")["verdict"] == "blocked" and "respondents" not in second["sections"]
    assert not list((tmp_path / "alone/run/samples").glob("answers-*")) and "Traceback" not in told
