"""The package as a wheel in an environment of its own, and somebody who has no more than that and an empty folder."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import venv
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
SHOWN = re.compile(r"<!-- file: (?P<path>\S+) -->\n```\w+\n(?P<text>.*?)^```", re.DOTALL | re.MULTILINE)
PURELIB = "import sysconfig; print(sysconfig.get_path('purelib'))"


def checked(*words: object) -> str:
    """What a command printed. Raises AssertionError with all it said where it fails."""
    done = subprocess.run(list(map(str, words)), cwd=ROOT, env=clean_environment(), capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def clean_environment() -> dict[str, str]:
    """This environment without what would lead back to the checkout or change a run."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("HARNESS_", "PYTEST_", "PYTHON", "VIRTUAL_ENV"))}


def build_wheel(place: Path) -> Path:
    """The wheel of this checkout, uncommitted changes included. Nothing is fetched."""
    checked(sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-index", "--no-build-isolation", "-w", place, ROOT)
    [wheel] = place.glob("*.whl")
    return wheel


def install(wheel: Path, place: Path) -> Path:
    """The bin folder of a new environment with the wheel alone; the packages of this environment are reached behind it, but not what it has in place."""
    venv.create(place, symlinks=True)
    python = place / "bin/python"
    checked(sys.executable, "-m", "pip", "--python", python, "install", "-q", "--no-deps", "--no-index", wheel)
    behind = [path for path in sys.path if path.endswith("-packages")]
    Path(checked(python, "-I", "-c", PURELIB).strip(), "zz_behind.pth").write_text("\n".join(behind), encoding="utf-8")
    return place / "bin"


def copy_weights(unpacked: Path, store: Path) -> None:
    """Puts an unpacked model of another store into this one, at no cost where both lie on one disk."""

    def link(source: str, target: str) -> None:
        with suppress(OSError):
            os.link(source, target)
            return
        shutil.copy(source, target)

    shutil.copytree(unpacked, store / "models" / unpacked.parent.name / unpacked.name, copy_function=link)


@dataclass(frozen=True)
class Stranger:
    """Who types commands in a folder."""

    folder: Path
    bin: Path
    store: Path

    def types(self, line: str) -> subprocess.CompletedProcess[str]:
        """A command as the guide prints it."""
        program, *words = shlex.split(line)
        python = [str(self.bin / "python"), "-m", "pytest", "-p", "no:cacheprovider"]
        own = {"PATH": f"{self.bin}{os.pathsep}{os.environ['PATH']}", "HARNESS_STORE": str(self.store), "COLUMNS": "120"}
        command = python if program == "pytest" else [str(self.bin / program)]
        return subprocess.run([*command, *words], cwd=self.folder, env=clean_environment() | own, capture_output=True, text=True, timeout=300)

    def writes(self, name: str, text: str) -> None:
        (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / name).write_text(text, encoding="utf-8")

    def changes(self, name: str, old: str, new: str) -> None:
        text = (self.folder / name).read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{old!r} is not in {name} once"
        self.writes(name, text.replace(old, new))

    def pastes(self, guide: str) -> None:
        """Writes every file that a page shows."""
        for found in SHOWN.finditer(guide):
            self.writes(found["path"], found["text"])

    def results(self, experiment: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.folder / "reports" / experiment / "latest/results.json").read_text(encoding="utf-8"))
        return found
