"""The sources by name. A new one is one file with FILE and `tasks`, and one line in SOURCES."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from harness.domains.convergence.sources import harmbench, ifeval, level1, selfaware, truthfulqa, xstest
from harness.domains.convergence.sources.placed import Placed
from harness.domains.convergence.tasks import Task
from harness.errors import HarnessError, nearest
from harness.strict_json import text_of

# Name to (file below the data folder, what reads it). HarmBench's validation behaviours are meant for tuning, so they are a source of their own.
SOURCES: dict[str, tuple[str, Callable[[str, Path], list[Placed]]]] = {
    "harmbench": (harmbench.FILE, harmbench.tasks),
    "harmbench_validation": (harmbench.VALIDATION, harmbench.tasks),
    "ifeval": (ifeval.FILE, ifeval.tasks),
    "level1": (level1.FILE, level1.tasks),
    "selfaware": (selfaware.FILE, selfaware.tasks),
    "truthfulqa": (truthfulqa.FILE, truthfulqa.tasks),
    "xstest": (xstest.FILE, xstest.tasks),
}


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """One source as read: `tasks` in file order, each conversation once; `doubles` are the places of rows that were left out because they stood there."""

    name: str
    path: Path
    sha256: str
    tasks: tuple[Task, ...]
    doubles: tuple[str, ...] = ()

    @property
    def describe_left_out(self) -> str:
        """One line for the reader where rows were left out; else ""."""
        rows = len(self.tasks) + len(self.doubles)
        return f"{len(self.doubles)} of {rows} rows of {self.name} are doubles and left out; the first: {self.doubles[0]}" if self.doubles else ""


def load_source(name: str, root: Path) -> list[Task]:
    """The tasks of a source below the data folder `root`. Exact doubles are left out; `read_source` tells which."""
    return list(read_source(name, root).tasks)


def read_source(name: str, root: Path) -> Source:
    """The source with its identity. Raises HarnessError for an unknown name, a missing file, and every mistake in it, with file and line."""
    if name not in SOURCES:
        raise HarnessError(f"there is no source {name!r}", mend=nearest(name, SOURCES))
    file, tasks = SOURCES[name]
    text, sha256 = text_of(root / file)
    kept, doubles = distinct(tasks(text, root / file))
    return Source(name=name, path=root / file, sha256=sha256, tasks=kept, doubles=doubles)


def distinct(rows: Sequence[Placed]) -> tuple[tuple[Task, ...], tuple[str, ...]]:
    """(tasks, places of exact doubles). Raises HarnessError for a conversation of which two different things are expected."""
    found: dict[str, Placed] = {}
    doubles = []
    for where, task in rows:
        earlier, same = found.setdefault(task.id, (where, task))
        if same is not task:
            if same.expected != task.expected:
                raise HarnessError(f"the same conversation expects something else at {earlier}", where=where, mend="Take one of the two out.")
            doubles.append(where)
    return tuple(task for _, task in found.values()), tuple(doubles)
