"""A file of JSON lines that grows by whole lines and survives `kill -9` at any instant.

Every line carries the first 16 hex digits of the sha256 of its own content under `"#"`. A torn or altered line is noticed on reading, never
used, and counted; an altered one is noted as damage. Lines are handed to the kernel in one write, so killing the process loses nothing that was appended.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.damage import note_damage
from harness.errors import HarnessError
from harness.files import NotPlainError, make_folder, move_aside, open_plain, read_plain
from harness.fingerprint import NotCanonicalError, canonical, fingerprint, from_canonical

SEAL = "#"
SEAL_DIGITS = 16


def sealed_line(row: Mapping[str, Any]) -> str:
    """One line of JSON, sealed by the digest of the row."""
    return canonical({**row, SEAL: fingerprint(dict(row))[:SEAL_DIGITS]}) + "\n"


def unseal_line(line: bytes) -> dict[str, Any]:
    """The row of a line. Raises NotCanonicalError, "cut short" or "altered", where it is not byte for byte what `sealed_line` wrote."""
    row = from_canonical(line)
    if not isinstance(row, dict) or row.pop(SEAL, None) != fingerprint(row)[:SEAL_DIGITS]:
        raise NotCanonicalError("altered")
    return row


@dataclass(frozen=True)
class Lines:
    """What a log holds: the rows that are whole, how many lines a kill cut short, how many were altered."""

    rows: list[dict[str, Any]]
    torn: int
    altered: int


class AppendLog:
    """One log file; several processes may append to it at once."""

    def __init__(self, path: Path, aside: Path | None = None) -> None:
        """`aside` is where a damaged log may be moved, for logs whose damaged lines can be made again."""
        self.path, self.aside = path, aside

    def append(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Adds the rows in one write. Raises HarnessError where the file cannot be written (disk full, folder read-only)."""
        if data := "".join(map(sealed_line, rows)).encode():
            self.append_lines(data)

    def append_lines(self, data: bytes) -> None:
        """Adds whole sealed lines in one write."""
        try:
            make_folder(self.path.parent)
            with open(open_plain(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT), "ab+", buffering=0) as stream:
                fcntl.flock(stream, fcntl.LOCK_EX)
                write_whole(stream.fileno(), mended_tail(stream.fileno()) + data)
        except OSError as error:
            raise HarnessError(
                f"cannot write: {error.strerror}", where=str(self.path), mend="What was written before is kept; free the disk or the folder and run again."
            ) from error

    def retire(self) -> None:
        """Puts the log beside its place, where nobody reads it: its rows are whole, and no longer what they were kept for."""
        self.path.replace(self.path.with_suffix(f".{time.time_ns()}.stale"))

    def set_aside(self, folder: Path) -> None:
        """Moves a damaged log away."""
        move_aside(self.path, folder)

    def read(self) -> tuple[list[dict[str, Any]], int]:
        """(rows in order, number of lines that were torn or altered)."""
        lines = self.scan()
        return lines.rows, lines.torn + lines.altered

    def scan(self) -> Lines:
        """The rows in order. Altered lines are noted as damage; torn ones are what a kill leaves. Raises HarnessError where the file may not be read."""
        rows: list[dict[str, Any]] = []
        torn = altered = 0
        *ended, last = self._bytes().split(b"\n")
        lines = [line for line in (*ended, last) if line.strip()]
        for number, line in enumerate(lines, start=1):
            try:
                rows.append(unseal_line(line))
            except NotCanonicalError as error:
                # A kill ends a line without a newline; only what is appended later brings one.
                cut = str(error) == "cut short" and (number < len(lines) or bool(last.strip()))
                torn, altered = torn + cut, altered + (not cut)
        if altered:
            note_damage(self.path, f"{altered} altered line{'s' if altered > 1 else ''}")
        return Lines(rows, torn, altered)

    def _bytes(self) -> bytes:
        try:
            return read_plain(self.path)
        except (FileNotFoundError, NotADirectoryError):
            return b""
        except NotPlainError as error:
            note_damage(self.path, str(error.strerror))
            return b""
        except OSError as error:
            raise HarnessError(f"cannot be read: {error.strerror}", where=str(self.path), mend="Make it readable, or move it away") from error


def mended_tail(fd: int) -> bytes:
    """A newline where the file ends in the middle of a line, so that a torn line spoils only itself."""
    size = os.fstat(fd).st_size
    return b"\n" if size and os.pread(fd, 1, size - 1) != b"\n" else b""


def write_whole(fd: int, data: bytes) -> None:
    """Writes all bytes; a short write (disk nearly full) is followed by the rest or by the kernel's error."""
    while data:
        data = data[os.write(fd, data) :]
