"""Damaged files: noted where they are found, so that the run that met them can report them. Nothing here reads or moves a file."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

SHOWN = 3


class Damage(NamedTuple):
    """A file that is there and cannot be used, and what is wrong with it."""

    path: Path
    what: str


_lock = threading.Lock()
_noted: dict[Damage, None] = {}
_to_replace: set[Path] = set()


def note_damage(path: Path, what: str) -> None:
    """Notes a damaged file; each (path, what) is counted once in a process."""
    with _lock:
        _noted[Damage(path, what)] = None
        _to_replace.add(path)


def noted_damage() -> list[Damage]:
    """All that was noted in this process, in the order of finding."""
    with _lock:
        return list(_noted)


def take_to_replace(path: Path) -> bool:
    """True, once, where the file at `path` was noted and nothing has taken its place since."""
    with _lock:
        known = path in _to_replace
        _to_replace.discard(path)
        return known


def forget_damage() -> None:
    """Begins anew, for a session of its own."""
    with _lock:
        _noted.clear()
        _to_replace.clear()


def relative_name(path: Path, *roots: Path) -> str:
    """The path as the first of the folders that holds it would name it."""
    return next((path.relative_to(root).as_posix() for root in roots if path.is_relative_to(root)), str(path))


def describe_damage(named: Iterable[tuple[str, str]]) -> list[str]:
    """One note about (name, what is wrong) pairs, with the first few names; nothing where there are none."""
    faults: dict[str, list[str]] = {}
    for name, what in sorted(set(named)):
        faults.setdefault(name, []).append(what)
    if not faults:
        return []
    first = [f"{name} ({'; '.join(wrong)})" for name, wrong in faults.items()][:SHOWN]
    were = "file was" if len(faults) == 1 else "files were"
    return [f"{len(faults)} damaged {were} not used, and made again where needed: {', '.join(first)}{', …' if len(faults) > SHOWN else ''}"]
