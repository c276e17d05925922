"""Text files that a user wrote or copied: a regular file, of a bounded size, in UTF-8. Anything else is one line that says so."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from harness.errors import HarnessError


def read_bytes(path: Path, most: int | None = None) -> bytes:
    """The bytes of a regular file of at most `most` bytes. A pipe or a device is refused before it is opened: reading one may never end."""
    try:
        kind = os.stat(path)
        if not stat.S_ISREG(kind.st_mode):
            what = "Is a directory" if stat.S_ISDIR(kind.st_mode) else "is a pipe, a socket or a device"
            raise HarnessError(f"cannot be read: {what}", where=str(path), mend="Name a plain file")
        if most is not None and kind.st_size > most:
            raise HarnessError(f"the file has {kind.st_size:,} bytes, more than {most:,}", where=str(path), mend="Shorten it, or split it up")
        return path.read_bytes()
    except FileNotFoundError:
        raise HarnessError("there is no such file", where=str(path), mend="Create it, or correct the path and where it starts") from None
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        told = getattr(error, "strerror", None) or str(error)
        raise HarnessError(f"cannot be read: {told}", where=str(path), mend="Name a file that can be read") from None


def read_text(path: Path, most: int | None = None) -> str:
    """The text of a UTF-8 file, without a byte order mark."""
    return decode_text(read_bytes(path, most), path)


def decode_text(data: bytes, path: Path) -> str:
    """Bytes as UTF-8 text without a byte order mark. Raises HarnessError with the line of the first byte that is none."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise HarnessError("not UTF-8 text", where=f"{path}:{line}", mend="Save it as UTF-8, or copy it again") from None


def is_encodable(text: str) -> bool:
    """False for text with half a surrogate pair (half an emoji), which no file can hold."""
    try:
        return text.isascii() or bool(text.encode())
    except UnicodeEncodeError:
        return False
