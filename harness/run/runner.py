"""Runs one item as a cell: its needs first, then itself, once per session whatever the number of workers.

A worker that needs a gate reads its verdict from the board; if nobody has it yet the worker takes the gate's lock and runs the gate itself. Waiting
is only ever for a gate that a live process is running, and needs form no cycle, so no schedule can dead-lock; a lock whose holder died is freed by
the kernel and the next worker runs the gate.
"""

from __future__ import annotations

import json
import re
import time
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import msgspec
import pytest
from _pytest.runner import runtestprotocol

from harness.design.universe import Planned
from harness.errors import HarnessError
from harness.fingerprint import canonical
from harness.opened_files import opened_files
from harness.records import Cell, Fact, decode, encode
from harness.run.active import Active
from harness.run.measuring import Measure
from harness.run.outcome import Outcome, Stop, outcome_of, reason_of
from harness.run.replay import label, replay, skip_place
from harness.run.secrets import cleaned, plain, shown

PASSING = ("passed", "supported")
FAILING = ("failed", "falsified")
SURROGATE = re.compile(r"\\ud[89a-f]")


class Recorder:
    """Gathers what one running cell says: measurements, facts for the card, the reason given by its criterion, the outcome of each phase."""

    def __init__(self, active: Active, planned: Planned, stop: Stop | None) -> None:
        self.active, self.planned, self.stop = active, planned, stop
        self.measure = Measure(planned.id)
        self.facts: list[Fact] = []
        self.said: tuple[bool, str] | None = None
        self.judged = ("", "")
        self.p: float | None = None
        self.oldest, self.lasting = time.time(), True  # of the samples: when the first was drawn, and whether none of them was a passing error
        self.samples = {"rows": 0, "reused": 0}
        self.execution: dict[str, Any] = {}  # how this process computed: it changes no number, and stands apart from the cell
        self.files: dict[str, str] = {}  # that the samples rest on, also those drawn in an earlier session
        self.outcome: Outcome | None = None

    def phase(self, outcome: Outcome) -> None:
        """Keeps the first thing that went wrong; a clean phase never covers it up."""
        if self.outcome is None or self.outcome.verdict in PASSING:
            self.outcome = outcome

    def final(self) -> Outcome:
        """The outcome of the cell. A test that passes although its criterion said no was not asserted: an error, not a result."""
        outcome = self.outcome or Outcome("error", "no phase was reported")
        if outcome.verdict == "supported" and self.said and not self.said[0]:
            return Outcome("error", f"the criterion said no ({self.said[1]}), yet the test passed: assert its answer")
        return outcome

    def cell(self) -> Cell:
        outcome = self.final()
        return Cell(
            id=self.planned.id,
            owner=self.planned.owner,
            kind=self.planned.kind,
            nodeid=self.planned.nodeid,
            params=self.planned.params,
            key=self.planned.key,
            verdict=outcome.verdict,
            reason=self.reason(outcome),
            detail=outcome.detail,
            needs=self.planned.needs,
            stopped_by=outcome.stopped_by,
            effect=self.judged[0],
            threshold=self.judged[1],
            p=self.p,
            measurements=tuple(self.measure.taken),
            facts=tuple(self.facts),
        )

    def reason(self, outcome: Outcome) -> str:
        """The last answer of the criterion, where the verdict agrees with it; else what the outcome says."""
        if self.said and outcome.verdict in (PASSING if self.said[0] else FAILING):
            return reason_of(self.said[1])
        return outcome.reason


