"""The files that a session reads: an audit hook notes what Python opens and lists, and loaders in native code register their files.

Python raises an event before it opens a file or lists a folder; libraries that read in C or Rust (safetensors, tokenizers, gguf) raise none, so
whatever loads with them calls `register`. What a subprocess reads is not seen.
"""

from __future__ import annotations

import os
import site
import sys
import sysconfig
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache, lru_cache
from importlib.util import source_from_cache
from pathlib import Path
from stat import S_ISREG
from types import FrameType
from typing import Any
from urllib.parse import unquote, urlsplit

ABSENT = "absent"
CHANGED = "changed by the run that read it"
OWN = ""
CODE = "code:"
INSTALLED = "installed:"
FOLDER = "folder:"
WORKING_FOLDER = "working folder"
INFO = ".dist-info"
PACKAGES = (f"{os.sep}site-packages", f"{os.sep}dist-packages")
EVENTS = ("open", "os.listdir", "os.scandir", "os.rename", "sqlite3.connect")
LISTING = ("os.listdir", "os.scandir")
SOURCE_READERS = ("/linecache.py", "/tokenize.py", "/inspect.py", "/_pytest/assertion/rewrite.py")
IMPORTING = "<frozen importlib"
MODULES = (".py", ".pyc", ".so", ".pyd")
PACKAGE = f"{Path(__file__).parent}{os.sep}"
# Folders whose content is known otherwise, or is no input of an experiment; hidden files and folders of the user's home are none either.
SYSTEM = ("/proc/", "/dev/", "/sys/", "/etc/", "/run/", "/usr/", "/lib/", "/lib64/", "/nix/")
PRIVATE = {".git", ".harness", ".pytest_cache", ".mypy_cache", ".ruff_cache", ".hypothesis", "__pycache__", ".ipynb_checkpoints"}


