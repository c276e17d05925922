"""The files that a session reads: an audit hook notes what Python opens and lists, and loaders in native code register their files.

Python raises an event before it opens a file or lists a folder; libraries that read in C or Rust (safetensors, tokenizers, gguf) raise none, so
whatever loads with them calls `register`. What a subprocess reads is not seen.
"""

from __future__ import annotations

import os
import site
import sys
import sysconfig
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache, lru_cache
from importlib.util import source_from_cache
from pathlib import Path
from types import FrameType
from typing import Any

ABSENT = "absent"
CODE = "code:"
WRITING = os.O_WRONLY | os.O_RDWR
EMPTYING = os.O_TRUNC | os.O_EXCL | os.O_APPEND
LISTING = ("os.listdir", "os.scandir")
SOURCE_READERS = ("/linecache.py", "/tokenize.py", "/inspect.py", "/_pytest/assertion/rewrite.py")
IMPORTING = "<frozen importlib"
PACKAGE = f"{Path(__file__).parent}{os.sep}"
# Folders whose content is known otherwise, or is no input of an experiment; hidden files and folders of the user's home are none either.
SYSTEM = ("/proc/", "/dev/", "/sys/", "/etc/", "/run/", "/usr/", "/lib/", "/lib64/", "/nix/")
PRIVATE = {".git", ".harness", ".pytest_cache", ".mypy_cache", ".ruff_cache", ".hypothesis", "__pycache__", ".ipynb_checkpoints"}


