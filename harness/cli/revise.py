"""`harness revise`: the next version of a clean result."""

from __future__ import annotations

import argparse
from typing import Any

from harness.cli.command import CLEAN, Answer, RunName, add_command, add_run
from harness.errors import HarnessError

MORE = (
    "The earlier versions stay in versions/<n>/ of the run folder; what changed in claim, data and verdict is shown and kept in the history. "
    "With --superseded-by the run is marked as superseded by a later one, wherever it is cited."
)


def add(commands: Any) -> None:
    command = add_command(commands, "revise", run, "make the next version of a run's clean result", MORE)
    add_run(command, "run_folder", metavar="RUN")
    command.add_argument("--reason", required=True, help="why; a sentence that readers of the history will see")
    command.add_argument("--superseded-by", type=RunName, metavar="RUN", help="the run whose result takes the place of this one, named in the same ways")


def run(arguments: argparse.Namespace) -> Answer:
    from harness.report.runs import find_run
    from harness.run.redact import plain
    from harness.run.revise import revise, supersede

    reason = " ".join(plain(arguments.reason).split())  # no key reaches the history
    if not reason:
        raise HarnessError("the reason is empty", mend='Say why, as in --reason "the judge was replaced"')
    folder, later = find_run(arguments.run_folder), find_run(arguments.superseded_by) if arguments.superseded_by else None
    made = supersede(folder, later, reason) if later else revise(folder, reason)
    first = f"{made.folder}: superseded by {later}" if later else f"{made.folder}: version {made.version}"
    value = {"folder": str(made.folder), "version": made.version, "superseded_by": str(later) if later else None, "changes": list(made.changes)}
    return CLEAN, {**value, "notes": list(made.notes)}, [first, *(f"  {change}" for change in made.changes), *made.notes]
