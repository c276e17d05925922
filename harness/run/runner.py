"""Runs one item as a cell: its needs first, then itself, once per session whatever the number of workers.

A worker that needs a gate reads its verdict from the board; if nobody has it yet the worker takes the gate's lock and runs the gate itself. Waiting
is only ever for a gate that a live process is running, and needs form no cycle, so no schedule can dead-lock; a lock whose holder died is freed by
the kernel and the next worker runs the gate.
"""

from __future__ import annotations

import errno
import json
import re
import time
import traceback
from collections.abc import Generator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import pytest
from _pytest.runner import runtestprotocol

from harness.errors import HarnessError
from harness.fingerprint import canonical
from harness.opened_files import label_of, opened_files
from harness.records import Cell, PlannedCellRecord, decode, encode
from harness.run.body import Body
from harness.run.cached_reports import label, replay, skip_place
from harness.run.experiment_run import ExperimentRun
from harness.run.heartbeat import heartbeat
from harness.run.outcome import DETAIL_LIMIT, Outcome, Stop, first_line, outcome_of
from harness.run.pause import wait_while_paused
from harness.run.put_aside import PutAside
from harness.run.recorder import FAILING, PASSING, Recorder
from harness.run.redact import clean_value, make_printable, plain
from harness.run.undeclared import undeclared_in

SURROGATE = re.compile(r"\\ud[89a-f]")


@dataclass
class Turn:
    """One cell's turn in this process. `cell` is its verdict where the test need not run, `posted` where others have that verdict already."""

    active: ExperimentRun
    planned: PlannedCellRecord
    log: bool  # False for a gate that runs inline, in the turn of a cell that needs it
    stop: Stop | None = None
    cell: Cell | None = None
    measured: float = 0.0
    files: Mapping[str, str] = field(default_factory=dict)
    undeclared: Sequence[str] = ()
    samples: Mapping[str, int] = field(default_factory=dict)
    execution: Mapping[str, Any] = field(default_factory=dict)
    posted: bool = False
    written: bool = False
    body: Body = field(default_factory=Body)
    start: float = 0.0


