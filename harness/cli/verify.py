"""`harness verify`: results.json held against the journal and the samples of its run."""

from __future__ import annotations

import argparse
from typing import Any

from harness.cli.command import CLEAN, FINDINGS, Answer, add_command, add_run

VERIFY = (
    "Exit code 0: equal; 1: it differs, one line for each difference; 2: results.json or the journal cannot be read. "
    "Seals and hashes catch accidents and careless edits, not authors: whoever can write the folder can rewrite journal, samples and results together. "
    "What protects against that is the time of the lock in the git history, the sha256 in a published card or report, and running the experiment again."
)


def add(commands: Any) -> None:
    verify = add_command(commands, "verify", run, "recompute results.json from the samples and the journal of a run", VERIFY)
    add_run(verify, "run_folder", metavar="RUN")


def run(arguments: argparse.Namespace) -> Answer:
    from harness.records import encode
    from harness.report.runs import find_run
    from harness.run.verification import verify

    found = verify(find_run(arguments.run_folder))
    return (FINDINGS if found.differences else CLEAN), encode(found), found.lines()
