"""Pausing a run: no further cell begins until it is resumed; those that run go on to their end."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from harness.files import is_plain
from harness.store import naming_errors, write_text

LOOK_S = 1.0


def place(run: Path) -> Path:
    return run / ".run" / "paused"


def is_paused(run: Path) -> bool:
    return is_plain(place(run))


def pause(run: Path) -> None:
    """Raises HarnessError where the run's folder cannot be written."""
    write_text(place(run), "")


def resume(run: Path) -> None:
    with naming_errors(place(run)):
        place(run).unlink(missing_ok=True)


def wait_while_paused(run: Path, tell: Callable[[], None]) -> None:
    """Returns once the run is not paused; `tell()` is called where it has to wait."""
    if is_paused(run):
        tell()
    while is_paused(run):
        time.sleep(LOOK_S)
