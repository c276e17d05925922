"""A file of JSON lines that grows by whole lines and survives `kill -9` at any instant.

Every line carries the first 16 hex digits of the sha256 of its own content under `"#"`. A torn or altered line is noticed on reading, never
used, and counted. Lines are handed to the kernel in one write, so killing the process loses nothing that was appended.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from harness.errors import HarnessError
from harness.fingerprint import canonical, fingerprint

SEAL = "#"
SEAL_DIGITS = 16


def sealed_line(row: Mapping[str, Any]) -> str:
    """One line of JSON, sealed by the digest of the row."""
    return canonical({**row, SEAL: fingerprint(dict(row))[:SEAL_DIGITS]}) + "\n"


def unsealed(line: str) -> dict[str, Any] | None:
    """The row of a line, or None where the line is torn or altered."""
    try:
        row: dict[str, Any] = json.loads(line)
        seal = row.pop(SEAL)
        return row if fingerprint(row)[:SEAL_DIGITS] == seal else None
    except (ValueError, AttributeError, KeyError, TypeError, RecursionError):
        return None


class AppendLog:
    """One log file; several processes may append to it at once."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def append(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Adds the rows in one write. Raises HarnessError where the file cannot be written (disk full, folder read-only)."""
        data = "".join(sealed_line(row) for row in rows).encode()
        if not data:
            return
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("ab+", buffering=0) as stream:
                fcntl.flock(stream, fcntl.LOCK_EX)
                write_whole(stream.fileno(), mended_tail(stream.fileno()) + data)
        except OSError as error:
            raise HarnessError(
                f"cannot write: {error.strerror}", where=str(self.path), mend="What was written before is kept; free the disk or the folder and run again."
            ) from error

    def read(self) -> tuple[list[dict[str, Any]], int]:
        """(rows in order, number of lines that were torn or altered)."""
        if not self.path.exists():
            return [], 0
        lines = self.path.read_text(encoding="utf-8", errors="replace").split("\n")
        rows = [unsealed(line) for line in lines if line.strip()]
        good = [row for row in rows if row is not None]
        return good, len(rows) - len(good)


def mended_tail(fd: int) -> bytes:
    """A newline where the file ends in the middle of a line, so that a torn line spoils only itself."""
    size = os.fstat(fd).st_size
    return b"\n" if size and os.pread(fd, 1, size - 1) != b"\n" else b""


def write_whole(fd: int, data: bytes) -> None:
    """Writes all bytes; a short write (disk nearly full) is followed by the rest or by the kernel's error."""
    while data:
        data = data[os.write(fd, data) :]
