"""Who works in a run folder: every process of a run shares a lock on `.run/in_use`, which the kernel releases when the process dies."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from io import BufferedReader
from pathlib import Path

from harness.errors import HarnessError
from harness.files import make_folder, open_plain
from harness.store import naming_errors

SHARED, SOLE = ".run/in_use", ".lock"  # of a run, and of whoever wants a run folder for himself


def share(folder: Path) -> BufferedReader:
    """Marks a run folder as in use until the stream is closed. Raises HarnessError where it is being removed."""
    path = folder / SHARED
    with naming_errors(path):
        make_folder(path.parent)
        stream = open(open_plain(path, os.O_RDWR | os.O_CREAT), "rb")  # noqa: SIM115  the caller closes it
        try:
            fcntl.flock(stream, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            stream.close()
            raise HarnessError("this run is being removed", where=str(folder), mend="Choose another --harness-run-dir") from None
    return stream


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
