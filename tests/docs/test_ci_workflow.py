"""The workflow of docs/ci.md, run as a runner would: its steps, one after the other, in a project that `harness init` has just written."""

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

PAGE = Path(__file__).parents[2] / "docs/ci.md"
WORKFLOW: dict[str, Any] = yaml.safe_load(re.findall(r"^```yaml\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)[0])
STEPS = [step for step in WORKFLOW["jobs"]["gates"]["steps"] if "run" in step and step["name"] != "Install"]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A new project. Its quick gate asks the model, which is unpacked into the project: it neither trains nor samples."""
    subprocess.run([sys.executable, "-m", "harness.cli", "init"], cwd=tmp_path, env=environment(), check=True, capture_output=True)
    return tmp_path


def environment(workspace: Path | None = None) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("HARNESS_", "PYTEST_", "GITHUB_"))}
    scripts = Path(sys.executable).parent
    return kept | {"PATH": f"{scripts}:{os.environ['PATH']}", "GITHUB_ACTIONS": "true", "GITHUB_WORKSPACE": str(workspace or "")}


def run_steps(project: Path) -> list[subprocess.CompletedProcess[str]]:
    """The steps as GitHub's runner calls bash; the first that fails ends the job."""
    done = []
    for step in STEPS:
        command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]
        done.append(subprocess.run(command, cwd=project, env=environment(project), capture_output=True, text=True, timeout=300))
        if done[-1].returncode:
            break
    return done


def test_its_steps_pass_in_a_new_project(project: Path) -> None:
    done = run_steps(project)
    assert len(done) == len(STEPS) == 3 and all(step.returncode == 0 for step in done), [step.stdout + step.stderr for step in done]
    assert 'name="harness_verdict" value="passed"' in (project / "gates.xml").read_text()
    assert list((project / "reports").glob("*/latest/clean_result.md"))
    assert json.loads((project / "checks.sarif").read_text())["runs"][0]["results"] == []


def test_a_gate_that_fails_is_annotated_at_its_line(project: Path) -> None:
    pytest.importorskip("pytest_github_actions_annotate_failures")
    path = next(path for path in (project / "evals").rglob("test_*.py") if "@gate" in path.read_text())
    text = path.read_text()
    body = text.index("assert", text.index("quick=True"))
    path.write_text(text[:body] + 'assert not "broken", "the ground does not hold"\n    ' + text[body:])
    last = run_steps(project)[-1]
    assert last.returncode == 1
    assert re.search(rf"::error .*file={re.escape(path.relative_to(project).as_posix())},line=\d+.*the ground does not hold", last.stdout + last.stderr), (
        last.stdout
    )


def test_a_design_that_cannot_be_read_ends_the_job(project: Path) -> None:
    declaration = next((project / "evals").rglob("experiment.yaml"))
    declaration.write_text(declaration.read_text().replace("primary:", "primry:"))
    done = run_steps(project)
    assert len(done) == 1 and done[0].returncode == 2 and "primry" in done[0].stderr
