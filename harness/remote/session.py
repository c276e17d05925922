"""A session of a distributed run: a pytest of its own on one machine, which collects the whole experiment and runs the cells that the controller gives it.

Its run folder and its store are folders of this machine, which end with it. To pytest and its plugins it is a worker of pytest-xdist: it writes no report of
its own, and everything that it tells goes to the controller.
"""

from __future__ import annotations

import os
import platform
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest

from harness.appendlog import AppendLog
from harness.errors import HarnessError
from harness.models import response_cache
from harness.records import Cell, decode
from harness.remote.plan_difference import describe_plan
from harness.remote.served_books import BooksElsewhere
from harness.remote.served_store import ControllerDepot
from harness.remote.wire import Address, Connection, Disconnected
from harness.run.environment import hardware
from harness.run.fixtures import RUNNER
from harness.run.put_aside import PutAside

ENTRY = "HARNESS_SESSION"  # where a session finds what it has to know: JSON
BEAT_S, PROGRESS_S = 2.0, 2.0
ENDED, REFUSED = 0, 3


class Told(msgspec.Struct):
    """What a session is told when it is started: how it reaches the controller, under what name, and the words of the command line."""

    address: tuple[str, int]
    key: str
    name: str
    words: list[str]
    folder: str
    run: str
    command: str
    count: int
    store_url: str = ""


class Lease:
    """Holds an entry of the store against all other sessions."""

    def __init__(self, connection: Connection, name: str) -> None:
        self.connection, self.name = connection, name

    def __enter__(self) -> None:
        self.connection.call("lease", self.name)

    def __exit__(self, *_: object) -> None:
        self.connection.call("release", self.name)


class RemoteJournal(AppendLog):
    """The journal of a session's experiment: its rows go to the controller, who alone writes."""

    def __init__(self, path: Path, connection: Connection, experiment: str) -> None:
        super().__init__(path)
        self.connection, self.experiment = connection, experiment

    def append(self, rows: Iterable[Mapping[str, Any]]) -> None:
        if listed := [dict(row) for row in rows]:
            self.connection.call("record", self.experiment, listed)


class SessionPlugin:
    """Runs the cells that the controller gives, in place of pytest's loop."""

    def __init__(self, connection: Connection, told: Told) -> None:
        self.connection, self.told = connection, told
        self.told_at = 0.0
        self.refused = ""

    @pytest.hookimpl(tryfirst=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        name = self.told.name
        config.workerinput = {  # type: ignore[attr-defined]
            "workerid": name,
            "workercount": self.told.count,
            "testrunuid": self.told.run,
            "mainargv": [],
            "harness_run": self.told.run,
            "harness_command": self.told.command,
            "harness_dist": "remote",
        }
        config.workeroutput = {}  # type: ignore[attr-defined]

    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """By now the settings are read: entries of the store are leased by the controller, and read from it unless they lie at an address of their own."""
        hooks: Any = session.config.pluginmanager.get_plugin("harness-session")
        depot = hooks.settings.depot or ControllerDepot(self.connection)
        hooks.settings = replace(hooks.settings, depot=depot, lease=partial(Lease, self.connection))

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        if session.testsfailed or session.shouldstop:
            raise session.Interrupted(str(session.shouldstop or "errors during collection"))
        runner = session.config.stash[RUNNER]
        actives = {active.universe.experiment: active for active, _ in runner.cells.values()}
        ours = session.config.pluginmanager.get_plugin("harness-session").session  # type: ignore[union-attr]
        try:
            for active in actives.values():
                ours.check_machine(active)  # this one, which measures; the controller's may have no accelerator
            self.connection.call("join", describe_plan(actives.values()), {"host": platform.node()} | hardware())
            for name, active in actives.items():
                active.folder.journal = RemoteJournal(active.folder.journal.path, self.connection, name)
            while not session.shouldstop and (given := self.connection.call("next")) is not None:
                self.run_cell(session, runner, given)
        except HarnessError as error:
            self.refused = str(error)
        session._setupstate.teardown_exact(None)
        return True

    def run_cell(self, session: pytest.Session, runner: Any, given: dict[str, Any]) -> None:
        active, planned = runner.cells[given["nodeid"]]
        for verdict in given["verdicts"]:
            active.folder.post(decode(verdict, Cell))
        item = active.item(planned.id)
        PutAside.clear()
        # What its module and the session have set up stays for the next cell; the runner ends what that one does not share.
        session.config.hook.pytest_runtest_protocol(item=item, nextitem=item.parent)
        aside, runner.aside = runner.aside, ""
        self.connection.call(*(("put_aside", aside) if aside else ("done",)))

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        data = self.config_hook.pytest_report_to_serializable(config=self.config, report=report)
        self.connection.call("report", msgspec.to_builtins(data, enc_hook=str))

    def pytest_harness_progress(self, name: str, done: int, total: int) -> None:
        now = time.monotonic()
        if now - self.told_at > PROGRESS_S:
            self.told_at = now
            self.connection.call("progress", name, done, total)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self.config, self.config_hook = session.config, session.config.hook


def beat(address: Address, key: bytes, name: str) -> None:
    """Signs of life, on a connection of their own: a call of the other may wait long. Where the controller is gone this process ends, whatever it is doing."""
    try:
        connection = Connection(address, key, f"{name}/beat")
        while True:
            time.sleep(BEAT_S)
            with suppress(HarnessError):  # not yet joined, or given up: the other connection is told
                connection.call("beat")
    except Disconnected:
        os._exit(REFUSED)


def main() -> int:
    """Runs one session; what it is told stands in the environment, which child processes do not inherit."""
    told = msgspec.json.decode(os.environ.pop(ENTRY), type=Told)
    os.environ["PYTEST_XDIST_WORKER"], os.environ["PYTEST_XDIST_WORKER_COUNT"] = told.name, str(told.count)
    os.chdir(told.folder)
    key = bytes.fromhex(told.key)
    connection = Connection(told.address, key, told.name)
    response_cache.OPENED_ELSEWHERE = BooksElsewhere(connection)
    threading.Thread(target=beat, args=(told.address, key, told.name), name="harness-beat", daemon=True).start()
    plugin = SessionPlugin(connection, told)
    with tempfile.TemporaryDirectory(prefix="harness-session-") as own:
        store = told.store_url or f"{own}/store"
        words = [*told.words, f"--harness-run-dir={own}/run", f"--harness-store={store}", "--harness-engine=local", "-p", "no:cacheprovider"]
        try:
            code = int(pytest.main(words, plugins=[plugin]))
        except Disconnected as error:
            sys.stderr.write(f"harness: the controller is gone: {error}\n")
            return REFUSED
    if plugin.refused:
        sys.stderr.write(f"harness: {plugin.refused}\n")
    return REFUSED if plugin.refused else code


if __name__ == "__main__":
    sys.exit(main())
