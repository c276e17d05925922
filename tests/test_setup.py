"""scripts/setup: what it says while it works, and where it fails."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
FAILED = re.compile(r"set-up failed after \d+ min \d+ s at: (.+?)\. (.+)")


def set_up(folder: Path, **env: str) -> subprocess.CompletedProcess[str]:
    """The script in a folder that holds what it reads, with pip alone."""
    for name in ("scripts/setup", "constraints.txt"):
        (folder / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    programs = ":".join(path for path in os.environ["PATH"].split(":") if not (Path(path) / "uv").exists())
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "UV_", "VIRTUAL_ENV"))}
    return subprocess.run(["scripts/setup"], cwd=folder, env={**clean, "PATH": programs, "VENV": "env", **env}, capture_output=True, text=True, timeout=180)


def test_a_python_that_is_not_there_is_named_with_the_way_to_name_another(tmp_path: Path) -> None:
    """The step, the time and what to try, as the last line."""
    done = set_up(tmp_path, PYTHON="no-such-python")
    failed = FAILED.fullmatch(done.stderr.splitlines()[-1])
    assert done.returncode != 0 and done.stdout == "[1/5] virtual environment env with pip\n"
    assert failed and "virtual environment" in failed[1] and "make setup PYTHON=" in failed[2], done.stderr


def test_a_package_that_cannot_be_fetched_ends_its_step(tmp_path: Path) -> None:
    """No index: the step of torch says so, and nothing is said of later ones."""
    done = set_up(tmp_path, PYTHON=sys.executable, PIP_NO_INDEX="1", PIP_FIND_LINKS=str(tmp_path), PIP_CONFIG_FILE=os.devnull)
    failed = FAILED.fullmatch(done.stderr.splitlines()[-1])
    assert done.returncode != 0 and [line[:5] for line in done.stdout.splitlines()] == ["[1/5]", "[2/5]"], done.stdout
    assert failed and failed[1].startswith("torch (") and "pip config list" in failed[2], done.stderr
