"""From a run's folder to results.json and the report. Reads files only, so a run whose process was killed can be told just the same."""

from __future__ import annotations

import calendar
import time
import traceback
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from harness.damage import describe_damage
from harness.design.spec import ExperimentSpec
from harness.errors import HarnessError
from harness.findings import line_of
from harness.history import REVISED, format_time, read_events, record_event
from harness.in_use import share
from harness.plaintext import count_of, encodable, shorten_text
from harness.records import AFTER_DATA, Cell, Deviation, Execution, Finding, Results, Universe, decode, encode
from harness.report.differences import Difference
from harness.run.checks import report_findings, with_findings
from harness.run.folder import RunFolder, last_cells
from harness.run.latest import point_latest
from harness.run.plan_cache import cached_plan
from harness.run.redact import clean_value
from harness.run.session import Session
from harness.run.timeline import timeline
from harness.samples import UNKNOWN_TIME
from harness.store import Store, write_json, write_text
from harness.verdict.decide import decide


@dataclass(frozen=True)
class ReportOutcome:
    """A finished run: its folder, what was decided, what could not be told, and what a person should know of the files in the folder."""

    folder: Path
    results: Results | None
    problem: str = ""
    notes: tuple[str, ...] = ()
    difference: Difference | None = None  # the first of results.json from its journal, where nothing was written for that reason


def finish_all(session: Session) -> list[ReportOutcome]:
    """Decides and tells every experiment of the session. What was measured is kept whatever goes wrong here."""
    settings = session.settings
    return [
        finalize_run(folder, session.run, settings.store, not settings.no_report) if RunFolder(folder, session.run).current else missing_folder(folder)
        for folder in session.folders()
    ]


def missing_folder(folder: Path) -> ReportOutcome:
    """A run whose folder was there when it began."""
    return ReportOutcome(folder, None, f"{folder}: removed, or taken by another run, while this one ran. Run again; the store has what was measured")


def finalize_run(folder: Path, token: str, store: Path | None = None, reported: bool = True, revised: bool = False) -> ReportOutcome:
    """Writes results.json and, unless it is not to be `reported`, the report into a run folder. Where earlier results say something else, their version is
    kept, unless the caller has done so (`revised`)."""
    results = None
    try:
        with share(folder):
            results = results_of(folder, token, store)
            earlier = None if revised else contradicted(folder, results)
            write_json(folder / "results.json", clean_value(encode(results), lambda text: shorten_text(encodable(text))), pretty=True)
            latest = point_latest(folder)
            if earlier is not None:
                from harness.report.versions import changes_between

                record_event(folder, REVISED, "the run went on, and its results say something else", changes_between(earlier, results))
            from harness.report.build import build, view_of, withdraw

            if reported:
                view_of(folder)  # before the history says that there is a report
            record_end(folder, results, reported)
            notes = (*(build(folder).notes if reported else withdraw(folder)), *filter(None, [latest]))
    except HarnessError as error:
        return ReportOutcome(folder, results, str(error), notes=withdraw_stale(folder) if results is not None else ())
    except Exception as error:  # one experiment that cannot be told must not silence the others
        trace = folder / ".run" / "trace.txt"
        with suppress(HarnessError):
            write_text(trace, traceback.format_exc())
        return ReportOutcome(folder, results, f"the run cannot be told: {type(error).__name__}: {error}. What was measured is kept; the trace is in {trace}")
    return ReportOutcome(folder, results, notes=(*notes, *map(line_of, report_findings(folder, results))))


def withdraw_stale(folder: Path) -> tuple[str, ...]:
    """Takes the earlier report away where the new one cannot be made: its numbers are not those of results.json."""
    from harness.report.build import withdraw

    with suppress(HarnessError):
        return withdraw(folder)
    return ()


def record_end(folder: Path, results: Results, reported: bool) -> None:
    """The report and the end of a run in its history, once for each end."""
    from harness.report.headline import outcome_in_words

    ended, commit = results.execution.ended, str(results.environment.get("commit") or "")
    known = {(event.event, event.time) for event in read_events(folder)}
    for name, happened, note in (("report", reported, ""), ("done", results.complete, outcome_in_words(results))):
        if happened and (name, ended) not in known:
            record_event(folder, name, note, when=ended, commit=commit)


def contradicted(folder: Path, results: Results) -> Results | None:
    """The earlier results of a folder where a report showed them and the new ones say something else: that version is kept. None where there are none."""
    from harness.report.build import CLEAN_RESULT, RESULTS, read_results
    from harness.report.versions import is_contradicted, keep_version

    if not ((folder / CLEAN_RESULT).is_file() and (folder / RESULTS).is_file()):
        return None
    try:
        earlier = read_results(folder)
    except HarnessError:  # of an earlier version of harness, or damaged: nothing to compare with
        return None
    if not is_contradicted(earlier, results):
        return None
    keep_version(folder)
    return earlier