class Runner:
    """The cells of this process."""

    def __init__(self, actives: list[ExperimentRun], worker: str) -> None:
        self.worker = worker
        self.cells = {cell.nodeid: (active, active.planned[cell.id]) for active in actives for cell in active.found.catalogue.cells.values()}
        inputs = (entry.path for active in actives for entry in active.universe.inputs)
        self.declared = frozenset((*inputs, *(label_of(path, active.settings.root) for active in actives for path in opened_files.declared)))
        self.running: dict[str, Recorder] = {}
        self.turns: dict[str, Turn] = {}
        self.aside = ""  # what the last cell waits for, where it was put aside
        self.inline: dict[str, BaseException | None] = {}  # the gates running inline, and what kept them from a verdict

    def protocol(self, item: pytest.Item, nextitem: pytest.Item | None) -> Generator[None, bool | None, bool | None]:
        """Wraps pytest's protocol of a cell. Waiting, looking up and writing down happen here, outside of what other plugins put around a test: a time
        limit (pytest-timeout) counts neither the wait for a gate nor the gate, which runs under its own limit."""
        turn = self.turns[item.nodeid] = Turn(*self.cells[item.nodeid], log=item.nodeid not in self.inline)
        try:
            with ExitStack() as locks:
                try:
                    self.prepare(item, turn, locks)
                except BaseException as error:  # what an alarm raises (pytest.fail) is no Exception
                    turn.cell = self.give_up(item, turn, error)
                    turn.posted = True
                answer: bool | None = True
                try:
                    answer = yield  # between its phases, too, a limit may strike
                    self.conclude(item, nextitem, turn, self.running.get(item.nodeid))
                except BaseException as error:
                    cell = self.give_up(item, turn, error)
                    if turn.log:
                        replay(item, cell, ("teardown",))
            return answer
        finally:
            del self.turns[item.nodeid]
            self.running.pop(item.nodeid, None)

    def prepare(self, item: pytest.Item, turn: Turn, locks: ExitStack) -> None:
        """Settles the needs, then looks for the cell's verdict: on the board, or in equal work done before."""
        active, planned = turn.active, turn.planned
        wait_while_paused(active.folder.path)
        turn.stop = self.stop_for(active, planned, item)
        if planned.id in active.needed:
            locks.enter_context(active.folder.locked(planned.id))
            turn.cell = active.folder.posted(planned.id)
            turn.posted = turn.cell is not None
        turn.start = time.perf_counter()
        kept = active.find_kept(planned) if turn.cell is None and turn.stop is None else None
        if kept is not None:
            turn.cell, turn.measured, turn.files, turn.undeclared = kept
        if turn.cell is None:
            # What an item before this one left set up may belong to another module, where gates ran in between.
            item.session._setupstate.teardown_exact(item)

    def stop_for(self, active: ExperimentRun, planned: PlannedCellRecord, item: pytest.Item) -> Stop | None:
        """Settles the needs; the first that does not hold stops the cell."""
        for need in planned.needs:
            verdict = active.folder.posted(need) or self.settle(active, need, item)
            if verdict.verdict not in PASSING:
                return stop_for(verdict)
        return None

    def settle(self, active: ExperimentRun, need: str, item: pytest.Item) -> Cell:
        """The verdict of a needed cell, which runs here and now unless a live process is running it. Raises what kept it from a verdict."""
        gate = active.item(need)
        self.inline[gate.nodeid] = None
        try:
            gate.config.hook.pytest_runtest_protocol(item=gate, nextitem=item)
        finally:
            error = self.inline.pop(gate.nodeid)
        verdict = active.folder.posted(need)
        if verdict is None:
            raise error or RuntimeError(f"{need} has no verdict")
        return verdict

    def run(self, item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
        """pytest's protocol for an item that is a cell; None leaves other items to pytest."""
        turn = self.turns.get(item.nodeid)
        if turn is None:
            return None
        if turn.log:
            item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
        if turn.cell is None:
            self.running[item.nodeid] = Recorder(turn.active, turn.planned, turn.stop)
            with opened_files.during("cells"), turn.body.threads_noted(), heartbeat(item.config, turn.planned, turn.active):
                runtestprotocol(item, log=turn.log, nextitem=nextitem)
        elif turn.log:
            replay(item, turn.cell)
        if turn.log:
            item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
        return True

    def conclude(self, item: pytest.Item, nextitem: pytest.Item | None, turn: Turn, recorder: Recorder | None) -> None:
        """Writes the verdict down, for this run and, where it may be kept, for later ones."""
        cell, keep = turn.cell, True
        if recorder is not None and recorder.aside:
            self.aside = recorder.aside
            item.session._setupstate.teardown_exact(None)  # pytest would raise again what a fixture of a wider scope raised, without setting it up
            return
        if recorder is not None:
            reported = make_storable(recorder.cell())
            cell, turn.measured = run_whole(reported, turn.body), recorder.oldest
            turn.files, turn.samples, turn.execution = recorder.files | turn.active.files_read(), recorder.samples, recorder.execution
            turn.undeclared = undeclared_in(turn.files, self.declared)
            if cell is not reported and turn.log:
                replay(item, cell, ("teardown",))
            keep = recorder.lasting and (recorder.outcome is None or recorder.outcome.keep)
        if cell is not None and not turn.posted:
            self.write_down(turn, cell, reused=recorder is None, keep=keep)
            if cell.id in turn.active.needed:
                turn.active.folder.post(cell)
            if keep and recorder is not None:
                turn.active.remember(cell, turn.measured, turn.files, turn.undeclared)
        if recorder is None:  # what was left set up for this cell, which then did not run
            item.session._setupstate.teardown_exact(None if item.session.shouldstop or item.session.shouldfail else nextitem)

    def write_down(self, turn: Turn, cell: Cell, *, reused: bool, keep: bool) -> None:
        seconds = round(time.perf_counter() - turn.start, 4)
        row = {"seconds": seconds, "worker": self.worker, "reused": reused, "measured": turn.measured, "keep": keep, "recorded": round(time.time(), 3)}
        turn.active.folder.report_damage(turn.active.store.root)
        rests = {"files": dict(turn.files), "undeclared": list(turn.undeclared), "samples": dict(turn.samples)}
        turn.active.folder.record(cell, row | rests | {"execution": clean_value(turn.execution)})
        turn.written = True

    def give_up(self, item: pytest.Item, turn: Turn, error: BaseException) -> Cell:
        """The cell whose needs could not be settled, or whose verdict could not be written down: an error that says why. Where our own files are the
        reason, the session ends: what further cells cost would be lost."""
        if isinstance(error, KeyboardInterrupt | pytest.exit.Exception):
            raise error
        ours = isinstance(error, HarnessError)
        recorder = Recorder(turn.active, turn.planned, None)
        reason = f"harness: {error}" if ours else f"outside of its test: {type(error).__name__}: {first_line(error)}"
        recorder.phase(Outcome("error", reason, "" if ours else plain("".join(traceback.format_exception(error)))[:DETAIL_LIMIT], keep=False))
        cell = recorder.cell()
        if item.nodeid in self.inline:
            self.inline[item.nodeid] = error
        elif not turn.written:
            with suppress(HarnessError):  # the reason is told, whether it can be kept or not
                turn.start, turn.measured = turn.start or time.perf_counter(), recorder.oldest
                self.write_down(turn, cell, reused=False, keep=False)
        if ours and not item.session.shouldstop:
            item.session.shouldstop = reason
        return cell

    def before(self, item: pytest.Item) -> None:
        """Raises the stop of a blocked or killed cell before its fixtures are set up."""
        recorder = self.running.get(item.nodeid)
        if recorder is not None and recorder.stop is not None:
            raise recorder.stop

    def counted(self, item: pytest.Item) -> AbstractContextManager[None]:
        """Counts how often the test of a cell is called: a plugin may call it again, or not at all."""
        return self.turns[item.nodeid].body.counted(item) if item.nodeid in self.turns else nullcontext()

    def judge(self, item: pytest.Item, call: pytest.CallInfo[Any], report: pytest.TestReport) -> None:
        """Turns pytest's report of a phase into one of the five outcomes."""
        recorder = self.running.get(item.nodeid)
        if recorder is None or isinstance(call.excinfo and call.excinfo.value, KeyboardInterrupt | pytest.exit.Exception):
            return
        error = call.excinfo.value if call.excinfo else None
        if PutAside.pending:
            recorder.aside = PutAside.pending
            report.outcome, report.longrepr = "skipped", skip_place(item, "put aside until its judge has answered")
            return
        report.sections = [
            (title, make_printable(text)) for title, text in report.sections
        ]  # what the test printed and logged: also JUnit XML has it from here
        if disk_is_full(error):
            report.longrepr = f"harness: {error}"  # where in the test it was noticed says nothing
            item.session.shouldstop = item.session.shouldstop or report.longrepr
        detail = report.longreprtext if report.failed else ""
        outcome = outcome_of(recorder.planned.kind, call.when, error, detail, Path(recorder.active.experiment.folder))
        if error is None and report.failed:  # another plugin's word: nothing was raised, and yet it is no pass
            outcome = Outcome("error", f"{call.when}: a plugin reports a failure: {first_line(RuntimeError(detail))}", plain(detail)[:DETAIL_LIMIT])
        fault = self.turns[item.nodeid].body.fault(outcome.verdict) if call.when == "call" and outcome.verdict != "error" else ""
        recorder.phase(Outcome("error", fault) if fault else outcome)
        if call.when == "call":
            outcome = recorder.final()
        report.__dict__.pop("wasxfail", None)  # an expected failure is a failure all the same
        if outcome.verdict in ("inconclusive", "blocked", "killed"):
            report.outcome, report.longrepr = "skipped", skip_place(item, outcome.reason)
        elif outcome.verdict in (*FAILING, "error"):
            text = make_printable(report.longreprtext)
            changed = not report.failed or text != report.longreprtext
            report.outcome, report.longrepr = "failed", make_printable(f"{outcome.reason}\n\n{text}".strip()) if changed else report.longrepr
            if outcome.verdict == "falsified":  # a result, not a fault of the test: its reason, and no traceback
                report.longrepr = make_printable(outcome.reason)
        if call.when == "call" or error is not None:
            label(item, report, recorder.cell())
            if call.when != "call":
                report.__dict__["harness_verdict"] = outcome.verdict  # an error of the teardown shows as one, whatever the call found


def disk_is_full(error: BaseException | None) -> bool:
    """True where our own files cannot be written and no later cell's will be, so that what it costs would be lost."""
    cause = error.__cause__ if isinstance(error, HarnessError) else None
    return isinstance(cause, OSError) and cause.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS)


