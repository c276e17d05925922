"""Commands that messages print: they work when they are pasted, wherever the user is and whatever the folder is called."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from harness import commands
from harness.commands import command, install, install_missing
from toy import Toy, harness


@pytest.fixture(autouse=True)
def forgetful() -> None:
    """Where a program lies is looked up anew."""
    commands.called.cache_clear()


def environment(folder: Path, *programs: str) -> Path:
    """A folder of programs, as that of a virtual environment."""
    folder.mkdir(parents=True)
    for name in programs:
        (folder / name).write_text("#!/bin/sh\n", encoding="utf-8")
        (folder / name).chmod(0o755)
    return folder


@pytest.mark.parametrize(
    ("path", "expected"),
    [("own", "pytest 'my evals/first'"), ("other:own", "{python} -m pytest 'my evals/first'"), ("empty", "{python} -m pytest 'my evals/first'")],
)
def test_a_program_of_another_environment_is_not_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str, expected: str) -> None:
    """pytest by its name where that is this environment's, else through its Python; a path below the current folder is given from there."""
    own, _ = environment(tmp_path / "own", "pytest", "python"), environment(tmp_path / "other", "pytest")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "executable", str(own / "python"))
    monkeypatch.setenv("PATH", ":".join(str(tmp_path / name) for name in path.split(":")))
    assert command("pytest", tmp_path / "my evals/first") == expected.format(python="own/python")


def test_without_pip_uv_installs_into_this_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment that uv made has no pip of its own."""
    monkeypatch.setenv("PATH", str(environment(tmp_path / "bin", "uv")))
    monkeypatch.setattr(commands, "find_spec", lambda name: None)
    assert install("numba>=0.61").startswith(f"uv pip install --python {sys.executable} 'numba>=0.61'")


@pytest.mark.parametrize(
    ("text", "extra"),
    [
        ("No module named 'sklearn.feature_extraction'", "local"),
        ("No module named 'openai'", "api"),
        ("No package metadata was found for transformers", "local"),
        ("No module named 'my_own'", ""),
        ("cannot import name 'x' from 'torch'", ""),
    ],
)
def test_a_missing_module_names_its_extra(text: str, extra: str) -> None:
    """Only what is missing, and only what an extra brings."""
    assert install_missing(text).endswith(f"pip install 'harness-evals[{extra}]'" if extra else "")
    assert bool(install_missing(text)) == bool(extra)


def pasted(folder: Path, line: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["sh", "-c", line], cwd=folder, capture_output=True, text=True, timeout=120)


def printed(text: str, words: str) -> str:
    """The command in a text that has these words, without what the sentence says before and after it."""
    return next(match[1] for match in re.finditer(rf"((?:[^\s(]*python[^\s(]* -m (?:harness\.cli|pytest)|harness|pytest) {words} (?:'[^']+'|[^\s)]+))", text))


def test_the_steps_of_a_first_experiment_can_be_pasted(tmp_path: Path) -> None:
    """Each is a line of its own."""
    toy = Toy(tmp_path / "my project")
    done = pasted(toy.root, harness(toy, "init", "other").stdout.splitlines()[-3])
    assert done.returncode == 0 and done.stdout.endswith("evals/other/experiment.lock.json\n"), done


def test_printed_commands_run_in_a_folder_with_a_space_in_its_name(tmp_path: Path) -> None:
    """Lock and report behind a run; verify behind a report that would not be true."""
    toy = Toy(tmp_path / "my project")
    run = toy.root / "runs of mine"
    done = toy.run("--harness-run-dir", str(run), "--harness-no-report")
    made = pasted(toy.root, printed(done.stdout, "report"))
    assert made.returncode == 0 and made.stdout.endswith("/runs of mine/index.html\n"), (done.stdout, made)
    assert pasted(toy.root, printed(done.stdout, "lock")).returncode == 0
    results = run / "results.json"
    results.write_text(results.read_text(encoding="utf-8").replace('"supported"', '"falsified"', 1), encoding="utf-8")
    refused = harness(toy, "report", str(run))
    verified = pasted(toy.root, printed(refused.stdout, "verify"))
    assert verified.returncode == 1 and "difference" in verified.stdout, (refused.stdout, verified)
