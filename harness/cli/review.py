"""`harness review`: whether a text has the parts of a clean result and a complete card."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from harness.cli.command import CLEAN, FINDINGS, Answer, add_command

MORE = (
    "One line for each finding, FILE:LINE:COLUMN: CODE message, then `Reproducibility:` and `Structure:` with COMPLETE or INCOMPLETE(n). "
    "Exit code 0: both complete in every file; 1: something is missing; 2: a file cannot be read. Claims are not checked."
)


def add(commands: Any) -> None:
    command = add_command(commands, "review", run, "check a Markdown report against the template of a clean result and the reproducibility card", MORE)
    command.add_argument("paths", nargs="+", type=Path, help="Markdown files, or run folders")
    command.add_argument("--record", action="store_true", help="keep the outcome in the history of each run folder, and show it in its timeline")


def record(folder: Path, note: str) -> None:
    """Keeps the outcome of a review in the history of a run and makes its report again. Raises HarnessError for what is no run folder."""
    from harness.history import record_event
    from harness.report.build import build, read_results
    from harness.run.folder import sole_user

    read_results(folder)
    with sole_user(folder):
        record_event(folder, "reviewed", note)
        build(folder)


def run(arguments: argparse.Namespace) -> Answer:
    from harness.review.review import review_file

    reviews = [review_file(path) for path in arguments.paths]
    for path, review in zip(arguments.paths, reviews, strict=True):
        if arguments.record:
            record(path, f"structure {review.structure}, reproducibility {review.reproducibility}")
    values = [review.as_json() for review in reviews]
    lines = [line for review in reviews for line in review.lines(named=len(reviews) > 1)]
    return (FINDINGS if any(review.findings for review in reviews) else CLEAN), values[0] if len(values) == 1 else values, lines
