"""`harness report`: the report of a run, made again."""

from __future__ import annotations

import argparse
from typing import Any

from harness.cli.command import CLEAN, FINDINGS, Answer, add_command, add_run
from harness.commands import command
from harness.errors import HarnessError


def add(commands: Any) -> None:
    report = add_command(commands, "report", run, "make the report of a run again; also for a run that was killed")
    add_run(report, "run_folder", metavar="RUN")


def run(arguments: argparse.Namespace) -> Answer:
    from harness.records import encode
    from harness.report.runs import find_run
    from harness.run.cli_report import told_again

    folder = find_run(arguments.run_folder)
    told = told_again(folder)
    if told.problem:
        raise HarnessError(told.problem)
    complete = bool(told.results and told.results.complete)
    value = {"folder": str(told.folder), "verdict": told.results.verdict if told.results else None, "complete": complete, "notes": list(told.notes)}
    if told.difference is not None:
        first = "; ".join((told.difference.line(), *told.notes))
        line = f"results.json differs from its journal, no report was written: {first}. Run {command('harness', 'verify', folder)}"
        return FINDINGS, {**value, "difference": encode(told.difference)}, [line]
    lines = [f"report: {told.folder}/index.html", *told.notes, *([] if complete else ["the run is incomplete"])]
    broken = any(note.startswith("notes.md:") for note in told.notes)
    return (CLEAN if complete and not broken else FINDINGS), value, lines
