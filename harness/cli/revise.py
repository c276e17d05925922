"""`harness revise`: the next version of a clean result."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from harness.cli.command import CLEAN, Answer, add_command
from harness.errors import HarnessError

MORE = (
    "The earlier versions stay in versions/<n>/ of the run folder; what changed in claim, data and verdict is shown and kept in the history. "
    "With --superseded-by the run is marked as superseded by a later one, wherever it is cited."
)


def add(commands: Any) -> None:
    command = add_command(commands, "revise", run, "make the next version of a run's clean result", MORE)
    command.add_argument("folder", type=Path, help="a run folder, such as reports/<experiment>/latest")
    command.add_argument("--reason", required=True, help="why; a sentence that readers of the history will see")
    command.add_argument("--superseded-by", type=Path, metavar="RUN", help="the folder of the run whose result takes the place of this one")


def run(arguments: argparse.Namespace) -> Answer:
    from harness.run.redact import plain
    from harness.run.revise import revise, supersede

    reason = " ".join(plain(arguments.reason).split())  # no key reaches the history
    if not reason:
        raise HarnessError("the reason is empty", mend='Say why, as in --reason "the judge was replaced"')
    later = arguments.superseded_by
    made = supersede(arguments.folder, later, reason) if later else revise(arguments.folder, reason)
    first = f"{made.folder}: superseded by {later}" if later else f"{made.folder}: version {made.version}"
    value = {"folder": str(made.folder), "version": made.version, "superseded_by": str(later) if later else None, "changes": list(made.changes)}
    return CLEAN, {**value, "notes": list(made.notes)}, [first, *(f"  {change}" for change in made.changes), *made.notes]
