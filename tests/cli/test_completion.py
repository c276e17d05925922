"""What a shell completes, and what `harness --version` says."""

from __future__ import annotations

import os
import platform
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import harness
from harness.cli import COMMANDS, main
from harness.cli.version import version_line


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with two experiments and a run."""
    for name in ("evals/first", "evals/second one", "reports/first/20260101"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "evidence.md").touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def script(shell: str) -> str:
    done = subprocess.run([sys.executable, "-m", "harness.cli", "--print-completion", shell], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and not done.stderr
    return done.stdout


def completed(*words: str) -> list[str]:
    """What bash offers for the last of the words."""
    line = " ".join(map(shlex.quote, words))
    typed = f"COMP_WORDS=({line}); COMP_CWORD={len(words) - 1}; _shtab_harness; printf '%s\\n' \"${{COMPREPLY[@]}}\""
    done = subprocess.run(["bash", "--norc", "-c", f"{script('bash')}\n{typed}"], capture_output=True, text=True, timeout=60, check=True)
    return sorted(filter(None, done.stdout.splitlines()))


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (("",), sorted(COMMANDS)),
        (("pl",), ["plan"]),
        (("plan", "--sc"), ["--scale"]),
        (("plan", "--scale", ""), ["full", "pilot", "smoke"]),
        (("check", "--format", "s"), ["sarif"]),
        (("plan", "ev"), ["evals"]),
        (("verify", "reports/first/"), ["reports/first/20260101"]),
        (("samples", "reports/first/"), ["reports/first/20260101"]),
        (("lock", "evals/f"), ["evals/first"]),
        (("review", "evid"), ["evidence.md"]),
        (("--ver",), ["--version"]),
    ],
    ids=" ".join,
)
@pytest.mark.usefixtures("project")
def test_bash_completes(words: tuple[str, ...], offered: list[str]) -> None:
    """Commands, options, their values, and folders where a command takes one."""
    assert completed("harness", *words) == offered


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_have_a_script_that_they_can_read(shell: str, tmp_path: Path) -> None:
    """Every command is in it; where the shell is installed, it finds no fault."""
    path = tmp_path / "script"
    path.write_text(script(shell), encoding="utf-8")
    assert all(re.search(rf"\b{name}\b", path.read_text(encoding="utf-8")) for name in COMMANDS)
    if shutil.which(shell):
        subprocess.run([shell, "-n", path], check=True, timeout=60)


def test_an_unknown_shell_is_named_with_the_known_ones(capsys: pytest.CaptureFixture[str]) -> None:
    """argparse says which there are."""
    with pytest.raises(SystemExit):
        main(["--print-completion", "cmd"])
    assert "'bash', 'zsh', 'fish'" in re.sub(r"choose from bash, zsh, fish", "'bash', 'zsh', 'fish'", capsys.readouterr().err)


def test_the_version_names_harness_and_python(capsys: pytest.CaptureFixture[str]) -> None:
    """One line, exit code 0."""
    with pytest.raises(SystemExit) as end:
        main(["--version"])
    assert end.value.code == 0
    told = capsys.readouterr().out
    assert re.fullmatch(rf"harness-evals {re.escape(harness.__version__)}( \(commit [0-9a-f]{{8}}(, changed)?\))?, Python {platform.python_version()}\n", told)


def test_the_commit_is_that_of_a_checkout_of_harness_alone(tmp_path: Path) -> None:
    """A package installed inside of somebody's repository does not speak of that repository; a changed checkout says so."""
    git = ["git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=a@example.org"]
    (tmp_path / "file").write_text("1", encoding="utf-8")
    for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "first"]):
        subprocess.run([*git, *words], check=True, env={**os.environ, "GIT_CONFIG_GLOBAL": os.devnull})
    (tmp_path / ".venv/lib/site-packages").mkdir(parents=True)
    assert "commit" not in version_line(tmp_path / ".venv/lib/site-packages")
    assert re.search(r" \(commit [0-9a-f]{8}\), ", version_line(tmp_path))
    (tmp_path / "file").write_text("2", encoding="utf-8")
    assert ", changed), " in version_line(tmp_path)
