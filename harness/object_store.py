"""The entries of a shared store in an object store (S3, Google Cloud Storage, …) or any other file system that fsspec reads.

Objects are written whole and never changed under their name, but for sealed values, of which the last one written stands. Object stores cannot append, so
a log is a folder of parts, named by their order and content. The files of a folder entry are named by their content, and its manifest is written last and
once: two machines that make one entry never mix their files.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar

from harness.errors import HarnessError
from harness.files import read_plain
from harness.fingerprint import from_canonical
from harness.store import MANIFEST

T = TypeVar("T")
FOLDER = re.compile("(file|local)://")  # a folder that machines share; its file system makes no folders by itself
LOGS = ("samples",)
SHA256 = re.compile(r"[0-9a-f]{64}")
TRIES, WAIT = 6, 0.5  # seconds before the second try; it doubles with each, 16 s in all


class ObjectStore:
    """A depot at a URL such as `s3://bucket/folder`. Credentials and endpoint are those of the file system's own environment (AWS_ACCESS_KEY_ID, …)."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        try:
            import fsspec

            self.files, self.base = fsspec.core.url_to_fs(self.url, use_listings_cache=False, **({"auto_mkdir": True} if FOLDER.match(self.url) else {}))
        except (ImportError, ValueError) as error:
            mend = "Use s3://bucket/folder with the extra s3, or another file system of fsspec with its package"
            raise HarnessError(f"the store cannot be opened: {error}", where=url, mend=mend) from None

    def fetch(self, name: str, target: Path) -> bool:
        if name.split("/", 1)[0] not in LOGS:
            return self._get(self._path(name), target)
        parts = self._parts(name)
        if parts:
            target.write_bytes(b"".join(self._try(self.files.cat_file, part) for part in parts))
        return bool(parts)

    def _parts(self, name: str) -> list[str]:
        """The objects of a log, in the order in which they were added."""
        try:
            return sorted(self._try(self.files.ls, self._path(name), detail=False))
        except FileNotFoundError:
            return []

    def publish(self, name: str, source: Path) -> None:
        self._put(source, self._path(name))

    def append(self, name: str, data: bytes) -> None:
        part = f"{time.time_ns():020}-{sha256(data).hexdigest()[:16]}"
        self._try(self.files.pipe_file, self._path(f"{name}/{part}"), data)

    def retire(self, name: str) -> None:
        stale = self._path(f"{name}.{time.time_ns()}.stale")
        for part in self._parts(name):
            self._try(self.files.cp_file, part, f"{stale}/{part.rpartition('/')[2]}")
            self._try(self.files.rm_file, part)

    def fetch_folder(self, name: str, target: Path) -> bool:
        if not self._get(self._path(f"{name}/{MANIFEST}"), target / MANIFEST):
            return False
        for file, digest in files_of(target / MANIFEST).items():
            (target / file).parent.mkdir(parents=True, exist_ok=True)
            self._get(self._path(f"{name}/{digest}"), target / file)  # what is missing then fails the manifest
        return True

    def publish_folder(self, name: str, source: Path) -> None:
        for file, digest in files_of(source / MANIFEST).items():
            self._put(source / file, self._path(f"{name}/{digest}"))
        manifest, data = self._path(f"{name}/{MANIFEST}"), read_plain(source / MANIFEST)
        if not self._is_whole(name):
            with suppress(FileExistsError):  # another machine was quicker: its entry stands
                mode = "overwrite" if self._try(self.files.exists, manifest) else "create"
                self._try(self.files.pipe_file, manifest, data, mode=mode)

    def _is_whole(self, name: str) -> bool:
        """True where there is an entry whose files are all there."""
        try:
            manifest = from_canonical(self._try(self.files.cat_file, self._path(f"{name}/{MANIFEST}")))
            return all(self._try(self.files.exists, self._path(f"{name}/{digest}")) for digest in manifest["files"].values())
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return False

    def _path(self, name: str) -> str:
        return f"{self.base}/{name}"

    def _get(self, path: str, target: Path) -> bool:
        try:
            self._try(self.files.get_file, path, str(target))
        except FileNotFoundError:
            return False
        return True

    def _put(self, source: Path, path: str) -> None:
        self._try(self.files.put_file, str(source), path)

    def _try(self, call: Callable[..., T], *words: Any, **options: Any) -> T:
        """What a call gives, made again where the store fails it. Raises FileNotFoundError and FileExistsError as they come, HarnessError for all else."""
        from tenacity import RetryError, Retrying, retry_if_exception, stop_after_attempt, wait_exponential

        try:
            return Retrying(stop=stop_after_attempt(TRIES), wait=wait_exponential(WAIT, 10), retry=retry_if_exception(is_passing))(call, *words, **options)
        except (FileNotFoundError, FileExistsError):
            raise
        except (OSError, RetryError) as error:
            failed = error.last_attempt.exception() if isinstance(error, RetryError) else error
            mend = "Check its address, credentials and state, then run again; what was kept is kept"
            raise HarnessError(f"the store fails: {failed}", where=self.url, mend=mend) from error


def is_passing(error: BaseException) -> bool:
    """Whether a failure may be over soon."""
    return isinstance(error, OSError) and not isinstance(error, FileNotFoundError | FileExistsError | PermissionError)


def files_of(manifest: Path) -> dict[str, str]:
    """Name to sha256 of the files of an entry. Raises HarnessError for a manifest that is none, or names a file outside of the entry."""
    try:
        files: dict[str, str] = from_canonical(read_plain(manifest))["files"]
        if all(not Path(name).is_absolute() and ".." not in Path(name).parts and SHA256.fullmatch(digest) for name, digest in files.items()):
            return files
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        pass
    raise HarnessError("an entry of the store has no manifest that can be read", where=str(manifest), mend="Remove the entry from the store")
