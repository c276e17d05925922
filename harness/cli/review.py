"""`harness review`: whether a text has the parts of a clean result and a complete card."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.cli.command import CLEAN, FINDINGS, RUN, Answer, add_command

if TYPE_CHECKING:
    from harness.review.review import Review

MORE = (
    "One line for each finding, FILE:LINE:COLUMN: CODE message, then `Reproducibility:` and `Structure:` with COMPLETE or INCOMPLETE(n). "
    "Exit code 0: both complete in every file; 1: something is missing; 2: a file cannot be read. Claims are not checked."
)


def add(commands: Any) -> None:
    command = add_command(commands, "review", run, "check a Markdown report against the template of a clean result and the reproducibility card", MORE)
    command.add_argument("paths", nargs="+", help=f"Markdown files, or runs. A run is named by {RUN}")
    command.add_argument("--record", action="store_true", help="keep the outcome in the history of each run folder, and show it in its timeline")


def record(paths: list[Path], reviews: list[Review]) -> None:
    """Keeps the outcomes in the histories of the runs and makes their reports again. Raises HarnessError, and writes nothing, where one is no run folder."""
    from harness.history import record_event
    from harness.report.build import build, read_results
    from harness.run.folder import sole_user

    for path in paths:
        read_results(path)
    for path, review in zip(paths, reviews, strict=True):
        with sole_user(path):
            record_event(path, "reviewed", f"structure {review.structure}, reproducibility {review.reproducibility}")
            build(path)


def find_document(name: str) -> Path:
    """The file of this path, or the run of this name. Raises HarnessError for a name without a suffix that no run has."""
    from harness.report.runs import find_run
    from harness.review.review import CLEAN_RESULT

    path = Path(name)
    is_document = path.is_file() or (path / CLEAN_RESULT).is_file() or (path.suffix and not path.is_dir())
    return path if is_document else find_run(name)


def run(arguments: argparse.Namespace) -> Answer:
    from harness.review.review import review_file

    paths = [*map(find_document, arguments.paths)]
    reviews = [review_file(path) for path in paths]
    if arguments.record:
        record(paths, reviews)
    values = [review.as_json() for review in reviews]
    lines = [line for review in reviews for line in review.lines(named=len(reviews) > 1)]
    return (FINDINGS if any(review.findings for review in reviews) else CLEAN), values[0] if len(values) == 1 else values, lines
