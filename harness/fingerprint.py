"""Content decides identity: the hash of a value is the hash of its canonical JSON, the hash of a file is the hash of its bytes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

CHUNK = 1 << 20


def canonical(value: object) -> str:
    """ASCII JSON with sorted keys and no spaces; NaN and infinities are refused (ValueError), as is anything JSON does not know (TypeError).

    Escaping all but ASCII keeps lone surrogates and exotic line separators, which models do write, whole and on one line.
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


def fingerprint(value: object) -> str:
    """sha256 (64 hex digits) of a JSON value."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()


def file_fingerprint(path: Path) -> str:
    """sha256 (64 hex digits) of a file's bytes, read in pieces of one MiB."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while piece := stream.read(CHUNK):
            digest.update(piece)
    return digest.hexdigest()


def tree_fingerprint(root: Path, names: Iterable[str]) -> str:
    """sha256 over the (name, content) pairs of the files `names` below `root`, in name order."""
    return fingerprint({name: file_fingerprint(root / name) for name in sorted(names)})
