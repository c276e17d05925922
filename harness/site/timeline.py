"""What happened to a run and when: locked, started, ended, and what was noted in `history.jsonl` beside its results."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from harness.appendlog import AppendLog
from harness.records import Record, Results

HISTORY = "history.jsonl"
SUPERSEDED = "superseded"


class Event(Record, frozen=True, kw_only=True):
    """One event of a run; `time` is ISO 8601 in UTC, "" where it was not recorded."""

    event: str
    time: str = ""
    commit: str = ""
    author: str = ""
    note: str = ""


def timeline_of(folder: Path, results: Results) -> list[Event]:
    """The events of a run in the order of their times; those without a time come first."""
    # getattr: the records get this field with the core's own timeline
    recorded = [to_event(row) for row in getattr(results.execution, "timeline", ())] or derive_events(results)
    noted = [to_event(row) for row in AppendLog(folder / HISTORY).read()[0]]
    return sorted(dict.fromkeys([*recorded, *noted]), key=lambda event: event.time)


def derive_events(results: Results) -> list[Event]:
    """What the results themselves tell of a run without a timeline."""
    promise, execution, commit = results.promise, results.execution, str(results.environment.get("commit") or "")
    locked = [Event(event="locked", time=promise.locked_at, note=promise.lock_file)] if promise.locked else []
    started = Event(event="started", time=execution.started, commit=commit, note=execution.command)
    return [*locked, started, Event(event="ended", time=execution.ended, note=f"verdict: {results.verdict}")]


def to_event(row: Any) -> Event:
    """An event from a row of a log or from a record; what is no text is left out."""
    values = {name: row.get(name) if isinstance(row, Mapping) else getattr(row, name, None) for name in Event.__struct_fields__}
    return Event(**{"event": "event without a name"} | {name: value for name, value in values.items() if isinstance(value, str) and value})


def superseded_by(events: list[Event]) -> str:
    """The note of the last event "superseded", or that word where there is no note; "" for a run that is not superseded."""
    notes = [event.note or SUPERSEDED for event in events if event.event == SUPERSEDED]
    return notes[-1] if notes else ""
