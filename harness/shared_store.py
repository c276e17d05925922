"""A store whose entries lie elsewhere, too: a folder on this machine that is filled on use, and handed on from as soon as something is made.

Where they lie is a `Depot`: an object store, or the store of the process that controls a distributed run. Entries are checked when they are used, wherever
they come from, by the same seals and manifests.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any, Protocol

from harness.appendlog import AppendLog
from harness.store import Store, hold_lock, replace_file

CHANGING = ("sample-inputs",)  # kinds whose entries are rewritten under their name: what is here may be an older one


class Depot(Protocol):
    """Where the entries of a shared store lie. A `name` is an entry's path below the root of the store, with slashes."""

    def fetch(self, name: str, target: Path) -> bool:
        """Writes an entry of one file, or a log with all that was appended, to `target`; False where there is none."""

    def publish(self, name: str, source: Path) -> None:
        """Takes a file as the entry; it takes the place of an earlier one."""

    def append(self, name: str, data: bytes) -> None:
        """Adds whole lines to a log."""

    def retire(self, name: str) -> None:
        """Takes a log out of use."""

    def fetch_folder(self, name: str, target: Path) -> bool:
        """Writes the files of a folder entry into `target`, an empty folder; False where there is none."""

    def publish_folder(self, name: str, source: Path) -> None:
        """Takes a folder with its manifest as the entry, all of it or nothing."""


class SharedLog(AppendLog):
    """A log of which every append is handed on."""

    def __init__(self, path: Path, aside: Path, depot: Depot, name: str) -> None:
        super().__init__(path, aside)
        self.depot, self.name = depot, name

    def append_lines(self, data: bytes) -> None:
        super().append_lines(data)
        self.depot.append(self.name, data)

    def retire(self) -> None:
        super().retire()
        self.depot.retire(self.name)

    def set_aside(self, folder: Path) -> None:
        super().set_aside(folder)
        self.depot.retire(self.name)


class SharedStore(Store):
    """The folder `root` of this machine, filled from a depot. `lease(name)` holds an entry against all other machines, as a file lock does on this one."""

    def __init__(self, root: Path, depot: Depot, lease: Callable[[str], AbstractContextManager[Any]] = nullcontext) -> None:
        super().__init__(root)
        self.depot, self.lease = depot, lease

    def name_of(self, path: Path) -> str:
        return path.relative_to(self.root).as_posix()

    def fetch(self, path: Path) -> None:
        kind = self.name_of(path).split("/", 1)[0]
        if os.path.lexists(path) and kind not in CHANGING:
            return
        if path.suffix:
            self._fetch_file(path)
        else:
            self._fetch_folder(path)

    def _fetch_file(self, path: Path) -> bool:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".fetching-", dir=path.parent) as beside:
            found = Path(beside, path.name)
            if not self.depot.fetch(self.name_of(path), found):
                return False
            with replace_file(path) as stream, found.open("rb") as source:
                shutil.copyfileobj(source, stream)
            return True

    def _fetch_folder(self, place: Path) -> None:
        place.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".fetching-", dir=place.parent) as beside:
            found = Path(beside, place.name)
            found.mkdir()
            if self.depot.fetch_folder(self.name_of(place), found) and not os.path.lexists(place):
                found.rename(place)

    def publish(self, path: Path) -> None:
        if path.is_dir():
            self.depot.publish_folder(self.name_of(path), path)
        else:
            self.depot.publish(self.name_of(path), path)

    @contextmanager
    def locked(self, kind: str, key: str) -> Iterator[None]:
        path = self.file(kind, key, ".lock")
        with hold_lock(path), self.lease(self.name_of(path)):
            yield

    def log(self, kind: str, key: str) -> AppendLog:
        """The log, with what others appended to it until now."""
        path = self.file(kind, key, ".jsonl")
        if not self._fetch_file(path) and path.exists():
            AppendLog(path).retire()  # another machine has taken it out of use
        return SharedLog(path, self.aside(kind), self.depot, self.name_of(path))
