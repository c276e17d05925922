"""`harness status`: how far a run is."""

from __future__ import annotations

import argparse
import time
from typing import TYPE_CHECKING, Any

from harness.cli.command import CLEAN, Answer, add_command, add_run
from harness.cli.pause import WHICH
from harness.plaintext import count_of, one_line

if TYPE_CHECKING:
    from harness.run.status import RunStatus

MORE = "Read from the run's folder, from any terminal that sees it. Times are of the process that shows the run's progress, and may be half a minute old."
SHOWN = 8


def add(commands: Any) -> None:
    command = add_command(commands, "status", run, "show how far a run is: cells, cost and time left", MORE)
    add_run(command, "run_name", WHICH, metavar="RUN", nargs="?", default="")


def run(arguments: argparse.Namespace) -> Answer:
    import msgspec

    from harness.report.runs import find_started
    from harness.run.status import status_of

    folder = find_started(arguments.run_name)
    found = status_of(folder)
    return CLEAN, {"folder": str(folder), **msgspec.to_builtins(found)}, [f"{folder}: {found.experiment} ({found.scale}), {found.state}", *lines_of(found)]


def lines_of(found: RunStatus) -> list[str]:
    from harness.costs import in_words
    from harness.run.pace import describe_left

    done = sum(found.finished.values())
    verdicts = ", ".join(f"{number} {verdict}" for verdict, number in sorted(found.finished.items()))
    lines = [f"cells: {done} of {found.cells} finished{f' ({verdicts})' if verdicts else ''}, {len(found.running)} running, {len(found.waiting)} waiting"]
    lines += [f"  running: {cell} {seconds:.0f} s{part_of(found, cell)}" for cell, seconds in list(found.running.items())[:SHOWN]]
    if len(found.running) > SHOWN:
        lines.append(f"  and {len(found.running) - SHOWN} more")
    lines.append(f"work: {found.seconds:.0f} s of cells, {found.gpu_hours:g} GPU-hours; {count_of(found.reused, 'cell', 'cells')} reused")
    lines.append(f"declared cost of the cells that ran: {in_words(found.declared)}")
    if left := describe_left(found.left_s):
        lines.append(f"time: {left} (as of {max(0, time.time() - found.as_of):.0f} s ago)")
    return lines + [f"note: {one_line(note)}" for note in found.notes[-SHOWN:]]


def part_of(found: RunStatus, cell: str) -> str:
    name, done, total = found.parts.get(cell, ("", 0, 0))
    return f", {one_line(name)} {done}/{total}" if name else ""
