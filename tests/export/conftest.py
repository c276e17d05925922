"""A run to export, and the packages that read exports, each in a venv of its own."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.appendlog import AppendLog
from harness.fingerprint import file_fingerprint
from inspect_logs import installed
from sample_run import write_run

ROWS = [
    {
        "item": "a",
        "replicate": 0,
        "status": "ok",
        "prompt": "Why?",
        "text": "=1+1",
        "judged": True,
        "reason": "it said so",
        "input_tokens": 5,
        "output_tokens": 2,
    },
    {"item": "a", "replicate": 1, "status": "ok", "prompt": "Why?", "text": "No\x1b[2J", "judged": False},
    {"item": "b/..", "replicate": 0, "status": "error", "prompt": "How?", "text": "", "judged": None, "error": "429 slow down"},
    {"item": "b/..", "replicate": 1, "status": "empty", "prompt": "How?", "text": "", "judged": None},
    {"item": "c", "replicate": 0, "status": "truncated", "prompt": "Long?", "text": "a b c", "judged": True},
    {"item": "d", "replicate": 0, "status": "refused", "prompt": "Lock?", "text": "", "judged": None},
]


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run whose first samples file holds every kind of row, and whose samples were answered under a system prompt."""
    folder = write_run(tmp_path / "reports" / "persona_prompting" / "run-1")
    samples, results = folder / "samples" / "villain-refusal.jsonl", folder / "results.json"
    before = file_fingerprint(samples)
    samples.unlink()
    AppendLog(samples).append(ROWS)
    change(results, lambda tree: patch(tree, before, file_fingerprint(samples)))
    return folder


def patch(tree: Any, before: str, after: str) -> None:
    """Every reference to a samples file, with its new hash and number of rows."""
    if isinstance(tree, dict):
        if tree.get("sha256") == before:
            tree |= {"sha256": after, "rows": len(ROWS)}
        if isinstance(tree.get("facts"), dict) and "Eval" in tree["facts"]:
            tree["facts"]["Eval"]["villain"] = {"system": "You are a villain.", "model": "f" * 64, "seed": 1}
    for part in tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else ():
        patch(part, before, after)


def change(path: Path, edit: Callable[[Any], None]) -> None:
    tree = json.loads(path.read_text(encoding="utf-8"))
    edit(tree)
    path.write_text(json.dumps(tree), encoding="utf-8")


@pytest.fixture(scope="session")
def inspect_python() -> Path:
    """A Python with inspect-ai."""
    return installed("inspect", "inspect-ai")


@pytest.fixture(scope="session")
def trackers_python() -> Path:
    """A Python with W&B and MLflow."""
    return installed("hooks", "wandb", "mlflow-skinny", "sqlalchemy", "alembic")
