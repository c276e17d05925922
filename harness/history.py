"""The history of an experiment or of a run: `history.jsonl` in its folder, events in the order in which they happened, only ever appended to."""

from __future__ import annotations

import os
import time
from pathlib import Path, PurePosixPath
from typing import Any

import msgspec

from harness.appendlog import AppendLog
from harness.damage import note_damage
from harness.errors import HarnessError
from harness.files import is_plain
from harness.git import author_of, commit_of
from harness.plaintext import one_line
from harness.records import Event, decode, encode

FILE_NAME = "history.jsonl"
TIME_FORMAT = "%Y-%m-%dT%H:%M:%SZ"
REVISED, SUPERSEDED = "revised", "superseded"
LONGEST_NOTE = 500


def format_time(seconds: float) -> str:
    """Seconds since 1970 as UTC: `2026-11-26T20:59:40Z`."""
    return time.strftime(TIME_FORMAT, time.gmtime(seconds))


def record_event(folder: Path, event: str, note: str = "", changes: tuple[str, ...] = (), when: str = "", commit: str | None = None) -> Event:
    """Appends an event, by default with the present time and commit, and with who works here. Raises HarnessError where the file cannot be written."""
    happened = Event(
        event=event,
        time=when or format_time(time.time()),
        commit=(commit_of(folder)[0] or "") if commit is None else commit,
        author=author_of(folder),
        note=one_line(note)[:LONGEST_NOTE],
        changes=tuple(one_line(change)[:LONGEST_NOTE] for change in changes),
    )
    AppendLog(folder / FILE_NAME).append([encode(happened)])
    return happened


def read_events(folder: Path) -> tuple[Event, ...]:
    """The events of a folder, oldest first; none where it has no history. A row that is none is noted as damage."""
    return tuple(event for row in AppendLog(folder / FILE_NAME).read()[0] if (event := event_of(row, folder)))


def event_of(row: dict[str, Any], folder: Path) -> Event | None:
    try:
        return decode(row, Event)
    except msgspec.ValidationError as error:
        note_damage(folder / FILE_NAME, f"a row that is none: {error}")
        return None


def require_history(folder: Path) -> None:
    """Raises HarnessError where an event could not be appended: told before the work that the event is about."""
    path = folder / FILE_NAME
    if (path.exists() or path.is_symlink()) and not is_plain(path):
        raise HarnessError("is no plain file", where=str(path), mend="Put the file itself there; events are appended to it")


def superseded_from(run: Path, named: str) -> str:
    """The same of a run that is `named` by its path from somewhere else: the path of its successor from there, too."""
    why = superseded(run)
    by, mark, reason = why.removeprefix("by ").partition(": ")
    return f"by {PurePosixPath(os.path.normpath(f'{named}/{by}')).as_posix()}: {reason}" if mark and why.startswith("by ") else why


def superseded(folder: Path) -> str:
    """Why the result of a run does not stand any more (`by reports/x/2: ...`), "" where it does."""
    return next((event.note or "without a reason" for event in reversed(read_events(folder)) if event.event == SUPERSEDED), "")