def run_whole(cell: Cell, body: Body) -> Cell:
    """The cell, or an error where its test did not run exactly once to its end: a pass without it is no evidence, and of several calls one may have been
    chosen."""
    fault = "" if cell.verdict == "error" else body.fault(cell.verdict)
    return msgspec.structs.replace(cell, verdict="error", reason=fault) if fault else cell


def make_storable(cell: Cell) -> Cell:
    """The cell as it will be read again, without secrets; one that JSON cannot hold becomes an error that says so."""
    try:
        text = canonical(encode(cell))
        # Nearly every cell is fit as it is; one look at the whole is cheaper than one at each of its texts.
        value = json.loads(text) if plain(text) == text and not SURROGATE.search(text) else clean_value(json.loads(text))
        return decode(value, Cell)
    except (TypeError, ValueError, msgspec.ValidationError) as error:
        reason = f"what the test measured or told cannot be written: {plain(str(error))}"
        said = {name: plain(getattr(cell, name)) for name in ("effect", "threshold", "detail")}
        return msgspec.structs.replace(cell, verdict="error", reason=reason, measurements=(), facts=(), sections=(), p=None, **said)


def stop_for(cell: Cell) -> Stop:
    """Why a cell cannot run, given the verdict of what it needs."""
    if cell.kind == "kill" and cell.verdict == "failed":
        return Stop("killed", cell.id, f"kill criterion {cell.id} was met: {cell.reason}")
    if cell.stopped_by:
        return Stop("blocked", cell.stopped_by, cell.reason)  # the first cause, not the chain of what could not run
    word = {"failed": "failed", "error": "broke"}.get(cell.verdict, f"is {cell.verdict}")
    return Stop("blocked", cell.id, f"{cell.kind} {cell.id} {word}: {cell.reason}")
