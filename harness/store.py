"""The content-addressed store: an entry's name is the hash of all that made it, and its content is checked against a manifest on use.

Layout: `<root>/<kind>/<key[:2]>/<key>/` with the entry's files beside `manifest.json`. Entries are built in a folder beside it and renamed, so a
half-made entry is never seen. A file lock per key makes equal work happen once across processes.

A store may come from elsewhere, so nothing in it is trusted: links are not followed, names are checked, and an entry that is not what its seal or manifest
says is noted as damage (harness.damage), moved to `<root>/damaged/` and made anew.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from harness.appendlog import AppendLog
from harness.damage import note_damage, take_to_replace
from harness.errors import HarnessError
from harness.files import FILE_MODE, NotPlainError, make_folder, move_aside, open_plain, plain_digest, plain_files, read_plain, require_no_links
from harness.fingerprint import canonical, fingerprint, from_canonical

MANIFEST = "manifest.json"
DAMAGED = "damaged"
INTACT: dict[Path, Any] = {}  # the folders whose bytes this process has checked, with the states of their files then
NAME = re.compile(r"\w[\w-]{0,127}", re.ASCII)


class Store:
    """A folder of entries that several processes share."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def place(self, kind: str, key: str) -> Path:
        """Where an entry lies. Raises HarnessError for a name that could lead elsewhere, and for links on the way there."""
        for name in (kind, key):
            if not NAME.fullmatch(name):
                raise HarnessError(f"{name!r} cannot name an entry of the store", where=str(self.root), mend="Use letters, digits, '_' and '-'")
        require_no_links(self.root, kind, f"{kind}/{key[:2]}")
        return self.root / kind / key[:2] / key

    def file(self, kind: str, key: str, suffix: str) -> Path:
        """Where an entry of one file lies."""
        return self.place(kind, key).with_suffix(suffix)

    def fetch(self, path: Path) -> None:
        """Brings an entry here where it lies elsewhere, too; a folder alone is all there is."""

    def publish(self, path: Path) -> None:
        """Hands on what was made here to whoever shares the store."""

    def aside(self, kind: str) -> Path:
        """Where damaged entries of a kind are moved."""
        require_no_links(self.root, DAMAGED, f"{DAMAGED}/{kind}")
        return self.root / DAMAGED / kind

    def clear(self, kind: str, path: Path) -> None:
        """Moves away what was noted as damaged, before something takes its place."""
        if take_to_replace(path) and os.path.lexists(path):
            move_aside(path, self.aside(kind))

    @contextmanager
    def locked(self, kind: str, key: str) -> Iterator[None]:
        """Holds the key's lock."""
        with hold_lock(self.file(kind, key, ".lock")):
            yield

    def folder(self, kind: str, key: str, make: Callable[[Path], None]) -> Path:
        """The entry's folder; `make(folder)` fills it when it is absent or fails its manifest."""
        place = self.place(kind, key)
        if self.holds(kind, key):
            return place
        with self.locked(kind, key):
            if not self.holds(kind, key):
                self.clear(kind, place)
                self._build(place, make)
                self.publish(place)
        return place

    def holds(self, kind: str, key: str) -> bool:
        """True where the folder of an entry is here, byte for byte what its manifest says."""
        place = self.place(kind, key)
        self.fetch(place)
        return intact(place)

    def _build(self, place: Path, make: Callable[[Path], None]) -> None:
        with naming_errors(place):
            beside = Path(tempfile.mkdtemp(prefix=".making-", dir=place.parent))
            try:
                make(beside)
                files = digests(beside)
                if not files:
                    raise HarnessError("nothing was made for an entry of the store", where=str(place), mend="Let the maker write at least one file")
                write_text(beside / MANIFEST, canonical({"key": place.name, "files": files}))
                beside.rename(place)
            finally:
                shutil.rmtree(beside, ignore_errors=True)

    def value(self, kind: str, key: str, make: Callable[[], Any], shape: Any = Any) -> Any:
        """The entry's JSON value as a `shape` (a type); `make()` computes it when it is absent or damaged."""
        found = self.peek(kind, key, shape)
        if found is not None:
            return found
        with self.locked(kind, key):
            found = self.peek(kind, key, shape)
            if found is None:
                found = make()
                self.put(kind, key, found)
        return found

    def peek(self, kind: str, key: str, shape: Any = Any) -> Any:
        """The entry's JSON value as a `shape` (a type), or None where there is none that is intact."""
        path = self.file(kind, key, ".json")
        self.fetch(path)
        return read_sealed(path, shape)

    def put(self, kind: str, key: str, value: Any) -> None:
        """Writes the value beside its place and renames it there."""
        path = self.file(kind, key, ".json")
        self.clear(kind, path)
        write_sealed(path, value)
        self.publish(path)

    def put_text(self, kind: str, key: str, suffix: str, text: str) -> None:
        """Writes an entry that is one file of text."""
        path = self.file(kind, key, suffix)
        self.clear(kind, path)
        write_text(path, text)
        self.publish(path)

    def log(self, kind: str, key: str) -> AppendLog:
        """The entry that grows line by line: the samples of one measurement."""
        return AppendLog(self.file(kind, key, ".jsonl"), self.aside(kind))


