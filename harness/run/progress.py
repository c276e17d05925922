"""What a session is doing: which cell, which part of it, and about how long the rest takes.

On a terminal one line below pytest's own, written anew by a thread twice a second, so that its clock moves while nothing else does. Elsewhere a line every
30 seconds. Workers have no terminal: they leave notes in the run folder, and the controller reads them.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from harness.costs import cost_of
from harness.errors import HarnessError
from harness.files import read_plain
from harness.plaintext import one_line
from harness.records import Universe
from harness.run.folder import RunFolder
from harness.run.pace import Pace, Task, clock, describe_left
from harness.run.redact import redact
from harness.run.status_line import SEPARATOR, StatusLine
from harness.store import Store, write_json

if TYPE_CHECKING:
    from harness.run.session import Session

EVERY = {True: 0.5, False: 30.0}  # seconds between two looks, on a terminal and elsewhere
NOTE_EVERY = 2.0
FOLDER, STATE = "progress", "state.json"


class Note(msgspec.Struct):
    """What a process says of the cell that it runs: `done` of `total` parts of `name`."""

    cell: str
    name: str
    done: int
    total: int


def read_note(path: Path) -> Note | None:
    """A worker's note; None for anything else that lies there."""
    try:
        return msgspec.json.decode(read_plain(path), type=Note)
    except (OSError, ValueError, RecursionError):
        return None


class WorkerNotes:
    """A plugin that leaves a worker's progress for the controller now and then; of what is quick it says nothing."""

    def __init__(self, folder: Path, worker: str) -> None:
        self.path, self.cell, self.at, self.open = folder / FOLDER / f"{worker}.json", "", time.monotonic(), False

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self.cell = nodeid

    def pytest_harness_progress(self, name: str, done: int, total: int) -> None:
        ends = done >= total
        if (ends and self.open) or (not ends and time.monotonic() - self.at >= NOTE_EVERY):
            self.at, self.open = time.monotonic(), not ends
            with suppress(HarnessError):  # what is only told must not end what is measured
                write_json(self.path, {"cell": self.cell, "name": name, "done": done, "total": total})

    def stop(self) -> None:
        """Nothing is held."""


class Progress(threading.Thread):
    """A plugin of the one process that has the terminal, and the thread that writes the line."""

    def __init__(self, session: Session, reporter: Any, processes: int, *, live: bool) -> None:
        super().__init__(name="harness-progress", daemon=True)
        self.session, self.reporter, self.live = session, reporter, live
        self.pace, self.folders = Pace({}, processes), list[Path]()
        self.collected: set[str] | None = None  # the node ids of a controller's workers
        self.notes: dict[str, Note] = {}
        self.seconds: dict[str, float] = {}  # of the phases of the tests that run
        self.over = threading.Event()
        self.writer = reporter._tw
        self.stream, self.line = self.writer._file, StatusLine(self.writer._file)
        self.writer._file = self.line

    # what happens

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: list[str]) -> None:
        self.collected = set(ids)

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        if not self.pace.tasks:
            self.look_up_tasks()
        self.pace.start(nodeid, time.monotonic())

    def look_up_tasks(self) -> None:
        """What is planned; a controller reads it where its workers wrote it before their first cell."""
        self.folders = [] if self.session.prepared else self.session.folders()
        universes = [active.universe for active in self.session.prepared] or planned_in(self.folders, self.session.run)
        tasks = tasks_of(universes, Store(self.session.settings.store))
        self.pace.tasks = {nodeid: task for nodeid, task in tasks if self.collected is None or nodeid in self.collected}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when in ("setup", "call", "teardown"):
            self.seconds[report.nodeid] = self.seconds.get(report.nodeid, 0.0) + report.duration
        else:  # of a worker that crashed: nothing says that its test ended
            self.pytest_runtest_logfinish(report.nodeid)

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        self.pace.end(nodeid, time.monotonic(), self.seconds.pop(nodeid, 0.0) > 0)  # what is taken over has reports that took no time
        self.notes.pop(nodeid, None)

    def pytest_harness_progress(self, name: str, done: int, total: int) -> None:
        for nodeid in self.pace.running.copy():
            self.notes[nodeid] = Note(nodeid, name, done, total)

    # what is told

    def run(self) -> None:
        while not self.over.wait(EVERY[self.live]):
            with suppress(Exception):  # the terminal may be gone; what is only told must not end what is measured
                self.refresh()
                self.write_state()

    def write_state(self) -> None:
        """Writes down what runs, for `harness status` in another terminal."""
        now, pace = time.monotonic(), self.pace
        running = {nodeid: round(now - began, 1) for nodeid, began in pace.running.copy().items()}
        parts = {nodeid: [note.name, note.done, note.total] for nodeid, note in self.notes.copy().items() if nodeid in running}
        for folder in self.folders or [active.folder.path for active in self.session.prepared]:
            write_json(folder / ".run" / STATE, {"at": round(time.time(), 1), "running": running, "parts": parts, "left_s": pace.left(now)})

    def refresh(self) -> None:
        for path in [path for folder in self.folders for path in (folder / ".run" / FOLDER).glob("*.json")]:
            if note := read_note(path):
                self.notes[note.cell] = note
        if self.live:
            self.line.show(self.text(self.line.width - 1))
        elif text := self.text(1000):
            self.reporter.ensure_newline()  # the name of the test file is written again behind it
            begun = "\n" if self.writer.width_of_current_line else ""
            self.reporter.write(f"{begun}{text}\n")

    def text(self, width: int) -> str:
        """The line, of the cell that has run longest; "" where none runs."""
        now, pace = time.monotonic(), self.pace
        running = sorted(pace.running.copy().items(), key=lambda item: item[1])
        if not running:
            return ""
        first, last = len(pace.done) + 1, len(pace.done) + len(running)
        head = f"cell {first}" if first == last else f"cells {first}-{last}"
        nodeid, began = running[0]
        note = self.notes.get(nodeid)
        part = (note.name, f"{note.done}/{note.total}") if note and note.done < note.total else ("", "")
        tail = describe_left(pace.left(now))
        line = fit(width, f"{head} of {len(pace.tasks)}", pace.tasks[nodeid].cell, clock(now - began), *part, tail)
        return self.line.encodable(line)

    def pytest_enter_pdb(self) -> None:
        self.stop()

    def stop(self) -> None:
        """Takes the line away and gives the stream back."""
        if not self.over.is_set():
            self.over.set()
            self.join(2)
            with suppress(OSError, ValueError):
                self.line.show("")
            self.writer._file = self.stream
            self.line.close()


