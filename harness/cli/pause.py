"""`harness pause`: hold a run back between two cells."""

from __future__ import annotations

import argparse
from typing import Any

from harness.cli.command import CLEAN, Answer, add_command, add_run
from harness.errors import HarnessError

MORE = "Cells that run go on to their end; no further one begins until `harness resume`. It holds for every process and machine that works for the run."
WHICH = "the run (default: the one that wrote last)"


def add(commands: Any) -> None:
    add_run(add_command(commands, "pause", run, "begin no further cell of a run", MORE), "run_name", WHICH, metavar="RUN", nargs="?", default="")


def run(arguments: argparse.Namespace) -> Answer:
    from harness.report.runs import find_started
    from harness.run.pause import pause
    from harness.run.status import is_alive

    folder = find_started(arguments.run_name)
    if not is_alive(folder):
        raise HarnessError("no process works for this run", where=str(folder), mend="Only a run that is under way can be paused")
    pause(folder)
    return CLEAN, {"run": str(folder), "paused": True}, [f"{folder} begins no further cell until `harness resume {folder}`"]
