"""The controller's side of a distributed run: starts sessions, hands out cells, tells what they report, and replaces what is lost."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from queue import Empty
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from harness.errors import HarnessError, explain_failure
from harness.fixtures.models import CACHE
from harness.records import Cell
from harness.remote.backend import Backend
from harness.remote.controller import ATTEMPTS, LEASE_S, Controller, Event, Task
from harness.remote.judging import ServedJudging
from harness.remote.served_books import ServedBooks
from harness.remote.served_store import ServedStore
from harness.remote.session import ENTRY, Told
from harness.remote.wire import KEY_BYTES, Server
from harness.run.cached_reports import replay
from harness.run.environment import command_line
from harness.run.outcome import Outcome
from harness.run.pause import is_paused
from harness.run.recorder import PASSING, Recorder
from harness.run.runner import make_storable

if TYPE_CHECKING:
    from harness.run.session import Session

LOOK_S = 0.2
FRUITLESS = 3  # sessions in a row, for each that was wanted, that ended before they began a cell: then something is wrong with all of them


class RemoteRun:
    """One run. Everything here happens in pytest's own thread, but for what the sessions call (`controller`)."""

    def __init__(self, items: pytest.Session, session: Session, backend: Backend) -> None:
        self.items, self.session, self.backend = items, session, backend
        self.by_node = {item.nodeid: item for item in items.items}
        store = session.settings.open_store()
        self.books = ServedBooks(store.root / CACHE)
        services = {"store": ServedStore(store), "books": self.books}
        self.judging = ServedJudging(store.root / CACHE)
        self.controller = Controller(session.prepared, self.by_node, services, self.judging, session.settings.mixed_gpus or "")
        self.key = secrets.token_bytes(KEY_BYTES)
        self.server = Server(backend.host, self.key, self.controller.handle, self.gone)
        self.count = backend.count(session.settings.sessions)
        self.starts, self.alive = 0, dict[str, int]()  # the sessions whose process lives, and the number of each one's accelerator
        self.fruitless = 0
        self.refused: dict[str, str] = {}
        self.last_words = ""

    def gone(self, name: str) -> None:
        """A connection ended."""
        if "/" not in name:
            self.controller.lose(name)

    def run(self) -> None:
        """Until every cell is decided. Raises HarnessError where no session is left that could run one."""
        try:
            for number in range(self.count):
                self.start(number)
            while self.controller.unfinished or not self.controller.events.empty():
                self.controller.set_paused(any(is_paused(active.folder.path) for active in self.session.prepared))
                self.advance()
                self.listen()
                self.watch()
                stop_if_asked(self.items)
            if len(self.controller.kinds) > 1:
                self.note(f"cells ran on {' and '.join(sorted(self.controller.kinds))}: {self.session.settings.mixed_gpus}")
        finally:
            self.controller.stop()
            self.backend.stop()
            self.server.close()
            self.judging.close()
            self.books.close()

    def listen(self) -> None:
        """Acts on what the sessions have told since, and waits a moment where they told nothing."""
        with suppress(Empty):
            self.act(self.controller.events.get(timeout=LOOK_S))
            while True:
                self.act(self.controller.events.get_nowait())

    # sessions

    def start(self, number: int) -> None:
        name = f"s{self.starts}"
        self.starts += 1
        self.alive[name] = number
        self.backend.start(name, {ENTRY: msgspec.json.encode(self.told(name)).decode()}, number)

    def told(self, name: str) -> Told:
        config, settings = self.session.config, self.session.settings
        return Told(
            address=self.server.address,
            key=self.key.hex(),
            name=name,
            words=[str(word) for word in config.invocation_params.args],
            folder=str(config.invocation_params.dir),
            run=self.session.run,
            command=command_line(),
            count=self.count,
            store_url=settings.store_url,
        )

    def watch(self) -> None:
        """Gives up sessions that are silent and replaces those whose process has ended. Raises HarnessError where none is left."""
        for name in self.controller.silent():
            self.note(f"session {name} was not heard of for {LEASE_S:g} s and was given up")
            self.controller.lose(name)
        for name, number in list(self.alive.items()):
            said = self.backend.ended(name)
            if said is not None:
                del self.alive[name]
                self.last_words = said
                self.fruitless += 1
                if self.controller.unfinished and name not in self.refused and self.fruitless < FRUITLESS * self.count:
                    self.start(number)
        if not self.alive and self.controller.unfinished and self.controller.events.empty():
            told = self.refused[max(self.refused)] if self.refused else f"the last one said: {self.last_words[-500:] or 'nothing'}"
            raise HarnessError(f"no session is left that could run a cell; {told}", mend="Repair that and run again: what was measured is kept")

    def note(self, text: str) -> None:
        """Writes down what became of a session: the results tell it."""
        for active in self.session.prepared:
            active.folder.note(text)

    # cells

    def advance(self) -> None:
        """Cells whose needs are decided: equal work done before is taken over, the others are offered."""
        for task in self.controller.take_decidable():
            kept = task.active.find_kept(task.planned) if all(need.verdict in PASSING for need in self.controller.needs_of(task) or ()) else None
            if kept is None:
                self.controller.offer(task)
                continue
            rests = {"files": dict(kept.files), "undeclared": list(kept.undeclared), "samples": {}, "execution": {}}
            row = {"seconds": 0.0, "worker": "main", "reused": True, "measured": kept.measured, "keep": True, "recorded": round(time.time(), 3)}
            task.active.folder.record(kept.cell, row | rests)
            self.begin(task)
            self.finish(task, kept.cell, ())

    def begin(self, task: Task) -> None:
        item, task.begun = self.by_node[task.nodeid], True
        item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)

    def finish(self, task: Task, cell: Cell, reports: tuple[Any, ...]) -> None:
        """Tells a cell's reports; where they were lost with their session, those that its verdict gives."""
        item, hook = self.by_node[task.nodeid], self.items.config.hook
        self.controller.decide(task, cell)
        for data in reports:
            hook.pytest_runtest_logreport(report=hook.pytest_report_from_serializable(config=self.items.config, data=data))
        if not reports:
            replay(item, cell)
        item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)

    def fail(self, task: Task, reason: str) -> None:
        recorder = Recorder(task.active, task.planned, None)
        recorder.phase(Outcome("error", reason, keep=False))
        cell = make_storable(recorder.cell())
        row = {"seconds": 0.0, "worker": "main", "reused": False, "measured": time.time(), "keep": False, "recorded": round(time.time(), 3)}
        task.active.folder.record(cell, row)
        self.finish(task, cell, ())

    def act(self, event: Event) -> None:
        task = event.task
        if event.name == "started" and task:
            self.fruitless = 0
            if not task.begun:
                self.begin(task)
        elif event.name == "refused":
            self.refused[event.worker] = f"session {event.worker} was refused: it {event.told}"
            self.note(self.refused[event.worker])
        elif event.name == "progress" and task:
            self.show_progress(task.nodeid, *event.told)
        elif event.name == "finished" and task:
            if event.cell is None:
                self.fail(task, f"session {event.worker} reports no verdict for this cell")
            else:
                self.finish(task, event.cell, event.reports)
        elif event.name == "differs" and task:
            self.fail(task, "it asks its judge for other texts each time it runs, so their verdicts never meet it. Make what is judged depend on seeds alone")
        elif event.name == "lost" and task:
            self.take_back(task, event.worker)

    def take_back(self, task: Task, worker: str) -> None:
        task.lost += 1
        self.note(f"session {worker} was lost while it ran {task.planned.id}")
        if task.lost < ATTEMPTS:
            self.controller.offer(task, first=True)
        else:
            self.fail(task, f"{task.lost} sessions were lost while they ran this cell. The last one said: {self.last_words[-300:] or 'nothing'}")

    def show_progress(self, nodeid: str, part: str, done: int, total: int) -> None:
        from harness.run.progress import Note

        progress = self.session.config.pluginmanager.get_plugin("harness-progress")
        if progress is not None:
            progress.notes[nodeid] = Note(nodeid, part, done, total)