class Runner:
    """The cells of this process."""

    def __init__(self, actives: list[Active], worker: str) -> None:
        self.worker = worker
        self.cells = {cell.nodeid: (active, active.planned[cell.id]) for active in actives for cell in active.found.catalogue.cells.values()}
        self.running: dict[str, Recorder] = {}

    def protocol(self, item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
        """pytest's protocol for an item that is a cell; None leaves other items to pytest."""
        if item.nodeid not in self.cells:
            return None
        active, planned = self.cells[item.nodeid]
        item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
        try:
            self.settle(active, planned, item, nextitem, log=True)
        except HarnessError as error:
            pytest.exit(f"harness: {error}", returncode=3)
        item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
        return True

    def settle(self, active: Active, planned: Planned, item: pytest.Item, nextitem: pytest.Item | None, *, log: bool) -> Cell:
        """The verdict of a cell: from the board, from equal work done before, or by running it."""
        stop = self.stop_for(active, planned, item)
        shared = planned.id in active.needed
        with active.folder.locked(planned.id) if shared else nullcontext():
            cell = active.folder.posted(planned.id) if shared else None
            if cell is None:
                cell = self.found_or_run(active, planned, item, nextitem, stop, log)
                if shared:
                    active.folder.post(cell)
            elif log:
                replay(item, cell)
        return cell

    def stop_for(self, active: Active, planned: Planned, item: pytest.Item) -> Stop | None:
        """Settles the needs; the first that does not hold stops the cell."""
        for need in planned.needs:
            verdict = active.folder.posted(need)
            if verdict is None:
                verdict = self.settle(active, active.planned[need], active.item(need), item, log=False)
            if verdict.verdict not in PASSING:
                return stopped(verdict)
        return None

    def found_or_run(self, active: Active, planned: Planned, item: pytest.Item, nextitem: pytest.Item | None, stop: Stop | None, log: bool) -> Cell:
        start = time.perf_counter()
        kept, keep = active.kept(planned) if stop is None else None, True
        if kept is not None:
            if log:
                replay(item, kept.cell)
            cell, measured, files, samples = kept.cell, kept.measured, kept.files, {}
            execution: dict[str, Any] = {}
        else:
            recorder = self.running[item.nodeid] = Recorder(active, planned, stop)
            # What an item before this one left set up may belong to another module: a gate that ran inline, or a cell that was kept for a next one which
            # then did not run since its verdict was known.
            item.session._setupstate.teardown_exact(item)
            try:
                with opened_files.during("cells"):
                    runtestprotocol(item, log=log, nextitem=nextitem)
            finally:
                del self.running[item.nodeid]
            cell = sound(recorder.cell())
            measured, files, samples = recorder.oldest, recorder.files | active.files_read(), recorder.samples
            execution = recorder.execution
            keep = recorder.lasting and (recorder.outcome is None or recorder.outcome.keep)
            if keep:
                active.remember(cell, measured, files)
        seconds = time.perf_counter() - start
        row = {"seconds": round(seconds, 4), "worker": self.worker, "reused": kept is not None, "measured": measured, "keep": keep}
        active.folder.record(cell, row | {"files": dict(files), "samples": samples, "execution": execution})
        return cell

    def before(self, item: pytest.Item) -> None:
        """Raises the stop of a blocked or killed cell before its fixtures are set up."""
        recorder = self.running.get(item.nodeid)
        if recorder is not None and recorder.stop is not None:
            raise recorder.stop

    def judge(self, item: pytest.Item, call: pytest.CallInfo[Any], report: pytest.TestReport) -> None:
        """Turns pytest's report of a phase into one of the five outcomes."""
        recorder = self.running.get(item.nodeid)
        if recorder is None or isinstance(call.excinfo and call.excinfo.value, KeyboardInterrupt | pytest.exit.Exception):
            return
        error = call.excinfo.value if call.excinfo else None
        report.sections = [(title, shown(text)) for title, text in report.sections]  # what the test printed and logged: also JUnit XML has it from here
        detail = report.longreprtext if report.failed else ""
        outcome = outcome_of(recorder.planned.kind, call.when, error, detail, Path(recorder.active.experiment.folder))
        recorder.phase(outcome)
        if call.when == "call":
            outcome = recorder.final()
        report.__dict__.pop("wasxfail", None)  # an expected failure is a failure all the same
        if outcome.verdict in ("inconclusive", "blocked", "killed"):
            report.outcome, report.longrepr = "skipped", skip_place(item, outcome.reason)
        elif outcome.verdict in (*FAILING, "error"):
            text = shown(report.longreprtext)
            changed = not report.failed or text != report.longreprtext
            report.outcome, report.longrepr = "failed", shown(f"{outcome.reason}\n\n{text}".strip()) if changed else report.longrepr
        if call.when == "call" or error is not None:
            label(item, report, recorder.cell())


def sound(cell: Cell) -> Cell:
    """The cell as it will be read again, without secrets; one that JSON cannot hold becomes an error that says so."""
    try:
        text = canonical(encode(cell))
        # Nearly every cell is fit as it is; one look at the whole is cheaper than one at each of its texts.
        value = json.loads(text) if plain(text) == text and not SURROGATE.search(text) else cleaned(json.loads(text))
        return decode(value, Cell)
    except (TypeError, ValueError, msgspec.ValidationError) as error:
        reason = f"what the test measured or told cannot be written: {plain(str(error))}"
        return msgspec.structs.replace(cell, verdict="error", reason=reason, measurements=(), facts=())


def stopped(cell: Cell) -> Stop:
    """Why a cell cannot run, given the verdict of what it needs."""
    if cell.kind == "kill" and cell.verdict == "failed":
        return Stop("killed", cell.id, f"kill criterion {cell.id} was met: {cell.reason}")
    if cell.stopped_by:
        return Stop("blocked", cell.stopped_by, cell.reason)  # the first cause, not the chain of what could not run
    word = {"failed": "failed", "error": "broke"}.get(cell.verdict, f"is {cell.verdict}")
    return Stop("blocked", cell.id, f"{cell.kind} {cell.id} {word}: {cell.reason}")
