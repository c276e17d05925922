"""Our own files, opened so that nothing planted among them is followed: no symbolic link, and no pipe or device that would keep a reader waiting."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
import time
from collections.abc import Iterator
from io import BufferedReader
from pathlib import Path

from harness.errors import HarnessError

# What is written may be shared with a group (as far as the umask allows), is never executable and never writable for everyone.
FILE_MODE, FOLDER_MODE = 0o664, 0o775
KINDS = {stat.S_IFLNK: "a symbolic link", stat.S_IFDIR: "a folder", stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket"}


class NotPlainError(OSError):
    """Something other than a plain file stands where one is expected."""


def require_plain(mode: int, path: Path) -> None:
    """Raises NotPlainError where a mode of `lstat` is not that of a plain file."""
    if not stat.S_ISREG(mode):
        raise NotPlainError(errno.EINVAL, f"{KINDS.get(stat.S_IFMT(mode), 'a device')} where a plain file is expected", str(path))


def is_plain(path: Path) -> bool:
    """True for a plain file, also one that may not be read."""
    return path.is_file() and not path.is_symlink()


def open_plain(path: Path, flags: int = os.O_RDONLY) -> int:
    """A descriptor of a plain file. Looks before it opens: opening a pipe or a device has effects of its own."""
    if os.path.lexists(path):
        require_plain(os.lstat(path).st_mode, path)
    descriptor = os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, FILE_MODE)
    try:
        require_plain(os.fstat(descriptor).st_mode, path)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def plain_stream(path: Path) -> BufferedReader:
    """A plain file, open for reading."""
    return open(open_plain(path), "rb")


def read_plain(path: Path) -> bytes:
    with plain_stream(path) as stream:
        return stream.read()


def plain_digest(path: Path) -> str:
    """sha256 (64 hex digits) of a plain file's bytes."""
    with plain_stream(path) as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def plain_files(folder: Path) -> Iterator[str]:
    """The names of all files below a folder, from the folder. Raises NotPlainError for a link, a pipe or a device among them."""

    def stop(error: OSError) -> None:
        raise error

    for parent, folders, names in os.walk(folder, onerror=stop):
        for name in folders:
            if os.path.islink(os.path.join(parent, name)):
                require_plain(stat.S_IFLNK, Path(parent, name))
        for name in names:
            path = Path(parent, name)
            require_plain(os.lstat(path).st_mode, path)
            yield path.relative_to(folder).as_posix()


def make_folder(path: Path) -> None:
    """Makes a folder and those above it, where they are not there."""
    if not path.is_dir():
        make_folder(path.parent)
        path.mkdir(mode=FOLDER_MODE, exist_ok=True)


def move_aside(path: Path, into: Path) -> None:
    """Moves a damaged file or folder into the folder `into`, for a person to look at. Raises HarnessError where that cannot be done."""
    try:
        make_folder(into)
        free = into / path.name
        path.rename(into / f"{path.name}.{time.time_ns()}" if os.path.lexists(free) else free)
    except OSError as error:
        raise HarnessError(f"damaged, and cannot be moved into {into}: {error.strerror}", where=str(path), mend="Move it away by hand") from error


def require_no_links(folder: Path, *names: str) -> None:
    """Raises HarnessError where one of the names in a folder is a symbolic link: what is written there would land elsewhere."""
    for name in names:
        if (folder / name).is_symlink():
            raise HarnessError("is a symbolic link, which is not followed here", where=str(folder / name), mend="Put a real folder or file in its place")
