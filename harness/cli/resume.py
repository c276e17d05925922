"""`harness resume`: let a paused run go on."""

from __future__ import annotations

import argparse
from typing import Any

from harness.cli.command import CLEAN, Answer, add_command, add_run
from harness.cli.pause import WHICH


def add(commands: Any) -> None:
    add_run(add_command(commands, "resume", run, "let a paused run go on"), "run_name", WHICH, metavar="RUN", nargs="?", default="")


def run(arguments: argparse.Namespace) -> Answer:
    from harness.report.runs import find_started
    from harness.run.pause import is_paused, resume

    folder = find_started(arguments.run_name)
    was = is_paused(folder)
    resume(folder)
    return CLEAN, {"run": str(folder), "paused": False}, [f"{folder} goes on" if was else f"{folder} was not paused"]
