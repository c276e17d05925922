"""Pausing a run: no further cell begins until it is resumed; those that run go on to their end."""

from __future__ import annotations

import time
from pathlib import Path

from harness.files import is_plain
from harness.store import naming_errors, write_text

LOOK_S = 1.0


def mark_of(run: Path) -> Path:
    """The file that says that a run is paused."""
    return run / ".run" / "paused"


def is_paused(run: Path) -> bool:
    return is_plain(mark_of(run))


def pause(run: Path) -> None:
    """Raises HarnessError where the run's folder cannot be written."""
    write_text(mark_of(run), "")


def resume(run: Path) -> None:
    with naming_errors(mark_of(run)):
        mark_of(run).unlink(missing_ok=True)


def wait_while_paused(run: Path) -> None:
    """Returns once the run is not paused."""
    while is_paused(run):
        time.sleep(LOOK_S)
