"""What a machine lacks for a run is said before its first cell."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from harness.check.rules import machine as rules
from harness.costs import cost_of
from harness.findings import Facts, Rule
from harness.records import Cell, Cost, Place
from harness.run.heartbeat import is_overdue, watch
from harness.run.machine import Machine, misfit, module_files, this_machine, unpinned
from planted import Planted

GIB = 2**30
HERE = Machine(gpus=((80 * GIB, 78 * GIB),), memory=16 * GIB, free={"store": 100 * GIB, "reports": 100 * GIB}, prefix="/venv")


class Known(Facts):
    """Facts whose declaration has no lines."""

    def place(self, *place: str | int) -> Place:
        return Place(file="experiment.yaml", path="/".join(map(str, place)))


def found(rule: Rule, machine: Machine = HERE, gpus: int = 0, **given: Any) -> list[str]:
    scale = SimpleNamespace(gpus=gpus, costs={}, cell_cost=Cost(seconds=5))
    facts = {"machine": machine, "spec": SimpleNamespace(scales={"smoke": scale}), "scale": "smoke", "settings": {}, "root": Path("/project"), **given}
    return [finding.message for finding in rule.check(Known(facts))]


@pytest.mark.mistake("T11", rule="P601", stage="run")
@pytest.mark.parametrize(
    ("gpus", "machine", "settings"),
    [
        (1, replace(HERE, gpus=()), {}),
        (2, HERE, {}),
        (1, replace(HERE, gpus=((80 * GIB, 9 * GIB),)), {}),
        (0, HERE, {"device": "cuda:3"}),
        (0, replace(HERE, gpus=()), {"device": "cuda"}),
    ],
)
def test_devices_that_are_absent_or_busy(gpus: int, machine: Machine, settings: dict[str, Any]) -> None:
    assert found(rules.find_missing_devices, machine, gpus, settings=settings)


def test_devices_that_are_there() -> None:
    assert not found(rules.find_missing_devices, HERE, 1, settings={"device": "cuda:0"})
    assert not found(rules.find_missing_devices, replace(HERE, gpus=()))


def test_visible_devices_are_those_that_the_environment_leaves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tool = tmp_path / "nvidia-smi"
    tool.write_text("#!/bin/sh\necho '81559, 80000'\necho '81559, 100'\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    assert len(this_machine({}, tmp_path, 0).gpus) == 2
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1")
    assert this_machine({}, tmp_path, 0).gpus == ((81559 * 2**20, 100 * 2**20),)


@pytest.mark.mistake("T13", rule="P602", stage="run")
def test_versions_that_do_not_go_together(tmp_path: Path) -> None:
    from packaging.specifiers import SpecifierSet

    (tmp_path / "constraints.txt").write_text("# pins\nnumpy==0.1\nmsgspec>=0.1\nnobody==1\n")
    (broken,) = unpinned(tmp_path)
    assert broken.startswith("constraints.txt pins numpy==0.1, installed is ")
    assert list(misfit("numpy", SpecifierSet("<1"), "transformers requires numpy<1"))
    assert found(rules.find_broken_packages, replace(HERE, broken=(broken,)))
    assert not found(rules.find_broken_packages)


@pytest.mark.mistake("T14", rule="P603", stage="run")
@pytest.mark.parametrize(
    "file",
    [
        "/usr/lib/python3/dist-packages/numpy/__init__.py",
        "/root/.local/lib/python3.11/site-packages/torch/__init__.py",
        "/other/venv/lib/python3.11/site-packages/torch/__init__.py",
        "/project/torch.py",
        "/opt/libs/torch/__init__.py",
    ],
)
def test_modules_from_elsewhere(file: str) -> None:
    assert found(rules.find_shadowing_modules, replace(HERE, modules={"torch": file}))


def test_modules_of_the_environment() -> None:
    inside = {"torch": "/venv/lib/python3.11/site-packages/torch/__init__.py", "mine": "/project/.venv/lib/python3.11/site-packages/mine/__init__.py"}
    assert not found(rules.find_shadowing_modules, replace(HERE, modules={"torch": inside["torch"]}))
    assert not found(rules.find_shadowing_modules, replace(HERE, prefix="/project/.venv", modules={"mine": inside["mine"]}))
    assert not found(rules.find_shadowing_modules, replace(HERE, prefix=sys.prefix, modules=module_files()))


def plan_of(cells: int) -> Any:
    return SimpleNamespace(universe=SimpleNamespace(cells=[None] * cells))


@pytest.mark.mistake("T15", rule="P604", stage="run")
@pytest.mark.parametrize("place", ["store", "reports"])
def test_a_disk_without_room_for_the_run(place: str) -> None:
    training = [SimpleNamespace(key=str(number), recipe={"lora": {"r": 32}}, kept_epochs=(2, 8, 20)) for number in range(400)]
    given = {"run": plan_of(50), "trainings": training, "models": [("local/seven", 7_000_000_000, "bfloat16")]}
    assert found(rules.find_full_disks, replace(HERE, free={"store": 500 * GIB, "reports": 500 * GIB} | {place: 2**20}), **given)
    assert not found(rules.find_full_disks, replace(HERE, free={"store": 5000 * GIB, "reports": GIB}), **given)


def test_a_small_run_needs_little() -> None:
    assert not found(rules.find_full_disks, replace(HERE, free={"store": GIB, "reports": GIB}), run=plan_of(50))


@pytest.mark.mistake("T16", rule="P605", stage="run")
@pytest.mark.parametrize(
    ("dtype", "gpus", "workers", "settings", "fits"),
    [
        ("float32", 0, 1, {}, False),
        ("bfloat16", 0, 1, {}, True),
        ("bfloat16", 0, 2, {}, False),
        ("bfloat16", 0, 1, {"behaviour_lr": 0.001}, False),
        ("float32", 1, 1, {"behaviour_lr": 0.001}, True),
    ],
)
def test_a_model_that_does_not_fit(dtype: str, gpus: int, workers: int, settings: dict[str, Any], fits: bool) -> None:
    """7 billion parameters, 16 GiB of memory, a GPU of 80."""
    messages = found(rules.find_too_large, replace(HERE, workers=workers), gpus, models=[("local/seven", 7_000_000_000, dtype)], settings=settings)
    assert bool(messages) is not fits


@pytest.mark.mistake("T17", rule="P606", stage="run")
def test_a_cell_far_beyond_its_declared_seconds() -> None:
    cell = Cell(id="H1[a]", owner="H1", kind="hypothesis", nodeid="t", params={}, key="k", verdict="supported")
    for took, declared in ((57_600.0, True), (49.0, False)):
        results = SimpleNamespace(cells=[cell], scale="smoke", execution=SimpleNamespace(seconds={"H1[a]": took}, reused=()))
        assert bool(found(rules.find_overdue, results=results)) is declared
    assert cost_of(SimpleNamespace(costs={}, cell_cost=Cost(seconds=5)), "G1", "gate").seconds is None
    assert is_overdue(601, 60) and not is_overdue(59, 0.1) and not is_overdue(599, 60)


@pytest.mark.mistake("T17", rule="P606", stage="run")
def test_what_is_overdue_is_said_while_it_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    from harness.run import heartbeat

    class Once:
        """An event that never comes, until it has been waited for."""

        def __init__(self) -> None:
            self.waits: Iterator[bool] = iter((False, True))

        def wait(self, seconds: float) -> bool:
            return next(self.waits)

    lines: list[str] = []
    monkeypatch.setattr(heartbeat, "LEAST", 0)
    watch("H1[a]", 5.0, Once(), lines.append)  # type: ignore[arg-type]
    assert lines == ["P606 H1[a] has run for 0 s, and 5 s are declared"]


@pytest.mark.mistake("T14", rule="P603", stage="run")
def test_a_run_says_what_its_machine_lacks(coin_design: Planted) -> None:
    """A file that is called as a package is, beside the tests; and a GPU that the scale holds."""
    coin_design.write("peft.py", "")
    coin_design.edit("pytest.ini", "[pytest]\n", "[pytest]\npythonpath = .\n")
    coin_design.edit(coin_design.yaml, "    seeds: [1]\n", "    seeds: [1]\n    gpus: 64\n")
    results = coin_design.run()
    assert {finding["code"] for finding in results["execution"]["findings"]} == {"P601", "P603"}
    assert not any(finding["code"].startswith("P") for finding in results["findings"]), "equal runs differ in the block execution alone"


def test_a_sound_machine_has_no_finding(coin_design: Planted) -> None:
    assert coin_design.run()["execution"]["findings"] == []


@pytest.mark.mistake("T6", rule="D114", stage="run")
@pytest.mark.mistake("D22", rule="D114", stage="run")
@pytest.mark.parametrize("name", ["banks/secret.json", "data/other.csv", "evals/coins/expected.txt"])
def test_a_file_that_a_cell_opened_and_nobody_declared(coin_design: Planted, name: str) -> None:
    """Its path is made up at run time, so that no rule over the code can read it."""
    coin_design.write(name, "1")
    first, second = name[:7], name[7:]
    coin_design.edit("conftest.py", "        items = [", f"        open(HERE / ({first!r} + name[:0] + {second!r})).read()\n        items = [")
    assert name in {finding["subject"] for finding in coin_design.run()["findings"] if finding["code"] == "D114" and finding["stage"] == "run"}


@pytest.mark.mistake("C5", rule="R508", stage="report")
@pytest.mark.mistake("T18", rule="R508", stage="report")
def test_samples_that_git_ignores_or_nobody_has_are_said_at_the_end(coin_design: Planted) -> None:
    import subprocess

    results = coin_design.run()
    folder = coin_design.root / "run"
    assert results["cells"] and not said(folder)
    subprocess.run(["git", "init", "-q"], cwd=coin_design.root, check=True)
    assert not said(folder)
    coin_design.write(".gitignore", "/run\n")
    assert said(folder) == ["R508"]
    next((folder / "samples").iterdir()).unlink()
    assert said(folder) == ["R508", "R508"]


def said(folder: Path) -> list[str]:
    from harness.report.build import read_results
    from harness.run.checks import report_findings

    return [finding.code for finding in report_findings(folder, read_results(folder))]
