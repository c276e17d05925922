"""Designs with a planted mistake: a copy of an experiment of this project, or a small one without a model, changed in one place and checked."""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from fork_server import run_python
from harness.models.tokenizers import load_tokenizer
from harness.store import Store
from toy import Toy

REPO = Path(__file__).parents[2]
SHARED_PARTS = ("fixtures", "personas", "banks", "model_sets")

Found = dict[str, Any]


class Planted:
    """A project in a folder of its own with one experiment: edit it, then `check()` it or `run()` it."""

    def __init__(self, root: Path, name: str) -> None:
        self.root, self.name = root, name

    @property
    def folder(self) -> str:
        return f"evals/{self.name}"

    @property
    def yaml(self) -> str:
        return f"{self.folder}/experiment.yaml"

    def write(self, name: str, text: str) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def read(self, name: str) -> str:
        return (self.root / name).read_text(encoding="utf-8")

    def edit(self, name: str, old: str, new: str, count: int = 1) -> None:
        """Replaces the first `count` places (0: all) of `old`, which must be there."""
        text = self.read(name)
        assert old in text, f"{old!r} is not in {name}"
        self.write(name, text.replace(old, new, count or -1))

    def check(self, *words: str, scale: str = "smoke") -> list[Found]:
        """The findings of `harness check`, without those that are allowed."""
        report = self.report(*words, scale=scale)
        return [finding for finding in report["findings"] if not finding["suppressed"]]

    def report(self, *words: str, scale: str = "smoke") -> dict[str, Any]:
        command = [sys.executable, "-m", "harness.cli", "check", self.folder, "--scale", scale, "--format", "json", *words]
        done = run_python(command, cwd=self.root, env=environment())
        try:
            found: dict[str, Any] = json.loads(done.stdout)
        except ValueError:
            raise AssertionError(f"exit {done.returncode}: {done.stdout[-2000:]}{done.stderr[-2000:]}") from None
        assert "findings" in found, found
        return found

    def found(self, code: str, scale: str = "smoke") -> list[Found]:
        """The findings of one rule. A rule that could not run is a failure of the test, not a clean design."""
        report = self.report("--select", code, scale=scale)
        assert not report["not_run"], report["not_run"]
        return [finding for finding in report["findings"] if finding["code"] == code and not finding["suppressed"]]

    def codes(self, *words: str, scale: str = "smoke") -> set[str]:
        return {finding["code"] for finding in self.check(*words, scale=scale)}

    def run(self, *words: str) -> dict[str, Any]:
        """results.json of a run at smoke scale."""
        command = [sys.executable, "-m", "pytest", self.folder, "--harness-falsified-ok", "--harness-no-report", "--harness-run-dir", str(self.root / "run")]
        done = run_python([*command, *words], cwd=self.root, env=environment(), timeout=600)
        path = self.root / "run/results.json"
        if not path.exists():
            raise AssertionError(f"exit {done.returncode}: {done.stdout[-3000:]}{done.stderr[-2000:]}")
        results: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return results


def environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(("HARNESS_", "PYTEST_"))} | {"COLUMNS": "200"}


def shipped(root: Path, name: str) -> Planted:
    """A copy of an experiment of this project with all that it reads."""
    for part in (*SHARED_PARTS, f"evals/{name}"):
        shutil.copytree(REPO / part, root / part, ignore=shutil.ignore_patterns("__pycache__"), dirs_exist_ok=True)
    if name == "persona_leakage":  # its parents
        shutil.copytree(REPO / "evals/persona_prompting", root / "evals/persona_prompting", dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copytree(REPO / "reports/parents", root / "reports/parents", dirs_exist_ok=True)
    copy_tokenizers(root / ".harness/store")
    (root / "pytest.ini").write_text("[pytest]\naddopts = --import-mode=importlib -p no:cacheprovider\npythonpath = .\n")
    return Planted(root, name)


def copy_tokenizers(store: Path) -> None:
    """Parsing the tokenizer of a GGUF file takes seconds: every design begins with what this checkout keeps of it."""
    kept = Path(os.environ.get("HARNESS_STORE", REPO / ".harness/store"))
    load_tokenizer("local/smollm2", Store(kept))
    shutil.copytree(kept / "tokenizers", store / "tokenizers")


def coins(root: Path) -> Planted:
    """The experiment of coins: real samples, no model; runs in a second."""
    Toy(root)
    return Planted(root, "coins")


@pytest.fixture
def leakage(tmp_path: Path) -> Planted:
    return shipped(tmp_path, "persona_leakage")


@pytest.fixture
def prompting(tmp_path: Path) -> Planted:
    return shipped(tmp_path, "persona_prompting")


@pytest.fixture
def convergence(tmp_path: Path) -> Planted:
    return shipped(tmp_path, "convergence")


@pytest.fixture
def evolution(tmp_path: Path) -> Planted:
    return shipped(tmp_path, "belief_evolution")


@pytest.fixture
def coin_design(tmp_path: Path) -> Planted:
    return coins(tmp_path)
