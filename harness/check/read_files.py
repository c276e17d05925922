"""The files that a check reads, by an audit hook: its report holds until one of them changes.

Python raises an event before it opens a file or lists a folder, wherever the code stands that does so. What native code reads raises none: of a model's
folder all files count that decide its answers, once its settings are read.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from importlib.util import source_from_cache
from pathlib import Path
from stat import S_ISREG
from typing import Any

from harness.fingerprint import fingerprint
from harness.opened_files import ABSENT, PRIVATE, folder_of_descriptor, hash_file, hash_names, installed_folders, stat_of

EVENTS = ("open", "os.listdir", "os.scandir")
SYSTEM = ("/proc/", "/dev/", "/sys/", "/run/")
# Larger files, and those of installed packages, are compared by size and time.
HASHED = 1 << 24
MANY = 1000  # files of a folder, beyond which their number must do
MODEL_FILES = ("config.json", "tokenizer_config.json", "tokenizer.json")


class ReadFiles:
    """What this process has opened for reading or listed since `start`, with the state in which each was met first. A listed folder ends with a slash."""

    def __init__(self) -> None:
        self.first: dict[str, os.stat_result | str] = {}
        self.started = False

    def start(self) -> None:
        """An audit hook cannot be taken off again: there is one for the process."""
        if not self.started:
            self.started = True
            sys.addaudithook(self.hook)

    def hook(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Called for every audit event of the process: quick, and never raises."""
        if event in EVENTS and not (event == "open" and is_writing(arguments[2])) and (path := path_of(arguments[0])):
            self.note(source_of(path) if event == "open" else os.path.join(path, ""))

    def note(self, path: str) -> None:
        if path not in self.first and not path.startswith(SYSTEM) and not PRIVATE.intersection(path.split(os.sep)):
            self.first[path] = stat_of(path)

    def states(self, root: Path) -> dict[str, str] | None:
        """Path to state of all that was read, and of the names in the folders around it below the root, where a conftest could appear; None where a file has
        changed since it was read."""
        if any(is_changed(path, first) for path, first in self.first.items()):
            return None
        around = {os.path.join(folder, "") for path in self.first for folder in Path(path).parents if folder.is_relative_to(root)}
        return {path: state_of(path) for path in sorted({*self.first, *around, *model_files(self.first)})}


def model_files(paths: Iterable[str]) -> Iterator[str]:
    """The files that decide how a model answers, of which the settings are among the paths."""
    from harness.models.weights import READ

    for folder in {Path(path).parent for path in paths if path.endswith(MODEL_FILES)}:
        yield from (str(file) for pattern in READ for file in folder.glob(pattern))


def path_of(argument: object) -> str:
    """The absolute path that an event is about; "" for a descriptor of an open file."""
    if isinstance(argument, int):
        return folder_of_descriptor(argument)
    return os.path.abspath(os.fsdecode(argument)) if isinstance(argument, str | bytes | os.PathLike) else ""


def state_of_place(path: str) -> str:
    """What lies in a folder by name, size and time; the state of a file."""
    if not os.path.isdir(path):
        return state_of(path)
    files = [Path(folder, name) for folder, _, names in os.walk(path) for name in names]
    return fingerprint({str(file): state_of(str(file)) for file in files if not PRIVATE.intersection(file.parts)} if len(files) < MANY else len(files))


def is_writing(flags: object) -> bool:
    return isinstance(flags, int) and bool(flags & (os.O_WRONLY | os.O_RDWR))


def source_of(path: str) -> str:
    """The file of which a compiled module was made."""
    if not path.endswith(".pyc"):
        return path
    try:
        return source_from_cache(path)
    except ValueError:
        return path


def is_changed(path: str, first: os.stat_result | str) -> bool:
    """Whether a file was changed, or came or went; of a folder only its names count, which are hashed afterwards."""
    now = stat_of(path)
    if isinstance(now, str) or isinstance(first, str):
        return isinstance(now, str) != isinstance(first, str)
    return not path.endswith(os.sep) and (now.st_mtime_ns, now.st_size) != (first.st_mtime_ns, first.st_size)


def state_of(path: str) -> str:
    """sha256 of a file's bytes or of a folder's names; size and time of a large or an installed file; `absent` where there is nothing."""
    found = stat_of(path)
    if isinstance(found, str):
        return ABSENT
    try:
        if path.endswith(os.sep):
            return hash_names(path)
        if not S_ISREG(found.st_mode) or found.st_size > HASHED or path.startswith(installed_folders()):
            return f"{found.st_size} {found.st_mtime_ns}"
        return hash_file(path, found.st_mtime_ns, found.st_size, found.st_ino)
    except OSError as error:
        return str(error.strerror)


read_files = ReadFiles()
