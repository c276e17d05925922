"""The checkpoints of a training in its work folder: which are complete, and at which step."""

from __future__ import annotations

import shutil
from pathlib import Path

import msgspec

from harness.training.adapter import CONFIG, WEIGHTS

# What the trainer writes, its own state last.
STATE = ("optimizer.pt", "scheduler.pt", "rng_state.pth", "trainer_state.json", CONFIG, WEIGHTS)


def checkpoints(work: Path) -> list[Path]:
    """The complete checkpoints of a training, oldest first; half-written ones are removed."""
    found = sorted((folder for folder in work.glob("checkpoint-*") if folder.name.rpartition("-")[2].isdecimal() and not folder.is_symlink()), key=step_of)
    for folder in found:
        if not is_complete(folder):
            shutil.rmtree(folder, ignore_errors=True)
    return [folder for folder in found if folder.exists()]


def is_complete(folder: Path) -> bool:
    """True where the trainer wrote all of it: its own state comes last."""
    try:
        msgspec.json.decode((folder / "trainer_state.json").read_bytes())
        return all((folder / name).stat().st_size > 0 for name in STATE)
    except (OSError, msgspec.DecodeError, RecursionError):
        return False


def step_of(folder: Path) -> int:
    return int(folder.name.rpartition("-")[2])