def results_of(folder: Path, token: str, store: Path | None = None) -> Results:
    """The results of a run folder, from its journal."""
    run = RunFolder(folder, token)
    rows, torn = run.read()
    universe = run.universe(rows)
    plan = cached_plan(universe, Store(store) if store else None)
    rows, torn = run.usable(universe, rows, torn)
    # Into the journal before it is decided, so that the journal gives these results again.
    rows += run.report_damage(store or folder, rows)
    return decide_results(folder, universe, rows, torn, plan)


def decide_results(folder: Path, universe: Universe, rows: list[dict[str, Any]], torn: int, plan: dict[str, Any]) -> Results:
    """The results of these rows of a journal, of which `torn` lines could not be used."""
    spec = ExperimentSpec.model_validate(universe.design).at(universe.scale)
    cells, executed = last_cells(universe, rows), execution(folder, rows, torn)
    events = timeline(universe, plan, cells, rows, executed.ended)
    results = decide(spec, in_order(universe, rows), cells, plan, msgspec.structs.replace(executed, timeline=events))
    return with_findings(results, spec, universe.findings, undeclared_by_cell(rows, cells))


def machines_of(cells: Mapping[str, Mapping[str, Any]]) -> dict[str, tuple[str, ...]]:
    """Machine to the cells that it ran, in a distributed run."""
    found: dict[str, list[str]] = {}
    for name, row in sorted(cells.items()):
        if machine := row.get("machine"):
            kind = ", ".join(machine.get("accelerators") or [str(machine.get("cpu"))])
            found.setdefault(f"{machine.get('host')}: {kind}", []).append(name)
    return {machine: tuple(names) for machine, names in found.items()}


def undeclared_by_cell(rows: list[dict[str, Any]], cells: Mapping[str, Cell]) -> dict[str, list[str]]:
    """What each cell read that is neither code nor a declared input, as its last row says."""
    last = {row["cell"]["id"]: row for row in rows if row.get("type") == "cell"}
    return {name: last[name].get("undeclared", []) for name in cells if name in last}


def in_order(universe: Universe, rows: list[dict[str, Any]]) -> Universe:
    """The universe, with a deviation where cells rest on data that are older than the lock: then it registered nothing before the data."""
    promise = universe.promise
    if not promise.locked:
        return universe
    locked = calendar.timegm(time.strptime(promise.locked_at, "%Y-%m-%dT%H:%M:%SZ"))
    measured = {row["cell"]["id"]: float(row["measured"]) for row in rows if row.get("type") == "cell" and float(row["measured"]) < locked}
    if not measured:
        return universe
    unknown = sum(time == UNKNOWN_TIME for time in measured.values())
    aged = f" ({unknown} of them on data whose age is unknown)" if unknown else ""
    told = Deviation(
        what=AFTER_DATA,
        promised=f"locked at {promise.locked_at}, before the data",
        found=f"{count_of(len(measured), 'cell rests', 'cells rest')} on data from before{aged}",
    )
    return msgspec.structs.replace(universe, promise=msgspec.structs.replace(promise, deviations=(*promise.deviations, told)))


def execution(folder: Path, rows: list[dict[str, Any]], torn: int) -> Execution:
    """Times, hosts, workers, and which cells were not run again."""
    import platform

    starts = [row for row in rows if row.get("type") == "session"]
    cells = {row["cell"]["id"]: row for row in rows if row.get("type") == "cell"}
    first, last = (starts[0], starts[-1]) if starts else ({}, {})
    started = float(first.get("started", time.time()))
    # A run ended when its last cell was written down (older journals say when it was measured), not when its report is made.
    now = max(float(last.get("started", started)), *(float(row.get("recorded") or row["measured"]) for row in cells.values()), 0.0)
    notes = [f"{torn} journal lines were torn or altered and are not used"] if torn else []
    if len(starts) > 1:
        notes.append("resumed " + count_of(len(starts) - 1, "time", "times"))
    notes += [row["note"] for row in rows if row.get("type") == "note"]
    notes += describe_damage((row["path"], row["what"]) for row in rows if row.get("type") == "damage")
    return Execution(
        run=folder.name,
        started=format_time(started),
        ended=format_time(now),
        command=last.get("command", ""),
        host=platform.node(),
        hardware=last.get("hardware", {}),
        workers=last.get("workers", 0),
        wall_s=round(now - float(last.get("started", now)), 3),
        seconds={cell: row["seconds"] for cell, row in sorted(cells.items())},
        reused=tuple(sorted(cell for cell, row in cells.items() if row["reused"])),
        reports=folder.name,
        notes=tuple(notes),
        samples=sum(row.get("samples", {}).get("rows", 0) for row in cells.values()),
        samples_reused=sum(row.get("samples", {}).get("reused", 0) for row in cells.values()),
        facts={name: value for row in cells.values() for name, value in row.get("execution", {}).items()},
        findings=tuple(decode(found, Finding) for found in last.get("findings", ())),
        machines=machines_of(cells),
    )
