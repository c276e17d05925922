"""The page docs/exchange.md: its experiment is run on logs of Inspect, and its exports are made of that run."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from inspect_logs import graded
from toy import Toy, harness

PAGE = (Path(__file__).parents[2] / "docs/exchange.md").read_text(encoding="utf-8")
FILES = dict(re.findall(r"<!-- file: (\S+) -->\n```\w+\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE))
EXPORTS = re.findall(r"^harness (export .+)$", PAGE, re.MULTILINE)


@pytest.fixture
def project(toy: Toy) -> Toy:
    """A project with the files of the page, and the logs of two models."""
    for name in ("evals/coins/experiment.yaml", "evals/coins/test_coins.py", "conftest.py"):
        (toy.root / name).unlink()
    for name, text in FILES.items():
        toy.write(name, text)
    for name, right in (("small", 10), ("large", 35)):
        graded(toy.root / f"logs/{name}.eval", f"mock/{name}", right)
    return toy


def test_the_page_works_as_it_is_written(project: Toy) -> None:
    """The experiment is supported, each form is exported with exit code 0, and --hub says that nothing was trained."""
    assert len(FILES) == 2 and len(EXPORTS) == 4
    ran = project.reporting().run()
    assert "facts: SUPPORTED" in ran.stdout and (project.root / "reports/facts/latest/index.html").exists(), ran.stdout
    for command in EXPORTS:
        done = harness(project, *command.replace("<experiment>", "facts").split())
        assert done.returncode == (2 if "--hub" in command else 0), done.stderr
        assert "--hub" not in command or "this run trained nothing" in done.stderr


def test_the_hook_of_the_page_is_called(project: Toy) -> None:
    """As a conftest."""
    block = next(text for text in re.findall(r"```python\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE) if "def pytest_harness_finished" in text)
    project.write("conftest.py", block)
    assert "facts supported " in project.run("-s").stdout
    assert subprocess.run([sys.executable, "-c", block], check=True).returncode == 0