class OpenedFiles:
    """What was opened for reading, by phase: `outside` of any cell (while the project's own code is imported), in `cells`, while a measure is `sampling`.

    What was read once may be kept in memory by any later cell of the process, so each phase only grows. A listed folder ends with a slash.
    """

    def __init__(self) -> None:
        self.installed = self.enabled = False
        self.start(install=False)

    def start(self, install: bool = True) -> None:
        """Begins a session. An audit hook cannot be taken off again: it is added once, and does nothing while it is not enabled."""
        self.phase = "outside"
        self.seen: dict[str, dict[str, bool | str]] = {"outside": {}, "cells": {}, "sampling": {}}
        self.inputs: dict[str, dict[str, bool | str]] = {phase: {} for phase in self.seen}
        self.modules: dict[str, dict[str, None]] = {phase: {} for phase in self.seen}
        self.sorted = dict.fromkeys(self.seen, 0)
        self.written: set[str] = set()
        self.registered: set[str] = set()
        self.enabled = install
        if install and not self.installed:
            self.installed = True
            sys.addaudithook(self.hook)

    def stop(self) -> None:
        self.enabled = False

    def hook(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Called for every audit event of the process: quick, and never raises."""
        if self.enabled and (event == "open" or event in LISTING or event == "sqlite3.connect"):
            name = os.fsdecode(arguments[0]) if isinstance(arguments[0], bytes) else arguments[0]
            if event in LISTING and isinstance(name, int):
                name = folder_of_descriptor(name)
            if isinstance(name, str):
                self.note(event, name if name[:1] == os.sep else os.path.join(os.getcwd(), name), arguments)

    def note(self, event: str, path: str, arguments: tuple[Any, ...]) -> None:
        seen, frame = self.seen[self.phase], sys._getframe(2)
        reader = frame.f_code.co_filename
        if event in LISTING:
            path = f"{path.rstrip(os.sep)}{os.sep}"
        if path in seen or path in self.written or (path.endswith(".py") and reader.endswith(SOURCE_READERS)):
            return
        if reader.startswith(IMPORTING):
            self.modules[self.phase][path] = None
        elif event == "open" and writes(*arguments[1:3]):
            self.written.add(path)
        elif listed_by_project(frame) if event in LISTING else self.opened_by_project(frame):
            seen[path] = os.path.exists(path)
            if event == "open" and updates(*arguments[1:3]):
                seen[path] = state(path)  # what it was before it is written to

    def modules_loaded(self, *phases: str) -> set[str]:
        """The source files of the modules that were imported in these phases, under whatever name."""
        return {source for phase in phases for path in self.modules[phase] if (source := source_of(path))}

    def opened_by_project(self, frame: FrameType | None) -> bool:
        """Whether a file is read for the project: within a cell always, else by what has a frame of the project below it."""
        if self.phase != "outside":
            return True
        while frame is not None:
            if is_project_code(frame.f_code.co_filename):
                return True
            frame = frame.f_back
        return False

    @contextmanager
    def during(self, phase: str) -> Iterator[None]:
        """Notes under a phase what any thread opens meanwhile."""
        before, self.phase = self.phase, phase
        try:
            yield
        finally:
            self.phase = before

    def register(self, *paths: Path) -> None:
        """Notes files that native code reads."""
        for path in paths:
            self.registered.add(str(path.absolute()))
            self.seen[self.phase].setdefault(str(path.absolute()), True)

    def hashes(self, phases: Iterable[str], root: Path, private: Iterable[Path] = ()) -> dict[str, str]:
        """Path (from the root where it lies below it) to sha256, or `absent`, of what was read in the phases.

        Left out: `private` folders of the run, files that the session itself wrote, code and installed packages (they are in the key), and what has gone.
        """
        own = tuple(f"{folder}{os.sep}" for folder in private)
        found: dict[str, str] = {}
        for phase in phases:
            self.sort_out(phase, own, f"{root}{os.sep}")
            for path, existed in self.inputs[phase].items():
                digest = existed if isinstance(existed, str) else state(path)
                if isinstance(existed, str) or (digest and existed == (digest != ABSENT)):
                    found[label_of(path, root)] = digest
        return dict(sorted(found.items()))

    def sort_out(self, phase: str, own: tuple[str, ...], root: str) -> None:
        """Adds to the inputs of a phase what it has seen since it was asked last."""
        fresh = list(self.seen[phase].items())[self.sorted[phase] :]
        self.sorted[phase] += len(fresh)
        self.inputs[phase] |= {path: existed for path, existed in fresh if path in self.registered or self.is_input(path, own, root)}

    def is_input(self, path: str, own: tuple[str, ...], root: str) -> bool:
        if ".dist-info/" in path or path in self.written or path.startswith(own) or path.startswith(installed_folders()):
            return False
        if path.startswith((PACKAGE, root)):
            return not PRIVATE & set(path.removeprefix(root).split(os.sep))
        return not path.startswith((*SYSTEM, os.path.expanduser("~/.")))


def label_of(path: str, root: Path) -> str:
    """The path from the root where it lies below it."""
    return path.removeprefix(f"{root}{os.sep}") or f".{os.sep}"


def source_of(path: str) -> str:
    """The Python file of which a module was loaded; "" for anything else, as what pytest rewrote, which is in the key."""
    try:
        return os.path.realpath(source_from_cache(path) if path.endswith(".pyc") else path) if path.endswith((".py", ".pyc")) else ""
    except ValueError:
        return ""


def folder_of_descriptor(descriptor: int) -> str:
    try:
        return os.readlink(f"/proc/self/fd/{descriptor}")
    except OSError:
        return ""


def listed_by_project(frame: FrameType | None) -> bool:
    """Whether the project's own code lists a folder, directly or through the standard library: packages list their caches, pytest its folders."""
    while frame is not None and is_standard_library(frame.f_code.co_filename):
        frame = frame.f_back
    return frame is not None and is_project_code(frame.f_code.co_filename)


@cache
def is_standard_library(file: str) -> bool:
    """True for what is compiled into the interpreter too, as os is."""
    if file.startswith("<frozen "):
        return True
    return file.startswith(f"{sysconfig.get_path('stdlib')}{os.sep}") and f"{os.sep}site-packages{os.sep}" not in file


def writes(mode: object = None, flags: object = None) -> bool:
    """Whether an opening only writes: what is there is emptied or added to, not read."""
    if isinstance(mode, str):
        return any(letter in mode for letter in "wax")
    return isinstance(flags, int) and bool(flags & WRITING) and not updates(mode, flags)


def updates(mode: object = None, flags: object = None) -> bool:
    """Whether an opening reads what is there and may write to it."""
    if isinstance(mode, str):
        return "+" in mode and not any(letter in mode for letter in "wax")
    return isinstance(flags, int) and bool(flags & os.O_RDWR) and not flags & EMPTYING


opened_files = OpenedFiles()


@cache
def is_project_code(file: str) -> bool:
    return not file.startswith(("<", PACKAGE)) and not file.startswith(installed_folders())


@lru_cache(maxsize=1)
def installed_folders() -> tuple[str, ...]:
    folders = {*site.getsitepackages(), site.getusersitepackages(), *(sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "scripts"))}
    return tuple(f"{folder}{os.sep}" for folder in {*folders, *map(os.path.realpath, folders)})


def state(path: str) -> str:
    """sha256 of a file's bytes, or of a folder's names; `absent` where there is nothing, empty for what cannot be hashed."""
    try:
        stat = os.stat(path)
        if path.endswith(os.sep):
            return hash_names(path)
        return hash_file(path, stat.st_mtime_ns, stat.st_size, stat.st_ino) if os.path.isfile(path) else ""
    except (FileNotFoundError, NotADirectoryError):
        return ABSENT
    except (OSError, ValueError):
        return ""


@lru_cache(maxsize=8192)
def hash_file(path: str, mtime: int, size: int, inode: int) -> str:  # noqa: ARG001  hashed again when the file's state has changed
    from harness.fingerprint import file_fingerprint

    return file_fingerprint(Path(path))


def hash_names(folder: str) -> str:
    from harness.fingerprint import fingerprint

    return fingerprint(sorted(name for name in os.listdir(folder) if name not in PRIVATE))


def changed_files(recorded: Mapping[str, str], root: Path) -> list[str]:
    """Those recorded files that are not what they were."""
    return [name for name, digest in recorded.items() if current(os.path.join(root, name), digest) != digest]


def current(path: str, digest: str) -> str:
    """The state of a file in the form in which it was recorded: modules by their code, others by their bytes."""
    if not digest.startswith(CODE):
        return state(path)
    from harness.code_dependencies import read_source

    try:
        return CODE + read_source(Path(path)).code
    except OSError:
        return ABSENT
