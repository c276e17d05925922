"""A line on the terminal where a cell runs far beyond its declared seconds. Nothing is interrupted."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from harness.costs import cost_of
from harness.plaintext import one_line
from harness.records import PlannedCellRecord
from harness.run.status_line import CLEAR

if TYPE_CHECKING:
    from harness.run.experiment_run import ExperimentRun

# A cell is overdue at so many times its declared seconds, and not before so many seconds; it is said again whenever it has run for twice as long.
TIMES, LEAST = 10, 60


def is_overdue(took: float, declared: float) -> bool:
    return took > max(LEAST, TIMES * declared)


@contextmanager
def heartbeat(config: Any, cell: PlannedCellRecord, run: ExperimentRun) -> Iterator[None]:
    """Watches over a cell whose seconds are declared."""
    declared = cost_of(run.universe, cell.owner, cell.kind).seconds
    over = threading.Event()
    if declared:
        threading.Thread(target=watch, args=(cell.id, declared, over, lambda line: write(config, line)), name="harness-heartbeat", daemon=True).start()
    try:
        yield
    finally:
        over.set()


def watch(cell: str, declared: float, over: threading.Event, tell: Callable[[str], None]) -> None:
    started, wait = time.monotonic(), max(LEAST, TIMES * declared)
    while not over.wait(wait):
        took = time.monotonic() - started
        tell(f"P606 {cell} has run for {took:.0f} s, and {declared:g} s are declared")
        wait = took


def write(config: Any, line: str) -> None:
    """Writes to the terminal itself, whatever pytest captures meanwhile."""
    capture = config.pluginmanager.get_plugin("capturemanager")
    stream = getattr(getattr(getattr(capture, "_global_capturing", None), "err", None), "targetfd_save", None)
    descriptor = 2 if stream is None else stream
    with suppress(OSError):
        clear = CLEAR if os.isatty(descriptor) and os.environ.get("TERM") != "dumb" else ""
        os.write(descriptor, f"{clear}\n{one_line(line)}\n".encode())
