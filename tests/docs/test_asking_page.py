"""The files of docs/asking.md, written to an empty folder, run: on the bundled model, and against a server that speaks OpenAI's API."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from faulty_server import FaultyServer
from fork_server import run_python
from harness.judges.labelled import load_labelled
from harness.judges.rubric import load_rubric

PAGE = (Path(__file__).parents[2] / "docs/asking.md").read_text(encoding="utf-8")
FILES = dict(re.findall(r"<!-- file: (\S+) -->\n```\w+\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE))
TARGETS = {json.loads(line)["prompt"]: json.loads(line)["target"] for line in FILES["banks/riddles.jsonl"].splitlines()}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name, text in {"pytest.ini": "", **FILES}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def edit(project: Path, old: str, new: str) -> None:
    path = project / "evals/steps/experiment.yaml"
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))


def run(project: Path, *words: str) -> tuple[dict[str, Any], subprocess.CompletedProcess[str]]:
    """(results.json, what pytest said)."""
    done = run_python([sys.executable, "-m", "pytest", "evals", "--tb=no", "-p", "no:cacheprovider", *words], project, os.environ | {"COLUMNS": "100"})
    path = project / "reports/steps/latest/results.json"
    assert path.exists(), done.stdout + done.stderr
    return json.loads(path.read_text()), done


def test_the_page_runs_on_the_bundled_model(project: Path) -> None:
    """Two questions and 24 tokens, so that it is quick: an arm that is all cut off is told as such, and the next one is not asked."""
    pytest.importorskip("gguf")
    edit(project, "items: 8, max_tokens: 192", "items: 2, max_tokens: 24")
    found, done = run(project)
    samples = project / "reports/steps/latest/samples"
    [cell] = found["cells"]
    cut_off = re.search("no answer of (direct|steps) is there and whole: 2 truncated", cell["reason"])
    for name in ("direct-seed1", "steps-seed1")[: 1 if cut_off and cut_off[1] == "direct" else 2]:
        rows = [json.loads(line) for path in samples.glob(f"{name}-*") for line in path.read_text().splitlines()]
        assert len(rows) == 2 and {row["status"] for row in rows} <= {"ok", "truncated"} and all(row["text"] for row in rows), done.stdout
    assert cell["verdict"] != "error" or cut_off


def test_the_page_runs_against_a_server(project: Path) -> None:
    """All eight questions; what is right when it thinks, and A when it does not, raises accuracy."""

    def speak(body: dict[str, Any]) -> str:
        asked = body["messages"][-1]["content"]
        right = next(target for prompt, target in TARGETS.items() if prompt in asked)
        return f"Let me think.\nAnswer: {right}" if "step by step" in body["messages"][0]["content"] else "A"

    with FaultyServer(speak=speak) as server:
        edit(project, "[local/smollm2]", f"['vllm/test-1@{server.url}/v1']")
        found, done = run(project)
        assert found["verdict"] == "supported" and found["cells"][0]["measurements"][0]["n"] == 8, done.stdout
        again, _ = run(project)
        assert again["execution"]["reused"] and len(server.bodies) == 16


def test_the_model_may_stand_in_the_settings(project: Path) -> None:
    """The page's declaration with another axis, and the test without `model=`, decide as before."""
    shown = re.search(r"<!-- model in the settings -->\n```yaml\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    assert shown
    declared, test = project / "evals/steps/experiment.yaml", project / "evals/steps/test_steps.py"
    with FaultyServer(speak=lambda body: "Answer: B" if "step by step" in body["messages"][0]["content"] else "Z") as server:
        found = yaml.safe_load(declared.read_text()) | yaml.safe_load(shown[1].replace("local/smollm2", f"vllm/test-1@{server.url}/v1"))
        declared.write_text(yaml.safe_dump(found, sort_keys=False))
        test.write_text(test.read_text().replace("(llm, ask", "(prompt, ask").replace("model=llm, ", ""))
        [cell] = run(project)[0]["cells"]
        assert [one["name"] for one in cell["measurements"]] == ["direct", "steps", "shift"], cell["reason"]
        assert len(server.bodies) == 16 and cell["verdict"] != "error"


def test_the_rubric_and_the_labelled_answers_of_the_page_can_be_read(project: Path) -> None:
    """They judge one behaviour, yes or no, and hold both labels."""
    rubric, version = load_rubric(project / "rubrics/kind.yaml")
    assert rubric.behaviours == ["kindness"] and version.startswith("v1-")
    verdict = rubric.read('{"shown": true, "confidence": 80, "reason": "warm"}')
    assert (verdict.shown, verdict.score) == (True, 10)
    assert {row.shown for row in load_labelled(project / "banks/judged/kind.jsonl")} == {True, False}


def test_the_recording_of_the_page_can_be_read(project: Path) -> None:
    """With the statuses that the page gives them."""
    from harness.models.recordings import load_recording

    rows = load_recording(project / "recordings/direct.jsonl").rows
    assert [row.answer.status for row in rows] == ["ok", "ok", "ok", "truncated", "error"] and rows[2].replicate == 1


def test_the_page_lists_every_setting_and_scorer() -> None:
    """A setting that the fixture reads, or a scorer, that the page does not name would be found by nobody."""
    from harness.fixtures.asking import DEFAULTS
    from harness.measures.scorers import NAMED

    for name, value in DEFAULTS.items():
        assert re.search(rf"^\| `{name}` \|.*\| {value} \|$", PAGE, re.MULTILINE), name
    for name in NAMED:
        assert f'| `"{name}"`' in PAGE, name
