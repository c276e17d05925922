"""`harness init`: a small experiment that runs at once, with all that it reads."""

from __future__ import annotations

import argparse
import re
import sys
from importlib.resources import files
from pathlib import Path
from typing import Any

from harness.cli.command import CLEAN, Answer, add_command
from harness.errors import HarnessError
from harness.package_data import shipped_data
from harness.store import write_text

NAME = re.compile(r"[a-z][a-z0-9_]*")
CONFIGURED = ("pytest.ini", ".pytest.ini", "pytest.toml", ".pytest.toml", "pyproject.toml", "tox.ini", "setup.cfg")  # any of them makes this folder the root
INI = "[pytest]\n"


def add(commands: Any) -> None:
    init = add_command(commands, "init", run, "write a small experiment that runs at once: declaration, tests, persona, bank")
    init.add_argument("name", nargs="?", default="first", help="its name (default: first)")


def run(arguments: argparse.Namespace) -> Answer:
    """Writes what is not there yet; files of the user's own are never touched, and an experiment of that name is an error."""
    name = arguments.name
    if not NAME.fullmatch(name):
        raise HarnessError(f"{name!r} cannot name an experiment", mend="Use lower-case letters, digits and underscores, beginning with a letter")
    folder = Path("evals") / name
    if folder.exists():
        raise HarnessError("there is an experiment of this name already", where=str(folder), mend=f"Choose another: harness init {name}_2")
    contents = wanted(name, folder)
    written = [path for path in contents if not path.exists()]
    for path in written:
        write_text(path, contents[path])
    kept = [path for path in contents if path not in written]
    lines = [*(f"wrote {path}" for path in written), *(f"kept your {path}" for path in kept), "", *next_steps(folder)]
    return CLEAN, {"written": [str(path) for path in written], "kept": [str(path) for path in kept]}, lines


def wanted(name: str, folder: Path) -> dict[Path, str]:
    """Every file of the experiment with its text."""
    data = shipped_data()
    found = {
        folder / "experiment.yaml": template("experiment.yaml").format(name=name),
        folder / f"test_{name}.py": template("test_experiment.py.txt"),
        Path("personas/assistant.yaml"): (data / "personas/assistant.yaml").read_text(encoding="utf-8"),
        Path("personas/doubter.yaml"): template("doubter.yaml"),
        Path("banks/false_statements.jsonl"): (data / "banks/false_statements.jsonl").read_text(encoding="utf-8"),
    }
    return found if any(Path(name).exists() for name in CONFIGURED) else {Path("pytest.ini"): INI, **found}


def template(name: str) -> str:
    return files("harness.cli").joinpath("templates", name).read_text(encoding="utf-8")


def next_steps(folder: Path) -> list[str]:
    pytest = "pytest" if Path(sys.argv[0]).name == "harness" else f"{sys.executable} -m pytest"
    return [
        f"harness plan {folder}    what it costs and what it can find; runs nothing",
        f"harness lock {folder}    writes down what you promise before you look",
        f"{pytest} {folder}          runs it and writes a report",
    ]
