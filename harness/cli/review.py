"""`harness review`: whether a text is true, has the parts of a clean result and a complete card."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.cli.command import CLEAN, FINDINGS, RUN, USAGE, Answer, add_command
from harness.plaintext import count_of

if TYPE_CHECKING:
    from harness.review.review import Review

FORMATS = ("text", "json", "markdown", "sarif", "github")
MORE = (
    "The clean result of a run is made again from its results and compared; any other text is compared with --results, its own tables and itself. "
    "One line for each finding and each claim that is not confirmed, FILE:LINE:COLUMN: …, then `Reproducibility:` and `Structure:` with COMPLETE or "
    "INCOMPLETE(n), and `Verdict:`. Exit code 0: PASS; 1: CONCERNS; 2: FAIL, or a file cannot be read. Of several files the greatest."
)


def add(commands: Any) -> None:
    command = add_command(commands, "review", run, "check the claims of a Markdown report, and its parts and card against the template", MORE)
    command.add_argument("paths", nargs="+", help=f"Markdown files, or runs. A run is named by {RUN}")
    rests = "what the claims of a text rest on: JSON, or text of lines `name: number`"
    command.add_argument("--results", nargs="+", action="extend", type=Path, default=[], metavar="FILE", help=rests)
    command.add_argument("--bindings", type=Path, metavar="FILE", help="which number is what (default: review.bindings.yaml beside the text)")
    command.add_argument("--propose", action="store_true", help="write the addresses that were found but are not sure into that file, to be accepted")
    command.add_argument("--format", default="text", choices=FORMATS, help="how the review is printed (default: text)")
    command.add_argument("--record", action="store_true", help="keep the verdicts beside each text, and the outcome in the history of each run folder")


def record(paths: list[Path], reviews: list[Review], results: list[Path]) -> list[Review]:
    """Keeps the verdicts beside the texts. Those of runs are events in their histories, too, whose reports are made again."""
    from harness.report.build import read_results
    from harness.review.recorded import keep_verdicts
    from harness.review.review import review_file

    runs = [(path, review) for path, review in zip(paths, reviews, strict=True) if path.is_dir()]
    for path, _ in runs:
        read_results(path)
    for path, review in runs:
        record_run(path, review)
    for review in (review_file(path, results) for path in paths):  # again: the report of a run now has the event
        keep_verdicts(Path(review.path), review.lines, review.verdict, review.claims, [*map(Path, review.results)])
    return [review_file(path, results) for path in paths]


def record_run(folder: Path, review: Review) -> None:
    from harness.history import record_event
    from harness.report.build import build
    from harness.run.folder import sole_user

    with sole_user(folder):
        record_event(folder, "reviewed", f"verdict {review.verdict}, structure {review.structure}, reproducibility {review.reproducibility}")
        build(folder)


def find_document(name: str) -> Path:
    """The file of this path, or the run of this name. Raises HarnessError for a name without a suffix that no run has."""
    from harness.report.build import CLEAN_RESULT
    from harness.report.runs import find_run

    path = Path(name)
    is_document = path.is_file() or (path / CLEAN_RESULT).is_file() or (path.suffix and not path.is_dir())
    return path if is_document else find_run(name)


def propose_bindings(review: Review, file: Path | None) -> str:
    """Adds what was found to a file of bindings; what is there stays. The line that says so."""
    from harness.review.bindings import FILE, propose, read_bindings
    from harness.review.prose import read_prose
    from harness.store import write_text

    place = file or Path(review.path).with_name(FILE)
    known = read_bindings(place) if place.exists() else []
    text = propose(read_prose("\n".join(review.lines)), review.claims, known)
    write_text(place, text)
    return f"wrote {place}: {count_of(text.count('accepted: false'), 'binding', 'bindings')} to be accepted"


def exit_code(review: Review) -> int:
    return {"PASS": CLEAN, "CONCERNS": FINDINGS, "FAIL": USAGE}[review.verdict]


def run(arguments: argparse.Namespace) -> Answer:
    from harness.review import formats
    from harness.review.review import review_file

    arguments.json = arguments.json or arguments.format == "json"
    paths = [*map(find_document, arguments.paths)]
    known = None if arguments.propose and arguments.bindings and not arguments.bindings.exists() else arguments.bindings
    reviews = [review_file(path, arguments.results, known) for path in paths]
    if arguments.propose:
        return CLEAN, None, [propose_bindings(review, arguments.bindings) for review in reviews]
    if arguments.record:
        reviews = record(paths, reviews, arguments.results)
    values = [review.as_json() for review in reviews]
    if arguments.format in ("sarif", "github"):
        lines = (formats.to_sarif if arguments.format == "sarif" else formats.to_github)(reviews)
    elif arguments.format == "markdown":
        lines = [line for review in reviews for line in formats.to_markdown(review)]
    else:
        lines = [line for review in reviews for line in formats.to_text(review, named=len(reviews) > 1)]
    return max(map(exit_code, reviews)), values[0] if len(values) == 1 else values, lines
