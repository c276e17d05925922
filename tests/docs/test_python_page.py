"""The examples of docs/python.md, run from top to bottom in a folder that has what they read."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from toy import Toy

ROOT = Path(__file__).parents[2]
BLOCKS = re.findall(r"^```python\n(.*?)^```", (ROOT / "docs/python.md").read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
MODELS = ("openai/gpt-4o", "anthropic/claude-3-haiku", "deepseek/deepseek-r1")


def write_recording(path: Path) -> None:
    """A Level-1 document of three models and six prompts."""
    words = ["river", "stone", "apple", "tower", "garden", "window"]
    rows = [
        {
            "model_id": model,
            "capability": "truthfulness",
            "prompt_text": f"What is a {word}?",
            "response_text": f"A {word} is what {model} calls {word}s.",
            "api_cost": 0.0,
            "processing_time": 0.0,
        }
        for model in MODELS
        for word in words
    ]
    path.write_text(json.dumps({"responses": rows}, indent=1), encoding="utf-8")


def test_an_example_has_five_statements_at_most_beside_its_import() -> None:
    assert len(BLOCKS) == 4
    for block in BLOCKS:
        assert sum(not isinstance(node, ast.Import | ast.ImportFrom) for node in ast.parse(block).body) <= 5, block


def test_every_example_runs(toy: Toy, smollm2: object) -> None:
    """In one process, as a notebook would; each figure is there afterwards. The store is that of the tests, where the model is unpacked."""
    pytest.importorskip("pandas", reason="data frames need pandas: pip install -c constraints.txt pandas")
    pytest.importorskip("peft", reason="trainings need peft: pip install -c constraints.txt 'harness-evals[local]'")
    assert toy.run().returncode == 0, "the run that is read"
    write_recording(toy.root / "level1.json")
    store = os.environ.get("HARNESS_STORE", str(ROOT / ".harness" / "store"))
    done = subprocess.run(
        [sys.executable, "-W", "error", "-"],
        input="\n".join(BLOCKS),
        cwd=toy.root,
        env=os.environ | {"PYTHONPATH": str(ROOT), "HARNESS_STORE": store},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    assert {path.name for path in toy.root.glob("*.png")} == {"alike.png", "courses.png", "loss.png"}