def intact(place: Path) -> bool:
    """True where the folder holds what its manifest says, byte for byte, and nothing else. What is there and is not so is noted as damage.

    The bytes are read once a process: weights of a model may take gigabytes. They are read again where a file has another size or time since.
    """
    if not os.path.lexists(place):
        return False
    try:
        with read_file(place):
            seen = states_of(place)
            if seen is not None and INTACT.get(place) == seen:
                return True
            fault = fault_of(place)
            INTACT[place] = None if fault else seen
    except NotPlainError as error:
        fault = str(error.strerror)
    except (OSError, ValueError) as error:
        fault = str(error) if isinstance(error, ValueError) else f"{Path(error.filename or place).name}: {error.strerror}"
    if fault:
        note_damage(place, fault)
    return not fault


def states_of(place: Path) -> tuple[Any, ...] | None:
    """Name, size, time and number of every file below a folder; None for what is no folder of plain files."""
    if place.is_symlink() or not place.is_dir():
        return None
    found = ((name, os.lstat(place / name)) for name in sorted(plain_files(place)))
    return tuple((name, state.st_size, state.st_mtime_ns, state.st_ino) for name, state in found)


def fault_of(place: Path) -> str:
    """What is wrong with a folder of the store, or "". Raises OSError, or ValueError for a manifest that is none."""
    if place.is_symlink():
        return "a symbolic link"
    if not place.is_dir():
        return "no folder"
    manifest = from_canonical(read_plain(place / MANIFEST))
    if isinstance(manifest, dict) and isinstance(manifest.get("files"), dict):
        if manifest.get("key") != place.name or len(manifest) != 2:
            return "made for another entry"
        manifest = manifest["files"]
    found = set(plain_files(place)) - {MANIFEST}
    if not isinstance(manifest, dict) or not manifest or manifest.keys() != found:
        return "the files are not those of its manifest"
    return next((f"{name} altered" for name in sorted(found) if plain_digest(place / name) != manifest[name]), "")


def digests(folder: Path) -> dict[str, str]:
    """Name to sha256 of all files below a folder, but for a manifest."""
    return {name: plain_digest(folder / name) for name in sorted(plain_files(folder)) if name != MANIFEST}


def read_sealed(path: Path, shape: Any = Any) -> Any:
    """What `write_sealed` wrote, as a `shape` (a type); None where there is no file, or a damaged one, which is noted."""
    try:
        with read_file(path):
            sealed = from_canonical(read_plain(path))
        if sealed["sha256"] != fingerprint(sealed["value"]) or sealed.keys() - {"value", "sha256", "name"}:
            fault = "altered"
        elif sealed.get("name", path.stem) != path.stem:
            fault = "made for another entry"
        else:
            return msgspec.convert(sealed["value"], shape)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        fault = str(error.strerror)
    except (KeyError, TypeError, AttributeError):
        fault = "without a seal"
    except (ValueError, msgspec.ValidationError) as error:
        fault = str(error)
    note_damage(path, fault)
    return None


def write_sealed(path: Path, value: Any) -> None:
    """Writes a JSON value with its seal and the name of its file, so that neither another value nor another file's is taken for it."""
    write_json(path, {"value": value, "sha256": fingerprint(value), "name": path.stem})


def write_json(path: Path, value: Any, *, pretty: bool = False) -> None:
    """Writes JSON beside `path`, then renames: a reader sees the old file or the new one, never half of either."""
    text = json.dumps(value, indent=1, sort_keys=True, allow_nan=False) + "\n" if pretty else canonical(value)
    write_text(path, text)


def write_text(path: Path, text: str) -> None:
    """Writes text beside `path`, then renames. Raises HarnessError where the place cannot be written."""
    data = text.encode("utf-8", "backslashreplace")  # half a surrogate pair must not lose a report
    with replace_file(path) as stream:
        stream.write(data)


@contextmanager
def replace_file(path: Path) -> Iterator[BinaryIO]:
    """A file beside `path` that takes its name once it is whole; nothing of it is left where something goes wrong."""
    with naming_errors(path):
        make_folder(path.parent)
        beside = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}")
        beside.unlink(missing_ok=True)
        try:
            with open(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, FILE_MODE), "wb") as stream:
                yield stream
            beside.replace(path)
        finally:
            beside.unlink(missing_ok=True)


@contextmanager
def hold_lock(path: Path) -> Iterator[None]:
    """Holds a lock file, waiting for it; the kernel releases it when the process dies."""
    lock = lock_at(path)
    with naming_errors(path):
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def lock_at(path: Path) -> Any:
    """A lock file's lock, not yet held. What stands there as a link or a folder is refused: opening a lock empties it."""
    from filelock import FileLock

    with naming_errors(path):
        make_folder(path.parent)
        os.close(open_plain(path, os.O_RDWR | os.O_CREAT))
    return FileLock(path)


@contextmanager
def read_file(path: Path) -> Iterator[None]:
    """Turns a refusal of the file system into one line: what may not be read is not damaged."""
    try:
        yield
    except PermissionError as error:
        raise HarnessError(f"cannot be read: {error.strerror}", where=str(error.filename or path), mend="Make it readable, or move it away") from error


@contextmanager
def naming_errors(path: Path) -> Iterator[None]:
    """Turns an OSError about our own files into one line that names the place and the mend."""
    try:
        yield
    except (OSError, NotImplementedError) as error:  # the latter from a file system without locks
        raise HarnessError(
            f"cannot write: {getattr(error, 'strerror', None) or error}", where=str(path), mend="Free the disk or choose another folder; nothing was lost."
        ) from error
