"""What happened in a run and before it, from its journal alone: declared, scored, locked, planned, started, gates, progress, results."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from harness.costs import in_words, total
from harness.design.paths import FILE_NAME
from harness.fingerprint import fingerprint
from harness.git import first_commit
from harness.history import format_time, read_events
from harness.plaintext import count_of
from harness.records import Cell, Event, Universe, encode

SHARES = (0.25, 0.5, 0.75)  # of the cells, after which progress is an event
ANSWERS = ("passed", "failed", "supported", "falsified", "inconclusive", "blocked", "killed", "error", "missing")
Rows = Sequence[Mapping[str, Any]]


def earlier_events(folder: Path, declaration: Path) -> list[dict[str, Any]]:
    """What is known of an experiment before a session, for the journal: when it was declared (from git), and its own history."""
    added = first_commit(declaration)
    declared = [Event(event="declared", time=added[0], commit=added[1], author=added[2], note=declaration.name)] if added else []
    return [encode(event) for event in (*declared, *read_events(folder))]


def timeline(universe: Universe, plan: Mapping[str, Any], cells: Mapping[str, Cell], rows: Rows, ended: str) -> tuple[Event, ...]:
    """The events of a run up to its results, oldest first."""
    builder = _Builder(universe, cells, rows)
    found = [*builder.before(), *builder.lock(), *builder.sessions(plan), *builder.gates(), *builder.progress(), builder.results(ended)]
    return tuple(sorted(found, key=lambda event: event.time))


def session_origins(universe: Universe, rows: Rows) -> dict[str, tuple[str, str]]:
    """Token of each session to its (commit, author). The commit is that of the session's own plan; "" where the journal does not hold that plan."""
    environments = {fingerprint(row["universe"]): row["universe"].get("environment", {}) for row in rows if row.get("type") == "universe"}
    starts = [row for row in rows if row.get("type") == "session"]
    planned = [environments.get(row.get("universe_sha256", ""), {}) for row in starts[:-1]] + [universe.environment]
    return {row["token"]: (str(plan.get("commit") or ""), str(row.get("author", ""))) for row, plan in zip(starts, planned, strict=False)}


class _Builder:
    def __init__(self, universe: Universe, cells: Mapping[str, Cell], rows: Rows) -> None:
        self.universe, self.cells, self.origins = universe, cells, session_origins(universe, rows)
        self.starts = [row for row in rows if row.get("type") == "session"]
        done = [row for row in rows if row.get("type") == "cell" and row.get("recorded")]
        self.ended = {row["cell"]["id"]: (float(row["recorded"]), str(row.get("token", ""))) for row in done}

    def event(self, name: str, when: float | str, token: str, note: str = "") -> Event:
        """An event of the session with this token."""
        time = when if isinstance(when, str) else format_time(when)
        commit, author = self.origins.get(token, ("", ""))
        return Event(event=name, time=time, commit=commit, author=author, note=note)

    def before(self) -> Iterator[Event]:
        for row in self.starts[-1].get("history", ()) if self.starts else ():
            try:
                yield msgspec.convert(row, Event)
            except msgspec.ValidationError:  # of a newer version
                continue

    def lock(self) -> Iterator[Event]:
        """The lock where the experiment's history does not have it."""
        promise = self.universe.promise
        if promise.locked and not any(event.event == "locked" and event.time == promise.locked_at for event in self.before()):
            yield Event(event="locked", time=promise.locked_at, note="" if promise.deviations else f"sha256 {promise.sha256[:12]}")

    def sessions(self, plan: Mapping[str, Any]) -> Iterator[Event]:
        for number, row in enumerate(self.starts):
            started, token = float(row["started"]), row["token"]
            if number == 0:
                yield self.event("checked", started, token, f"{FILE_NAME} was read and compared with its tests")
                yield self.event("planned", started, token, self.planned(plan))
            yield self.event("started", started, token, "" if number == 0 else "resumed")

    def planned(self, plan: Mapping[str, Any]) -> str:
        chosen = [(cell.owner, cell.kind) for cell in self.universe.cells if cell.selected]
        power = {name: found["power"] for name, found in plan.get("hypotheses", {}).items() if found.get("power") is not None}
        powers = "; power of " + ", ".join(f"{name} {value:.2f}" for name, value in power.items()) if power else ""
        return f"{count_of(len(chosen), 'cell', 'cells')}: {in_words(total(self.universe, chosen))}{powers}"

    def gates(self) -> Iterator[Event]:
        found = [cell for cell in self.cells.values() if cell.kind == "gate"]
        times = [self.ended[cell.id] for cell in found if cell.id in self.ended]
        if times:
            yield self.event("gates", *max(times), count_verdicts(found))

    def progress(self) -> Iterator[Event]:
        times, chosen = sorted(self.ended.values()), sum(cell.selected for cell in self.universe.cells)
        for share in SHARES:
            number = round(share * len(times))
            if len(times) >= 8:
                yield self.event("progress", *times[number - 1], f"{number} of {count_of(chosen, 'cell', 'cells')}")

    def results(self, ended: str) -> Event:
        told = count_verdicts([cell for cell in self.cells.values() if cell.kind == "hypothesis"])
        return self.event("results", ended, self.starts[-1]["token"] if self.starts else "", told or "no cell of a hypothesis")


def count_verdicts(cells: Sequence[Cell]) -> str:
    """`13 passed, 1 failed`."""
    counts = {answer: sum(cell.verdict == answer for cell in cells) for answer in ANSWERS}
    return ", ".join(f"{count} {answer}" for answer, count in counts.items() if count)