def stop_if_asked(items: pytest.Session) -> None:
    """Ends the run where pytest's own options say so (-x, --maxfail), or a hook."""
    if items.shouldfail:
        raise items.Failed(items.shouldfail)
    if items.shouldstop:
        raise items.Interrupted(items.shouldstop)


def run_items(items: pytest.Session, session: Session, open_backend: Callable[[], Backend]) -> None:
    """Has the selected cells run by sessions that a backend starts; what is no cell runs here, after them."""
    try:
        with explain_failure(f"the engine {session.settings.engine} cannot be used", "--harness-engine", "Install what it needs, or use another engine"):
            backend = open_backend()
        RemoteRun(items, session, backend).run()
    except HarnessError as error:
        raise items.Interrupted(f"harness: {error}") from None
    assert session.runner is not None
    others = [item for item in items.items if item.nodeid not in session.runner.cells]
    for number, item in enumerate(others, start=1):
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=others[number] if number < len(others) else None)
        stop_if_asked(items)


def run_in_processes(items: pytest.Session, session: Session) -> None:
    """The engine `subprocess`."""
    from harness.remote.subprocess_backend import SubprocessBackend

    run_items(items, session, SubprocessBackend)


def run_on_ray(items: pytest.Session, session: Session) -> None:
    """The engine `ray`."""
    from harness.remote.ray_backend import RayBackend

    run_items(items, session, partial(RayBackend, session.settings.ray_address))
