"""Content decides identity: the hash of a value is the hash of its canonical JSON, the hash of a file is the hash of its bytes."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any

CHUNK = 1 << 20


def canonical(value: object) -> str:
    """ASCII JSON with sorted keys and no spaces; NaN and infinities are refused (ValueError), as is anything JSON does not know (TypeError).

    Escaping all but ASCII keeps lone surrogates and exotic line separators, which models do write, whole and on one line.
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


class NotCanonicalError(ValueError):
    """A text that is no canonical JSON: "cut short" where it ends too early, else "altered"."""


def from_canonical(data: bytes) -> Any:
    """The value of a canonical text. Raises NotCanonicalError for any other bytes, also for such as another JSON reader would take: keys that
    stand twice, spaces, a byte order mark, NaN, nesting without end."""
    try:
        text = data.decode("ascii")
        value = json.loads(text)
        if canonical(value) == text:
            return value
    except json.JSONDecodeError as error:
        if is_cut_short(error):
            raise NotCanonicalError("cut short") from None
    except (ValueError, RecursionError):
        pass
    raise NotCanonicalError("altered")


def is_cut_short(error: json.JSONDecodeError) -> bool:
    """True where a JSON text ended before its value did."""
    return error.pos >= len(error.doc) or (error.msg.startswith("Unterminated") and not error.doc.endswith("}"))


def fingerprint(value: object) -> str:
    """sha256 (64 hex digits) of a JSON value."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()


def file_fingerprint(path: Path, size: float = math.inf) -> str:
    """sha256 (64 hex digits) of a file's bytes, or of its first `size` bytes, read in pieces of one MiB."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while piece := stream.read(int(min(CHUNK, size))):
            digest.update(piece)
            size -= len(piece)
    return digest.hexdigest()


def tree_fingerprint(root: Path, names: Iterable[str]) -> str:
    """sha256 over the (name, content) pairs of the files `names` below `root`, in name order."""
    return fingerprint({name: file_fingerprint(root / name) for name in sorted(names)})
