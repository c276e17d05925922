"""How far a session's cells are, and how long the rest takes: from the seconds that cells took in it, and those that the declaration expects."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping
from statistics import fmean
from typing import NamedTuple

LEAST = 3  # cells that must have been measured before a time is given
OVERDUE, SLACK = 2.0, 5.0  # none is given while a cell runs for so many times what is expected of it, and so many seconds more


class Task(NamedTuple):
    """A cell to run: its id, its test, the seconds that are declared for it, and whether equal work is kept, so that it takes no time."""

    cell: str
    owner: str
    declared: float | None = None
    kept: bool = False


class Pace:
    """The cells of a session by node id, with what those took that ended. Times are seconds of one clock."""

    def __init__(self, tasks: Mapping[str, Task], processes: int = 1) -> None:
        self.tasks, self.processes = dict(tasks), processes
        self.running: dict[str, float] = {}
        self.done: set[str] = set()
        self.took: defaultdict[str, list[float]] = defaultdict(list)
        self.measured = 0
        self.actual = self.declared = 0.0  # of the measured cells whose seconds are declared

    def start(self, nodeid: str, now: float) -> None:
        if nodeid in self.tasks:
            self.running[nodeid] = now

    def end(self, nodeid: str, now: float, measured: bool) -> None:
        """A cell ended; one that was not `measured` was taken over, from earlier work or from another cell that needed it first."""
        if nodeid not in self.running:
            return
        seconds, task = now - self.running.pop(nodeid), self.tasks[nodeid]
        self.done.add(nodeid)
        if measured:
            self.took[task.owner].append(seconds)
            self.measured += 1
            if task.declared:
                self.actual, self.declared = self.actual + seconds, self.declared + task.declared
        elif not task.kept:
            self.took[task.owner].append(0.0)  # it ran within the time of the cell that needed it

    def expected(self, nodeid: str) -> float | None:
        """What a cell will take: as those of its test took in this session, else its declared seconds at this session's speed; None where neither is known."""
        task = self.tasks[nodeid]
        if task.kept:
            return 0.0
        if took := self.took.get(task.owner):
            return fmean(took)
        return task.declared * self.actual / self.declared if task.declared is not None and self.declared else None

    def left(self, now: float) -> float | None:
        """Seconds until the last cell has ended; None while that would be a guess: before `LEAST` cells were measured, while nothing is known of a cell that
        is to come, and while one takes far longer than expected."""
        running = self.running.copy()  # another thread may go on meanwhile
        expected = {nodeid: self.expected(nodeid) for nodeid in self.tasks if nodeid not in self.done}
        known = {nodeid: seconds for nodeid, seconds in expected.items() if seconds is not None}
        late = any(now - began > OVERDUE * known.get(nodeid, 0.0) + SLACK for nodeid, began in running.items())
        if self.measured < LEAST or len(known) < len(expected) or late:
            return None
        rest = {nodeid: max(0.0, seconds - (now - running.get(nodeid, now))) for nodeid, seconds in known.items()}
        return max(sum(rest.values()) / self.processes, *(rest.get(nodeid, 0.0) for nodeid in running), 0.0)


def describe_left(seconds: float | None) -> str:
    """`about 4 min left`, no finer than an estimate can be; "" for None."""
    if seconds is None:
        return ""
    if seconds < 90:
        return f"about {max(10, math.ceil(seconds / 10) * 10)} s left"
    minutes = math.ceil(seconds / 60)
    return f"about {minutes} min left" if minutes < 60 else f"about {minutes // 60} h {minutes % 60 // 10 * 10} min left"


def clock(seconds: float) -> str:
    """`0:42`, `1:02:03`."""
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes}:{rest:02}" if minutes < 60 else f"{minutes // 60}:{minutes % 60:02}:{rest:02}"
