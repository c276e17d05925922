"""Sealed files of arrays: a plain .npz that carries its kind, what it says of itself, and the sha256 of all of it: half a file is never taken for one."""

from __future__ import annotations

import hashlib
import json
import os
import threading
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np

from harness.errors import HarnessError
from harness.fingerprint import canonical
from harness.store import telling

HEAD = "__head__"
FORMAT = 1
# What zipfile and numpy raise, depending on which byte is wrong.
BROKEN = (OSError, ValueError, KeyError, TypeError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error)


@contextmanager
def beside(path: Path) -> Iterator[IO[bytes]]:
    """A file beside `path` that takes its name once it is whole. Raises HarnessError where the place cannot be written."""
    with telling(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        half = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}")
        try:
            with half.open("wb") as stream:
                yield stream
            half.replace(path)
        finally:
            half.unlink(missing_ok=True)


def sealed(path: Path, kind: str, about: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> None:
    """Writes arrays and the JSON values `about` them. Equal content gives equal bytes."""
    head = {"kind": kind, "format": FORMAT, "names": list(arrays), "about": dict(about)}
    text = canonical({**head, "sha256": seal(head, arrays)})
    with beside(path) as stream:
        np.savez_compressed(stream, **{HEAD: np.array(text)}, **arrays)  # type: ignore[arg-type]


def unsealed(path: Path, kind: str) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """What was written about the arrays, and the arrays. Raises HarnessError in one line for what is not a whole file of that kind."""
    if not path.is_file():
        raise HarnessError(f"there is no such {kind}", where=str(path), mend="Check the path")
    try:
        head, arrays = opened(path)
        if head["kind"] == kind and head["format"] != FORMAT:
            raise HarnessError(f"a {kind} of format {head['format']}; this version reads {FORMAT}", where=str(path), mend=f"Make the {kind} anew")
        whole = head["kind"] == kind and head.pop("sha256") == seal(head, arrays)
    except BROKEN:
        whole = False
    if not whole:
        raise HarnessError(f"this is not a whole {kind}: it was cut short, altered, or is something else", where=str(path), mend=f"Make the {kind} anew")
    return head["about"], arrays


def opened(path: Path) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """The head and the arrays in their order, whatever they are worth."""
    with path.open("rb") as stream, np.load(stream, allow_pickle=False) as found:
        head = json.loads(str(found[HEAD][()]))
        return head, {name: found[name] for name in head["names"]}


def seal(head: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> str:
    """sha256 over the head and each array's name, type, shape and bytes."""
    digest = hashlib.sha256(canonical(dict(head)).encode())
    for name, array in arrays.items():
        digest.update(canonical([name, array.dtype.str, list(array.shape)]).encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()
