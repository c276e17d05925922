"""The controller's store as the depot of its sessions: they read and write it through their connection, in pieces."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from harness.errors import HarnessError
from harness.files import plain_files, require_no_links
from harness.remote.wire import Connection
from harness.store import MANIFEST, Store, intact, naming_errors

PIECE = 8 * 2**20
INCOMING = ".incoming"


class ServedStore:
    """The controller's side. Files arrive beside their place and take it when they are whole."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def path_of(self, name: str) -> Path:
        """Where an entry lies. Raises HarnessError for a name that leads out of the store."""
        kind, _, rest = name.partition("/")
        stem = Path(rest).name
        key, dot, suffix = stem.partition(".")
        place = self.store.place(kind, key)
        path = place.with_name(f"{key}{dot}{suffix}")
        if self.store.root / name != path:
            raise HarnessError(f"{name!r} cannot name an entry of the store", where=str(self.store.root), mend="Use one version of harness on all machines")
        return path

    def on_files(self, _: str, name: str) -> list[str]:
        """The files of an entry: its own name's for a file, those below it for a folder with a manifest; none where there is no entry."""
        path = self.path_of(name)
        self.store.fetch(path)
        if path.suffix:
            return [""] if path.is_file() else []
        return sorted(plain_files(path)) if intact(path) else []

    def on_read(self, _: str, name: str, file: str, offset: int) -> bytes:
        require_inside(file, name)
        path = self.path_of(name)
        require_no_links(path.parent, path.name, *([f"{path.name}/{file}"] if file else []))
        with (path / file if file else path).open("rb") as stream:
            stream.seek(offset)
            return stream.read(PIECE)

    def on_write(self, worker: str, name: str, file: str, offset: int, data: bytes) -> None:
        require_inside(file, name)
        target = self._incoming(worker, name) / (file or "file")
        with naming_errors(target):
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("r+b" if offset else "wb") as stream:
                stream.seek(offset)
                stream.write(data)

    def on_close(self, worker: str, name: str) -> None:
        """What was written becomes the entry, and is handed on; a folder that is there already stays."""
        path, came = self.path_of(name), self._incoming(worker, name)
        with naming_errors(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            if path.suffix:
                self.store.clear(name.split("/", 1)[0], path)
                (came / "file").replace(path)
            elif not intact(path):
                self.store.clear(name.split("/", 1)[0], path)
                came.rename(path)
            shutil.rmtree(came, ignore_errors=True)
        self.store.publish(path)

    def on_append(self, _: str, name: str, data: bytes) -> None:
        path = self.path_of(name)
        self.store.log(name.split("/", 1)[0], path.stem).append_lines(data)

    def on_retire(self, _: str, name: str) -> None:
        log = self.store.log(name.split("/", 1)[0], self.path_of(name).stem)
        if log.path.exists():
            log.retire()

    def _incoming(self, worker: str, name: str) -> Path:
        path = self.path_of(name)
        return path.with_name(f"{INCOMING}-{worker}-{path.name}")

    def lose(self, worker: str) -> None:
        """Removes what a lost session had begun to send."""
        for left in self.store.root.glob(f"*/*/{INCOMING}-{worker}-*"):
            shutil.rmtree(left, ignore_errors=True)


def require_inside(file: str, entry: str) -> None:
    """Raises HarnessError for the name of a file that leads out of its entry."""
    if ".." in Path(file).parts or Path(file).is_absolute():
        raise HarnessError(f"{file!r} cannot name a file of an entry", where=entry, mend="Use one version of harness on all machines")


class ControllerDepot:
    """The session's side: a `harness.shared_store.Depot`."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def _call(self, method: str, *words: Any) -> Any:
        return self.connection.call(f"store.{method}", *words)

    def fetch(self, name: str, target: Path) -> bool:
        return bool(files := self._call("files", name)) and self._fetch_all(name, files, target)

    def fetch_folder(self, name: str, target: Path) -> bool:
        return self.fetch(name, target)

    def _fetch_all(self, name: str, files: list[str], target: Path) -> bool:
        for file in files:
            path = target / file if file else target
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("wb") as stream:
                while data := self._call("read", name, file, stream.tell()):
                    stream.write(data)
        return True

    def publish(self, name: str, source: Path) -> None:
        self._send(name, "", source)
        self._call("close", name)

    def publish_folder(self, name: str, source: Path) -> None:
        for file in sorted(plain_files(source), key=lambda file: file == MANIFEST):
            self._send(name, file, source / file)
        self._call("close", name)

    def _send(self, name: str, file: str, source: Path) -> None:
        with source.open("rb") as stream:
            offset, data = 0, stream.read(PIECE)
            while data or not offset:
                self._call("write", name, file, offset, data)
                offset += len(data)
                data = stream.read(PIECE)
                if not data:
                    break

    def append(self, name: str, data: bytes) -> None:
        self._call("append", name, data)

    def retire(self, name: str) -> None:
        self._call("retire", name)
