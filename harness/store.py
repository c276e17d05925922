"""The content-addressed store: an entry's name is the hash of all that made it, and its content is checked against a manifest on use.

Layout: `<root>/<kind>/<key[:2]>/<key>/` with the entry's files beside `manifest.json`. Entries are built in a folder beside it and renamed, so a
half-made entry is never seen; an altered one is set aside and made anew. A file lock per key makes equal work happen once across processes.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from harness.appendlog import AppendLog
from harness.errors import HarnessError
from harness.fingerprint import canonical, file_fingerprint, fingerprint

MANIFEST = "manifest.json"


class Store:
    """A folder of entries that several processes share."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def place(self, kind: str, key: str) -> Path:
        return self.root / kind / key[:2] / key

    @contextmanager
    def locked(self, kind: str, key: str) -> Iterator[None]:
        """Holds the key's lock."""
        with held(self.place(kind, key).with_suffix(".lock")):
            yield

    def folder(self, kind: str, key: str, make: Callable[[Path], None]) -> Path:
        """The entry's folder; `make(folder)` fills it when it is absent or fails its manifest."""
        place = self.place(kind, key)
        if intact(place):
            return place
        with self.locked(kind, key):
            if not intact(place):
                shutil.rmtree(place, ignore_errors=True)
                self._build(place, make)
        return place

    def _build(self, place: Path, make: Callable[[Path], None]) -> None:
        with telling(place):
            beside = Path(tempfile.mkdtemp(prefix=".making-", dir=place.parent))
            try:
                make(beside)
                manifest = {path.name: file_fingerprint(path) for path in sorted(beside.iterdir())}
                (beside / MANIFEST).write_text(canonical(manifest), encoding="utf-8")
                beside.rename(place)
            finally:
                shutil.rmtree(beside, ignore_errors=True)

    def value(self, kind: str, key: str, make: Callable[[], Any]) -> Any:
        """The entry's JSON value; `make()` computes it when it is absent or altered."""
        found = self.peek(kind, key)
        if found is not None:
            return found
        with self.locked(kind, key):
            found = self.peek(kind, key)
            if found is None:
                found = make()
                self.put(kind, key, found)
        return found

    def peek(self, kind: str, key: str) -> Any | None:
        """The entry's JSON value, or None where there is none that is intact."""
        try:
            sealed = json.loads(self.place(kind, key).with_suffix(".json").read_text(encoding="utf-8"))
            return sealed["value"] if sealed["sha256"] == fingerprint(sealed["value"]) else None
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def put(self, kind: str, key: str, value: Any) -> None:
        """Writes the value beside its place and renames it there."""
        write_json(self.place(kind, key).with_suffix(".json"), {"value": value, "sha256": fingerprint(value)})

    def log(self, kind: str, key: str) -> AppendLog:
        """The entry that grows line by line: the samples of one measurement."""
        return AppendLog(self.place(kind, key).with_suffix(".jsonl"))


def intact(place: Path) -> bool:
    """True where the folder holds what its manifest says, byte for byte."""
    try:
        manifest = json.loads((place / MANIFEST).read_text(encoding="utf-8"))
        return all(file_fingerprint(place / name) == digest for name, digest in manifest.items())
    except (OSError, ValueError, AttributeError):
        return False


def write_json(path: Path, value: Any, *, pretty: bool = False) -> None:
    """Writes JSON beside `path`, then renames: a reader sees the old file or the new one, never half of either."""
    text = json.dumps(value, indent=1, sort_keys=True, allow_nan=False) + "\n" if pretty else canonical(value)
    write_text(path, text)


def write_text(path: Path, text: str) -> None:
    """Writes text beside `path`, then renames. Raises HarnessError where the place cannot be written."""
    with telling(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_name(f".{path.name}.{os.getpid()}")
        try:
            beside.write_text(text, encoding="utf-8", errors="backslashreplace")  # half a surrogate pair must not lose a report
            beside.replace(path)
        finally:
            beside.unlink(missing_ok=True)


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Holds a lock file, waiting for it; the kernel releases it when the process dies."""
    from filelock import FileLock

    with telling(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(path)
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


@contextmanager
def telling(path: Path) -> Iterator[None]:
    """Turns an OSError about our own files into one line that names the place and the mend."""
    try:
        yield
    except (OSError, NotImplementedError) as error:  # the latter from a file system without locks
        raise HarnessError(
            f"cannot write: {getattr(error, 'strerror', None) or error}", where=str(path), mend="Free the disk or choose another folder; nothing was lost."
        ) from error
