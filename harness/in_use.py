"""Who works in a run folder: every process of a run shares a lock on `.run/in_use`, which the kernel releases when the process dies."""

from __future__ import annotations

import fcntl
import os
import time
import weakref
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from harness.errors import HarnessError
from harness.files import make_folder, open_plain
from harness.store import naming_errors

PATIENCE_S = 0.5
SHARED, SOLE = ".run/in_use", ".lock"  # of a run, and of whoever wants a run folder for himself


class Share:
    """A shared lock, until the block ends or nobody has the object any more."""

    def __init__(self, descriptor: int) -> None:
        self.close = weakref.finalize(self, os.close, descriptor)

    def __enter__(self) -> Share:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def share(folder: Path) -> Share:
    """Marks a run folder as in use. Raises HarnessError where it is being removed."""
    path = folder / SHARED
    with naming_errors(path):
        make_folder(path.parent)
        descriptor = open_plain(path, os.O_RDWR | os.O_CREAT)
        held = Share(descriptor)
        if not locks_shared(descriptor):
            raise HarnessError("this run is being removed", where=str(folder), mend="Choose another --harness-run-dir")
    return held


def locks_shared(descriptor: int) -> bool:
    """Whether the lock could be had: whoever only asks if a run is in use (`harness runs`, `harness status`) holds it for an instant."""
    end = time.monotonic() + PATIENCE_S
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            if time.monotonic() > end:
                return False
            time.sleep(0.02)


@contextmanager
def unused(folder: Path) -> Iterator[bool]:
    """Whether nobody works in a run folder; where nobody does, nobody can begin to before this ends."""
    with ExitStack() as locks:
        try:
            for path in (folder / SHARED, folder / SOLE):
                if path.exists():
                    fcntl.flock(locks.enter_context(open(open_plain(path), "rb")), fcntl.LOCK_EX | fcntl.LOCK_NB)
            free = True
        except OSError:  # held, or no file that could be asked: whoever cannot know must not remove it
            free = False
        yield free
