"""A small project that asks: one experiment of one test, its bank, and whoever answers."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

from fork_server import run_python

BANK = [
    {"id": "sum", "prompt": "What is 17 + 25?", "choices": ["32", "42", "43", "52"], "target": "42"},
    {"id": "capital", "prompt": "What is the capital of Australia?", "choices": ["Sydney", "Melbourne", "Canberra", "Perth"], "target": "C"},
    {"id": "metal", "prompt": "Which of these is a metal?", "choices": ["Oxygen", "Copper", "Wood", "Glass"], "target": "Copper"},
    {"id": "days", "prompt": "Today is Friday. Which day is it in ten days?", "choices": ["Sunday", "Monday", "Tuesday", "Friday"], "target": "Monday"},
    {"id": "half", "prompt": "What is half of a quarter?", "choices": ["One sixth", "One eighth", "One half", "Two quarters"], "target": "One eighth"},
    {"id": "plant", "prompt": "What do plants take in to make sugar?", "choices": ["Oxygen", "Nitrogen", "Carbon dioxide", "Salt"], "target": "Carbon dioxide"},
]
RIGHT = {"sum": "B", "capital": "C", "metal": "B", "days": "B", "half": "B", "plant": "C"}
DECLARED: dict[str, Any] = {
    "id": "asking",
    "title": "A test that asks",
    "question": "What is answered?",
    "axes": {"arm": ["one"]},
    "thresholds": {"accuracy": {"value": 10, "unit": "pp", "direction": "increase"}, "level": {"value": 0.1, "unit": "rate", "direction": "increase"}},
    "hypotheses": {"H1": {"cells": ["arm"], "rule": {"at_least": "all", "of": "arm"}, "thresholds": ["accuracy"]}},
    "primary": "H1",
    "inputs": ["banks/*.jsonl"],
    "scales": {"smoke": {"settings": {"model": "null/stock", "bank": "banks/asked.jsonl"}}},
}
STEPS = """\
direct = ask(system="Reply with the letter of the right answer.", name="direct")
steps = ask(system="Think step by step, then end with 'Answer: <letter>'.", name="steps")
assert criterion("accuracy").holds(measure.shift("shift", steps.score("choice"), direct.score("choice")))
"""


def answer_of(body: dict[str, Any]) -> str:
    """What a model would say that is right where it is asked to think, and says A where it is not."""
    asked = body["messages"][-1]["content"]
    right = next(RIGHT[row["id"]] for row in BANK if row["prompt"] in asked)
    thinks = "step by step" in body["messages"][0]["content"]
    return f"One option is A. Another is better.\nAnswer: {right}" if thinks else "A"


class AskingRoom:
    """`ask(body, …)` writes the test; `pytest()` runs it; `cell()` is what came of it."""

    def __init__(self, root: Path) -> None:
        self.root, self.declared = root, json.loads(json.dumps(DECLARED))
        self.write("pytest.ini", "[pytest]\n")
        self.bank(*BANK)
        self.test(STEPS)

    def write(self, name: str, text: str | bytes) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())

    def bank(self, *rows: dict[str, Any]) -> None:
        self.write("banks/asked.jsonl", "".join(json.dumps(row) + "\n" for row in rows))

    def test(self, body: str, before: str = "") -> None:
        """The body of the one test."""
        lines = "".join(f"    {line}\n" for line in body.splitlines())
        head = f'from harness import hypothesis\n{before}\n\n@hypothesis("H1")\ndef test_asking(arm, ask, measure, criterion, facts):\n    """It is so."""\n'
        self.write("evals/asking/test_asking.py", head + lines)

    @property
    def settings(self) -> dict[str, Any]:
        found: dict[str, Any] = self.declared["scales"]["smoke"]["settings"]
        return found

    def command(self, *words: str) -> list[str]:
        self.write("evals/asking/experiment.yaml", yaml.safe_dump(self.declared, sort_keys=False))
        return [sys.executable, "-m", "pytest", "evals", "-q", "-p", "no:cacheprovider", "--tb=short", *words]

    def pytest(self, *words: str, **environ: str) -> subprocess.CompletedProcess[str]:
        return run_python(self.command(*words), self.root, os.environ | {"COLUMNS": "160"} | environ)

    def results(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.last_run / "results.json").read_text())
        return found

    @property
    def last_run(self) -> Path:
        """The folder of the run that was decided last; `latest` is the last complete one."""
        return max((self.root / "reports/asking").glob("2*/results.json"), key=lambda path: path.stat().st_mtime_ns).parent

    def cell(self, *words: str, **environ: str) -> dict[str, Any]:
        """The one cell of a run."""
        before = set((self.root / "reports/asking").glob("2*"))
        done = self.pytest(*words, **environ)
        assert "Traceback" not in done.stderr and "INTERNALERROR" not in done.stdout, done.stdout + done.stderr
        assert set((self.root / "reports/asking").glob("2*")) > before, done.stdout + done.stderr
        [cell] = self.results()["cells"]
        return dict(cell)

    def rows(self, name: str) -> list[dict[str, Any]]:
        """The rows of the samples whose name begins so."""
        files = (self.last_run / "samples").iterdir()
        [path] = [file for file in files if re.fullmatch(rf"{name}(-seed\d+)?-[0-9a-f]{{12}}\.jsonl", file.name)]
        return [json.loads(line) for line in path.read_text().splitlines()]