def fit(width: int, head: str, cell: str, elapsed: str, name: str, count: str, tail: str) -> str:
    """The parts on one line of so many columns: what does not fit is the name of the part, then the end of the cell's."""
    from rich.cells import cell_len, set_cell_size

    def join(cell: str, part: str) -> str:
        return one_line(redact(SEPARATOR.join(filter(None, (head, f"{cell} {elapsed}".strip(), part.strip(), tail)))))

    whole = join(cell, f"{name} {count}")
    if cell_len(whole) > width:
        room = width - cell_len(join("", count)) - 2
        whole = join(cell if cell_len(cell) <= room else set_cell_size(cell, room).rstrip() + "…" if room > 4 else "", count)
    return whole if cell_len(whole) <= width else set_cell_size(whole, max(0, width))


def begin_progress(config: pytest.Config, session: Session) -> Progress | WorkerNotes | None:
    """Begins to tell of a session's cells; None where nobody would see it, and where a debugger has the terminal."""
    made: Progress | WorkerNotes
    reporter: Any = config.pluginmanager.get_plugin("terminalreporter")
    if hasattr(config, "workerinput"):
        if not session.prepared:
            return None
        made = WorkerNotes(session.prepared[0].folder.hidden, session.worker)
    elif config.option.verbose < -1 or config.getoption("usepdb", False) or not has_descriptor(reporter):
        return None
    else:
        # Where tests write to the terminal themselves (-s), nothing is written anew below what they write.
        live = bool(reporter.isatty) and os.environ.get("TERM") != "dumb" and config.getoption("capture", "fd") != "no"
        made = Progress(session, reporter, len(config.getoption("tx", None) or "1"), live=live)
        made.start()
    config.pluginmanager.register(made, "harness-progress")
    config.add_cleanup(made.stop)
    return made


def has_descriptor(reporter: Any) -> bool:
    """Whether what pytest writes goes to a terminal, a pipe or a file of this process."""
    try:
        return bool(reporter._tw._file.fileno() >= 0)
    except (AttributeError, OSError, ValueError):
        return False


def planned_in(folders: Iterable[Path], run: str) -> Iterable[Universe]:
    """What the workers planned, as far as it can be read."""
    for folder in folders:
        with suppress(HarnessError):
            yield RunFolder(folder, run).universe()


def tasks_of(universes: Iterable[Universe], store: Store) -> Iterable[tuple[str, Task]]:
    """The selected cells by node id. Work is taken for kept where the store has an entry of its key."""
    for universe in universes:
        for cell in universe.cells:
            if cell.selected:
                kept = store.file("cells", cell.key, ".json").exists()
                yield cell.nodeid, Task(cell.id, cell.owner, cost_of(universe, cell.owner, cell.kind).seconds, kept)
