"""Progress within a long cell: one line rewritten on a terminal, a line now and then elsewhere, nothing for what is quick.

Workers have no terminal: they leave a note in the run folder, and the controller reads it now and then.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from harness.files import read_plain
from harness.plaintext import one_line
from harness.store import write_json

LAST: pytest.StashKey[dict[str, float]] = pytest.StashKey()
EVERY = {True: 0.5, False: 15.0}
NOTE_EVERY = 2.0
FOLDER = "progress"


class Note(msgspec.Struct):
    """What a worker says of the cell it runs."""

    name: str
    done: int
    total: int


def show(config: pytest.Config, name: str, done: int, total: int) -> None:
    """Shows `done` of `total` where enough time has gone by since the last line."""
    reporter: Any = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None or config.option.verbose < 0:
        return
    tty = bool(reporter.isatty)
    if not due(config, EVERY[tty], done, total):
        return
    capture: Any = config.pluginmanager.get_plugin("capturemanager")
    with capture.global_and_fixture_disabled():
        text = one_line(f"{name}: {done}/{total}")
        if tty:
            reporter.rewrite("" if done == total else text, erase=True)
        elif done < total:
            reporter.write_line(text)


def due(config: pytest.Config, every: float, done: int, total: int) -> bool:
    """True where the last line is old enough, or where a line that was shown must be ended."""
    now = time.monotonic()
    clock = config.stash.setdefault(LAST, {"at": now, "shown": 0.0})
    ends = done == total and bool(clock["shown"])
    if not ends and (done == total or now - clock["at"] < every):
        return False
    clock["at"], clock["shown"] = now, float(done < total)
    return True


def note(config: pytest.Config, hidden: Path, worker: str, name: str, done: int, total: int) -> None:
    """Leaves a worker's progress for the controller."""
    if due(config, NOTE_EVERY, done, total):
        write_json(hidden / FOLDER / f"{worker}.json", {"name": name, "done": done, "total": total})


class Watch(threading.Thread):
    """The controller's look at its workers' notes: a line for each that has moved, every 15 seconds."""

    def __init__(self, reporter: Any, folders: Callable[[], list[Path]]) -> None:
        super().__init__(name="harness-progress", daemon=True)
        self.reporter, self.folders = reporter, folders
        self.over = threading.Event()
        self.told: dict[str, str] = {}

    def run(self) -> None:
        while not self.over.wait(EVERY[False]):
            for path in [path for folder in self.folders() for path in sorted((folder / ".run" / FOLDER).glob("*.json"))]:
                self.notify(path)

    def notify(self, path: Path) -> None:
        try:
            note = msgspec.json.decode(read_plain(path), type=Note)
        except (OSError, ValueError, msgspec.DecodeError, RecursionError):
            return
        text = one_line(f"[{path.stem}] {note.name}: {note.done}/{note.total}")
        if note.done < note.total and self.told.get(path.stem) != text:
            self.told[path.stem] = text
            self.reporter.ensure_newline()
            self.reporter.write_line(text)
