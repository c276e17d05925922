"""The state of a distributed run: which cells wait, run and are decided, who holds what, and what the sessions have reported. No pytest, no processes.

Sessions call its public methods from threads of their connections. A session's hold on a cell, a training or a call ends with its connection, or when it has
not been heard of for `LEASE_S`: what it reports later is refused, so that a machine that hung cannot write beside the one that took its place.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from queue import SimpleQueue
from typing import Any

from harness.errors import HarnessError
from harness.records import Cell, PlannedCellRecord, decode, encode
from harness.remote.judging import ServedJudging
from harness.remote.plan_difference import describe_difference, describe_plan
from harness.run.experiment_run import ExperimentRun

LEASE_S = float(os.environ.get("HARNESS_LEASE_S", "60"))
ATTEMPTS = 3
SIGNS_S = 15.0  # without a sign of life, after which a session that waits is given no cell


@dataclass
class Task:
    """A cell to decide: its experiment, its place in the plan, how many sessions were lost with it, and whether pytest was told that it
    began."""

    active: ExperimentRun
    planned: PlannedCellRecord
    lost: int = 0
    begun: bool = False
    asked: set[str] = field(default_factory=set)  # what it asked its judges for in earlier goes, and in this one
    asks: set[str] = field(default_factory=set)
    differs: int = 0

    @property
    def nodeid(self) -> str:
        return self.planned.nodeid


@dataclass
class Worker:
    """A session: what it runs, the reports of that cell, and when it was last heard of."""

    name: str
    machine: Mapping[str, Any] = field(default_factory=dict)
    task: Task | None = None
    recorded: Cell | None = None
    reports: list[Any] = field(default_factory=list)
    heard: float = field(default_factory=time.monotonic)
    beaten: float = 0.0


@dataclass(frozen=True)
class Event:
    """What the thread that controls the run has to act on."""

    name: str  # started, finished, lost, refused, progress
    worker: str
    task: Task | None = None
    cell: Cell | None = None
    reports: tuple[Any, ...] = ()
    told: Any = ""


class Controller:
    """Hands out the cells of `actives` whose node ids are in `chosen`, in their order, each once the cells that it needs are decided. `services` are what
    sessions may call beside it, by name, `judging` what asks judges for them."""

    def __init__(
        self, actives: Iterable[ExperimentRun], chosen: Iterable[str], services: Mapping[str, Any], judging: ServedJudging, mixed_gpus: str = ""
    ) -> None:
        by_node = {cell.nodeid: Task(active, cell) for active in actives for cell in active.universe.cells}
        self.waiting = [by_node[nodeid] for nodeid in chosen if nodeid in by_node]
        self.total = len(self.waiting)
        self.actives = {task.active.universe.experiment: task.active for task in self.waiting}
        self.plan = describe_plan(self.actives.values())
        self.ready: list[Task] = []
        self.workers: dict[str, Worker] = {}
        self.ended: set[str] = set()  # sessions that are gone, or were given up
        self.leases: dict[str, str] = {}
        self.verdicts: dict[tuple[str, str], Cell] = {}
        self.events: SimpleQueue[Event] = SimpleQueue()
        self.services, self.judging, self.mixed_gpus = services, judging, mixed_gpus
        self.kinds: set[str] = set()  # of accelerators, of all sessions that joined
        self.over = self.paused = False
        self.changed = threading.Condition(threading.RLock())

    # called by the thread that controls the run

    def needs_of(self, task: Task) -> list[Cell] | None:
        """The verdicts of the cells that a task needs; None while one is not decided."""
        found = [self.verdicts.get((task.active.universe.experiment, need)) for need in task.planned.needs]
        return None if None in found else found  # type: ignore[return-value]

    def take_decidable(self) -> list[Task]:
        """The waiting cells whose needs are decided, which wait no longer."""
        with self.changed:
            found = [task for task in self.waiting if self.needs_of(task) is not None]
            self.waiting = [task for task in self.waiting if task not in found]
            return found

    def offer(self, task: Task, *, first: bool = False) -> None:
        """Hands a cell to whichever session asks next."""
        with self.changed:
            self.ready.insert(0 if first else len(self.ready), task)
            self.changed.notify_all()

    def decide(self, task: Task, cell: Cell) -> None:
        """Takes a verdict: it is posted for those that need it."""
        with self.changed:
            self.verdicts[task.active.universe.experiment, cell.id] = cell
            self.changed.notify_all()

    @property
    def unfinished(self) -> bool:
        with self.changed:
            return len(self.verdicts) < self.total

    def set_paused(self, paused: bool) -> None:
        with self.changed:
            self.paused = paused
            self.changed.notify_all()

    def stop(self) -> None:
        """Every session that asks from now on is sent home."""
        with self.changed:
            self.over = True
            self.changed.notify_all()

    def silent(self) -> list[str]:
        """The sessions that have not been heard of for too long."""
        with self.changed:
            return [name for name, worker in self.workers.items() if time.monotonic() - worker.heard > LEASE_S]

    def lose(self, name: str) -> None:
        """A session is gone: its cell goes back, or is decided where its verdict had arrived."""
        with self.changed:
            worker = self.workers.pop(name, None)
            self.ended.add(name)
            self.leases = {lease: holder for lease, holder in self.leases.items() if holder != name}
            self.changed.notify_all()
            if worker is not None and worker.task is not None:
                known = worker.recorded is not None
                self.events.put(Event("finished" if known else "lost", name, worker.task, worker.recorded))
        for service in self.services.values():
            service.lose(name)

    # called by sessions

    def handle(self, name: str, method: str, words: list[Any]) -> Any:
        """A session's call. Raises HarnessError for a session whose hold has ended, and for a method that is none."""
        worker = name.partition("/")[0]  # a session has a second connection for its signs of life
        service, _, what = method.rpartition(".")
        call: Callable[..., Any] | None = getattr(self.services.get(service, self if not service else None), f"on_{what}", None)
        if call is None:
            raise HarnessError(f"the controller has no method {method}", mend="Use one version of harness on all machines")
        if method != "join" and not (service == "store" and worker not in self.ended):  # the store is read while a session collects, before it joins
            self.hear(worker)
        return call(worker, *words)

    def hear(self, name: str) -> Worker:
        with self.changed:
            if name not in self.workers:
                raise HarnessError("this session was given up: it had not been heard of for too long, and another runs its cell", where=name)
            self.workers[name].heard = time.monotonic()
            return self.workers[name]

    def on_beat(self, name: str) -> None:
        """A sign of life, which comes whatever the session waits for."""
        self.hear(name).beaten = time.monotonic()

    def on_join(self, name: str, plan: dict[str, Any], machine: dict[str, Any]) -> None:
        """Takes a session in whose plan is this one. Raises HarnessError for any other, naming what differs."""
        with self.changed:
            fault = describe_difference(self.plan, plan) or self._gpu_fault(machine)
            if fault:
                self.events.put(Event("refused", name, told=fault))
                mend = "Give all machines the same code, packages and accelerators; --harness-mixed-gpus REASON allows other accelerators"
                raise HarnessError(f"this session {fault}", where=name, mend=mend)
            self.workers[name] = Worker(name, machine)

    def _gpu_fault(self, machine: Mapping[str, Any]) -> str:
        """Why a machine's accelerators may not join, "" where they may: of all that measure in a run the kinds are one."""
        kinds = set(machine.get("accelerators") or ())
        if self.kinds and kinds - self.kinds and not self.mixed_gpus:
            return f"has {' and '.join(sorted(kinds))} where others have {' and '.join(sorted(self.kinds))}, whose numbers may differ"
        self.kinds |= kinds
        return ""

    def on_next(self, name: str) -> dict[str, Any] | None:
        """The next cell with the verdicts that it needs, once there is one; None where the session may end."""
        with self.changed:
            while True:
                worker = self.hear(name)
                if self.over or not self.unfinished:
                    return None
                if self.ready and not self.paused:
                    break
                self.changed.wait(LEASE_S / 4)
            if worker.beaten and time.monotonic() - worker.beaten > SIGNS_S:  # it died while it waited
                self.lose(name)
                raise HarnessError("this session gives no sign of life", where=name)
            task = self.ready.pop(0)
            task.asks = set()
            worker.task, worker.recorded, worker.reports = task, None, []
            self.events.put(Event("started", name, task))
        return {"nodeid": task.nodeid, "verdicts": encode(self.needs_of(task))}

    def on_record(self, name: str, experiment: str, rows: list[dict[str, Any]]) -> None:
        """Writes rows of the journal. The cell's own row makes it decided, whatever becomes of the session."""
        worker = self.hear(name)
        active = self.actives[experiment]
        cells = [decode(row["cell"], Cell) for row in rows if row.get("type") == "cell"]
        if any(worker.task is None or cell.id != worker.task.planned.id for cell in cells):
            raise HarnessError("a session reports a cell that it was not given", where=name)
        for ref in (ref for cell in cells for measured in cell.measurements for ref in measured.samples):
            active.folder.copy_samples(active.store, ref)
        active.folder.journal.append([{**row, "machine": dict(worker.machine)} if row.get("type") == "cell" else row for row in rows])
        for cell in cells:
            worker.recorded = cell

    def on_report(self, name: str, report: Any) -> None:
        """Keeps one of pytest's reports until its cell has ended: one that is run again is told once."""
        self.hear(name).reports.append(report)

    def on_done(self, name: str) -> None:
        """The session's cell has ended."""
        with self.changed:
            worker = self.hear(name)
            task, cell, reports = worker.task, worker.recorded, tuple(worker.reports)
            worker.task, worker.recorded, worker.reports = None, None, []
            self.events.put(Event("finished", name, task, cell, reports))

    def on_judge(self, name: str, request: dict[str, Any]) -> tuple[str, list[dict[str, Any]] | None]:
        """What the session's cell waits for, and the verdicts once they are there."""
        task = self.hear(name).task
        key, found = self.judging.judge(request, lambda done, total: self.events.put(Event("progress", name, task, told=("judging", done, total))))
        if task is not None:
            task.asks.add(key)
        return key, found

    def on_put_aside(self, name: str, key: str) -> None:
        """The session's cell waits for verdicts; once they are there it is offered again, before others. What was reported of it is not told."""
        with self.changed:
            worker = self.hear(name)
            task, worker.task, worker.reports = worker.task, None, []
        if task is None:
            return
        task.differs += bool(task.asked - task.asks)
        task.asked |= task.asks
        if task.differs >= ATTEMPTS:
            self.events.put(Event("differs", name, task))
        else:
            self.judging.when_done(key, partial(self.offer, task, first=True))

    def on_progress(self, name: str, part: str, done: int, total: int) -> None:
        task = self.hear(name).task
        self.events.put(Event("progress", name, task, told=(part, done, total)))

    def on_lease(self, name: str, what: str) -> None:
        """Waits until nobody else holds a thing, such as the making of a training, and gives it to the session."""
        with self.changed:
            while self.leases.get(what, name) != name:
                self.changed.wait(LEASE_S / 4)
                self.hear(name)
            self.leases[what] = name

    def on_release(self, name: str, what: str) -> None:
        with self.changed:
            if self.leases.get(what) == name:
                del self.leases[what]
                self.changed.notify_all()
