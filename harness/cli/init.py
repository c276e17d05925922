"""`harness init`: a small experiment that runs at once, with all that it reads."""

from __future__ import annotations

import argparse
import os
import re
import shutil
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

from harness.cli.command import CLEAN, Answer, add_command
from harness.commands import command
from harness.design.schema import FILE, HEAD, shipped_text
from harness.errors import HarnessError
from harness.package_data import shipped_data
from harness.store import naming_errors, write_text

NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
CONFIGURED = ("pytest.ini", ".pytest.ini", "pytest.toml", ".pytest.toml", "pyproject.toml")  # any of them makes this folder the root of a run
SECTIONS = {"tox.ini": "[pytest]", "setup.cfg": "[tool:pytest]"}  # these do where they hold the section
INI = "[pytest]\nrequired_plugins = harness-evals\n"  # a pytest of another environment says so, and not that it knows no --harness-…


def add(commands: Any) -> None:
    init = add_command(commands, "init", run, "write a small experiment that runs at once: declaration, tests, persona, bank")
    init.add_argument("name", nargs="?", default="first", help="its name (default: first)")


def run(arguments: argparse.Namespace) -> Answer:
    """Writes what is not there yet; files of the user's own are never touched, and an experiment of that name is an error."""
    name = arguments.name
    if not NAME.fullmatch(name):
        raise HarnessError(f"{name!r} cannot name an experiment", mend="Use at most 64 lower-case letters, digits and underscores, beginning with a letter")
    folder = Path("evals") / name
    if os.path.lexists(folder):
        raise HarnessError("there is an experiment of this name already", where=str(folder), mend=f"Choose another: {command('harness', 'init', f'{name}_2')}")
    contents = list_contents(name, folder)
    written = {path: text for path, text in contents.items() if not os.path.lexists(path) or is_older_schema(path, text)}
    write_all(written, folder)
    kept = [path for path in contents if path not in written]
    lines = [*(f"wrote {path}" for path in written), *(f"kept your {path}" for path in kept), "", *next_steps(folder)]
    return CLEAN, {"written": [str(path) for path in written], "kept": [str(path) for path in kept]}, lines


def is_older_schema(path: Path, text: str) -> bool:
    """Whether a file is the schema that another version of harness wrote here."""
    if path.name != FILE or not path.is_file():
        return False
    old = path.read_text(encoding="utf-8", errors="replace")
    return old != text and HEAD["title"] in old[:200]


def write_all(contents: Mapping[Path, str], folder: Path) -> None:
    """Writes the files. The experiment's own folder takes its name last of all: where something goes wrong, the command can be typed again."""
    making = folder.with_name(f".{folder.name}.{os.getpid()}")
    try:
        for path, text in contents.items():
            write_text(making / path.name if path.parent == folder else path, text)
        with naming_errors(folder):
            making.rename(folder)
    finally:
        shutil.rmtree(making, ignore_errors=True)


def list_contents(name: str, folder: Path) -> dict[Path, str]:
    """Every file of the experiment with its text."""
    data = shipped_data()
    found = {
        folder.parent / FILE: shipped_text(),
        folder / "experiment.yaml": template("experiment.yaml").format(name=name),
        folder / f"test_{name}.py": template("test_experiment.py.txt"),
        Path("personas/assistant.yaml"): (data / "personas/assistant.yaml").read_text(encoding="utf-8"),
        Path("personas/doubter.yaml"): template("doubter.yaml"),
        Path("banks/false_statements.jsonl"): (data / "banks/false_statements.jsonl").read_text(encoding="utf-8"),
    }
    return found if is_configured() else {**found, Path("pytest.ini"): INI}


def is_configured() -> bool:
    """Whether pytest takes this folder for the root, where it looks for personas and banks."""
    sections = (text in Path(name).read_text(encoding="utf-8", errors="replace") for name, text in SECTIONS.items() if Path(name).is_file())
    return any(map(os.path.lexists, CONFIGURED)) or any(sections)


def template(name: str) -> str:
    return files("harness.cli").joinpath("templates", name).read_text(encoding="utf-8")


def next_steps(folder: Path) -> list[str]:
    """What comes next, each command on a line of its own: no shell takes the words beside it for its own."""
    steps = {
        "what it costs and what it can find (runs nothing)": command("harness", "plan", folder),
        "preregister the rule and the thresholds": command("harness", "lock", folder),
        "run it and write a report": command("pytest", folder),
    }
    return [line for what, typed in steps.items() for line in (f"{what}:", f"  {typed}")]