class OpenedFiles:
    """What was opened for reading, by phase: `outside` of any cell (while the project's own code is imported), in `cells`, while a measure is `sampling`.

    What was read once may be kept in memory by any later cell of the process, so each phase only grows. A listed folder ends with a slash.
    A file counts by what it held when the session first met it. What the session made itself is no input.
    """

    def __init__(self) -> None:
        self.installed = False
        self.start(install=False)

    def start(self, install: bool = True) -> None:
        """Begins a session. An audit hook cannot be taken off again: it is added once, and does nothing while it is not enabled."""
        sysconfig.get_config_vars()  # it opens a file of its own when first asked, and from 3.13 on the hook must not ask it in the midst of that
        self.phase, self.started, self.folder = "outside", time.time_ns(), os.getcwd()
        self.seen: dict[str, dict[str, None]] = {"outside": {}, "cells": {}, "sampling": {}}
        self.inputs: dict[str, dict[str, None]] = {phase: {} for phase in self.seen}
        self.modules: dict[str, dict[str, tuple[str, ...]]] = {phase: {} for phase in self.seen}
        self.sorted = dict.fromkeys(self.seen, 0)
        self.first: dict[str, os.stat_result | str] = {}  # a file's state when it was met, its sha256 where the session wrote to it since, ABSENT or OWN
        self.appended: set[str] = set()
        self.registered: set[str] = set()
        self.declared: set[str] = set()  # files that an experiment names without listing them as inputs, as its models
        self.relative: set[str] = set()
        self.private: tuple[str, ...] = ()
        self.adding: set[str] = set()
        self.hashing = ""
        self.for_facts = False  # True while a fact is computed: what is read for it is read for no file of the project, whoever asks for the fact
        self.enabled = install
        if install and not self.installed:
            self.installed = True
            sys.addaudithook(self.hook)
            sys.meta_path.append(MissingModules())

    def stop(self) -> None:
        self.enabled = False

    def exclude(self, *places: str) -> None:
        """What begins with one of these is the session's own, and no input of a cell."""
        self.private = tuple({*self.private, *places})

    def ignore_names(self, *folders: str) -> None:
        """Folders that every run adds something to: their names are no input."""
        self.adding |= set(folders)

    def hook(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Called for every audit event of the process: quick, and never raises."""
        if self.enabled and event in EVENTS:
            name = os.fsdecode(arguments[0]) if isinstance(arguments[0], bytes) else arguments[0]
            if event in LISTING and isinstance(name, int):
                name = folder_of_descriptor(name)
            if event == "sqlite3.connect":
                name = path_of_database(name)
            if isinstance(name, str) and name and (path := self.absolute(name)) != self.hashing:
                self.note(event, path, arguments, sys._getframe(1))

    def absolute(self, name: str) -> str:
        if name[:1] == os.sep:
            return name
        path = os.path.join(folder := os.getcwd(), name if ".." in name else os.path.normpath(name))
        if folder == self.folder:
            self.relative.add(path)
        return path

    def note(self, event: str, path: str, arguments: tuple[Any, ...], frame: FrameType) -> None:
        if event == "os.rename":
            self.note_renaming(path, os.path.abspath(os.fsdecode(arguments[1])))
        elif event in LISTING:
            if not frame.f_code.co_filename.startswith(IMPORTING) and listed_by_project(frame):
                self.note_reading(f"{path.rstrip(os.sep)}{os.sep}")
        elif event == "sqlite3.connect":
            for name in (path, f"{path}-wal", f"{path}-journal") if self.project_files(frame) else ():
                self.note_reading(name)
        else:
            self.note_opening(path, arguments[2] if isinstance(arguments[2], int) else 0, frame)

    def note_opening(self, path: str, flags: int, frame: FrameType) -> None:
        reader, way = frame.f_code.co_filename, way_of_writing(flags)
        if path.startswith(self.private) or (path.endswith(".py") and reader.endswith(SOURCE_READERS)):
            return
        if reader.startswith(IMPORTING) and path.endswith(MODULES):
            self.modules[self.phase][path] = self.project_files(frame)
            return
        if way:
            self.note_writing(path, way)
        if way != "empties" and not flags & os.O_WRONLY and path not in self.seen[self.phase] and self.project_files(frame):
            self.note_reading(path)

    def note_writing(self, path: str, way: str) -> None:
        """Called before a file is written to: what it held is hashed where it was read, or may be while it is changed in place."""
        first = self.first.setdefault(path, OWN if way == "empties" or (state := stat_of(path)) == ABSENT else state)
        if way == "appends":
            self.appended.add(path)
        elif isinstance(first, os.stat_result):
            unread = way == "empties" and not any(path in seen for seen in self.seen.values())
            self.first[path] = OWN if unread else self.hash_first(path, first)

    def note_renaming(self, source: str, target: str) -> None:
        if self.first.get(source) == OWN or target in self.first:
            self.note_writing(target, "empties")

    def note_reading(self, path: str) -> None:
        if self.first.setdefault(path, stat_of(path)) != OWN:
            self.seen[self.phase][path] = None

    def note_missing(self, name: str, path: Iterable[str] | None, frame: FrameType) -> None:
        """A module that the project looked for in vain: once a file of its name is there, the import would succeed."""
        if self.enabled and listed_by_project(frame):
            self.note_absent(name.rpartition(".")[2], sys.path if path is None else path)

    def note_absent(self, name: str, folders: Iterable[str]) -> None:
        """A module that is in none of these folders of the search path."""
        places = [os.path.join(os.path.abspath(folder), name) for folder in folders]
        for place in (f"{place}{ending}" for place in places if not is_standard_library(place) for ending in ("", ".py")):
            if self.first.setdefault(place, stat_of(place)) == ABSENT:
                self.registered.add(place)
                self.seen[self.phase][place] = None

    def count_modules(self, *phases: str) -> int:
        """How many modules were imported in these phases."""
        return sum(len(self.modules[phase]) for phase in phases)

    def modules_loaded(self, *phases: str) -> dict[str, tuple[str, ...]]:
        """The files of the modules that were imported in these phases, under whatever name, with the files of the project that asked for them."""
        return {source: files for phase in phases for path, files in list(self.modules[phase].items()) if (source := source_of(path))}

    def project_files(self, frame: FrameType | None) -> tuple[str, ...]:
        """The project's files for which something is read: those with a frame below it; within a cell there is always one, also where a thread reads."""
        found: dict[str, None] = {}
        while frame is not None and not self.for_facts:
            if is_project_code(frame.f_code.co_filename):
                found[frame.f_code.co_filename] = None
            frame = frame.f_back
        return tuple(found) or (() if self.phase == "outside" or self.for_facts else (os.sep,))

    @contextmanager
    def computing_facts(self) -> Iterator[None]:
        """What is read meanwhile is no input of a cell."""
        before, self.for_facts = self.for_facts, True
        try:
            yield
        finally:
            self.for_facts = before

    @contextmanager
    def during(self, phase: str) -> Iterator[None]:
        """Notes under a phase what any thread opens meanwhile."""
        before, self.phase = self.phase, phase
        try:
            yield
        finally:
            self.phase = before

    def declare(self, *paths: Path) -> None:
        """Notes that a declaration names files, whoever reads them."""
        self.declared |= {str(path.absolute()) for path in paths}

    def note_again(self, path: Path) -> None:
        """Notes a file of which the process may hold the content already: a cell that asks for it rests on it, whoever read it first."""
        if self.phase != "outside" and not self.for_facts:
            self.register(path)

    def register(self, *paths: Path) -> None:
        """Notes files that native code reads, and folders whose names count."""
        for path in (f"{path}{os.sep}" if path.is_dir() else str(path) for path in (path.absolute() for path in paths)):
            self.registered.add(path)
            self.first.setdefault(path, stat_of(path))
            self.seen[self.phase][path] = None

    def hashes(self, phases: Iterable[str], root: Path) -> dict[str, str]:
        """Path (from the root where it lies below it) to sha256, or `absent`, of what was read in the phases, and the working folder where it matters.

        Left out: files that the session itself wrote, code and its packages (they are in the key), and what came or went meanwhile.
        """
        found: dict[str, str] = {}
        for phase in phases:
            self.sort_out(phase, root)
            for path in self.inputs[phase]:
                if digest := self.digest_of(path):
                    found[label_of(path, root)] = digest
                    if path in self.relative:
                        found[WORKING_FOLDER] = FOLDER + label_of(self.folder, root)
        return dict(sorted(found.items()))

    def sort_out(self, phase: str, root: Path) -> None:
        """Adds to the inputs of a phase what it has seen since it was asked last."""
        fresh = list(self.seen[phase])[self.sorted[phase] :]
        self.sorted[phase] += len(fresh)
        self.inputs[phase] |= {path: None for path in fresh if path in self.registered or self.is_input(path, f"{root}{os.sep}")}

    def is_input(self, path: str, root: str) -> bool:
        if f"{INFO}{os.sep}" in path or f"{os.sep}__pycache__{os.sep}" in path or path in self.adding or path.startswith(self.private):
            return False
        if path.startswith(installed_folders()):
            return is_installed_data(path)
        if path.startswith((PACKAGE, root)):
            tools = (f"{folder}{os.sep}" for base in (root, f"{self.folder}{os.sep}") for folder in (f"{base}{name}" for name in PRIVATE))
            return not path.startswith(tuple(tools))
        return not path.startswith((*SYSTEM, os.path.expanduser("~/.")))

    def digest_of(self, path: str) -> str:
        """What a file held when it was first met; of a folder, what it holds now."""
        first = self.first[path]
        if isinstance(first, str) and first not in (ABSENT, OWN):
            return first
        now = stat_of(path)
        if isinstance(first, str) or isinstance(now, str) or path.endswith(os.sep):
            came_or_went = isinstance(first, str) != isinstance(now, str)
            return (CHANGED if self.is_old(first) else "") if came_or_went else state(path)
        if path in self.appended or signature(now) == signature(first):
            return self.hash_first(path, first)
        return CHANGED if self.is_old(first) else state(path)

    def is_old(self, first: os.stat_result | str) -> bool:
        """Whether what was met was there before the session, and no file that a program of the session made."""
        return isinstance(first, os.stat_result) and first.st_ctime_ns < self.started

    def hash_first(self, path: str, first: os.stat_result) -> str:
        """sha256 of a file as it was, which it still is, or of which more has been added to it since."""
        before, self.hashing = self.hashing, path
        try:
            return hash_file(path, *signature(first)) if S_ISREG(first.st_mode) else ""
        except OSError:
            return ""
        finally:
            self.hashing = before


class MissingModules:
    """The last finder that Python asks for a module: it finds nothing, and notes what nobody found."""

    def find_spec(self, name: str, path: Iterable[str] | None = None, target: object = None) -> None:  # noqa: ARG002
        opened_files.note_missing(name, path, sys._getframe(1))


def stat_of(path: str) -> os.stat_result | str:
    """The state of a file, ABSENT where there is none."""
    try:
        return os.stat(path)
    except (OSError, ValueError):
        return ABSENT


def signature(stat: os.stat_result) -> tuple[int, int, int]:
    return stat.st_mtime_ns, stat.st_size, stat.st_ino


def way_of_writing(flags: int) -> str:
    """How an opening writes: it empties the file, appends to it, changes it in place, or "", not at all."""
    if not flags & (os.O_WRONLY | os.O_RDWR):
        return ""
    return "empties" if flags & (os.O_TRUNC | os.O_EXCL) else "appends" if flags & os.O_APPEND else "changes"


def path_of_database(name: object) -> str:
    """The file of an sqlite database, which may be written as a URI; "" where it is in memory."""
    name = os.fspath(name) if isinstance(name, str | os.PathLike) else name
    text = os.fsdecode(name) if isinstance(name, str | bytes) else ""
    if text.startswith("file:"):
        text = unquote(urlsplit(text).path)
    return "" if text == ":memory:" else text


def is_installed_data(path: str) -> bool:
    """Whether a file among the installed packages is no module, and not of a package that cannot change a number."""
    if path.endswith((*MODULES, os.sep)) or is_standard_library(path) or path.startswith(f"{sysconfig.get_path('scripts')}{os.sep}"):
        return False
    from harness.installed_packages import NEUTRAL_PACKAGES, distribution_holding

    return distribution_holding(Path(path)) not in NEUTRAL_PACKAGES


def label_of(path: str, root: Path) -> str:
    """The path from the root where it lies below it."""
    return "." if path == str(root) else path.removeprefix(f"{root}{os.sep}") or f".{os.sep}"


@cache
def source_of(path: str) -> str:
    """The file of which a module was loaded; "" for what pytest rewrote, which is in the key."""
    if f"{os.sep}__pycache__{os.sep}" not in path:
        return os.path.realpath(path)
    try:
        return os.path.realpath(source_from_cache(path))
    except ValueError:
        return ""


def folder_of_descriptor(descriptor: int) -> str:
    try:
        return os.readlink(f"/proc/self/fd/{descriptor}")
    except OSError:
        return ""


def listed_by_project(frame: FrameType | None) -> bool:
    """Whether the project's own code lists a folder or looks for a module, directly or through the standard library (or `importorskip`): packages list
    their caches and try other packages, pytest lists its folders."""
    while frame is not None and (is_standard_library(frame.f_code.co_filename) or frame.f_code.co_filename.endswith("/_pytest/outcomes.py")):
        frame = frame.f_back
    return frame is not None and is_project_code(frame.f_code.co_filename)


@cache
def is_standard_library(file: str) -> bool:
    """True for what is compiled into the interpreter too, as os is."""
    if file.startswith("<frozen "):
        return True
    return file.startswith(f"{sysconfig.get_path('stdlib')}{os.sep}") and f"{os.sep}site-packages{os.sep}" not in file


opened_files = OpenedFiles()


@cache
def is_project_code(file: str) -> bool:
    return not file.startswith(("<", PACKAGE, *installed_folders())) and not os.path.realpath(file).startswith(installed_folders())


@lru_cache(maxsize=1)
def installed_folders() -> tuple[str, ...]:
    behind = (path for path in sys.path if path.endswith(PACKAGES))  # of another environment, reached by a .pth file or by PYTHONPATH
    folders = {*site.getsitepackages(), site.getusersitepackages(), *behind, *(sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "scripts"))}
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

    return file_fingerprint(Path(path), size)


def hash_names(folder: str) -> str:
    from harness.fingerprint import fingerprint

    return fingerprint(sorted(name for name in os.listdir(folder) if name not in PRIVATE))


def changed_files(recorded: Mapping[str, str], root: Path) -> list[str]:
    """Those recorded files that are not what they were."""
    return [name for name, digest in recorded.items() if current(os.path.join(root, name), digest) != digest]


def current(path: str, digest: str) -> str:
    """The state of a file in the form in which it was recorded: modules by their code, packages by all that is installed, others by their bytes."""
    if digest.startswith(FOLDER):
        return FOLDER + label_of(opened_files.folder, Path(path).parent)
    if digest.startswith(INSTALLED):
        from harness.installed_packages import package_digest

        return INSTALLED + package_digest(Path(path).name.removesuffix(INFO))
    if not digest.startswith(CODE):
        return state(path)
    from harness.code_dependencies import read_source

    try:
        return CODE + read_source(Path(path)).code
    except OSError:
        return ABSENT
