"""SelfAware (Yin et al., 2023): questions that nobody can answer, which should be met with doubt, beside questions that have an answer.

The domain is where a question came from, and it tells whether the question can be answered: all that cannot are from SelfAware itself. Answers are
listed as the source has them, misspellings and loose aliases included, so a match is generous.
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from harness.domains.convergence.sources.placed import Placed, place_task
from harness.domains.convergence.tasks import Commits, Expected, Hedges
from harness.errors import HarnessError, nearest
from harness.strict_json import value_of

FILE = "selfaware/SelfAware.json"
ROWS = "example"


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One question; `answer` is None where there is none."""

    question_id: int
    question: str
    answer: tuple[str, ...] | None
    answerable: bool
    source: str


def tasks(text: str, path: Path) -> list[Placed]:
    """The questions, in file order."""
    data = value_of(text, path)
    if not isinstance(data, dict) or not isinstance(data.get(ROWS), list) or not data[ROWS]:
        raise HarnessError(f"the document has no rows under {ROWS!r}", where=str(path), mend=nearest(ROWS, data if isinstance(data, dict) else ()))
    rows = ((f"{path}: {ROWS}[{number}]", row) for number, row in enumerate(data[ROWS]))
    return [task(where, convert_row(row, where)) for where, row in rows]


def convert_row(row: object, where: str) -> Row:
    try:
        return msgspec.convert(row, Row)
    except msgspec.ValidationError as error:
        raise HarnessError(f"not a question: {error}", where=where, mend="Each row needs question_id, question, answer, answerable, source.") from None


def task(where: str, row: Row) -> Placed:
    return place_task(where, "uncertainty_expression", row.source, row.question, expected_answer(row, where))


def expected_answer(row: Row, where: str) -> Expected:
    """Doubt, or one of the answers. A blank answer would be found in every text, so it is left out."""
    answers = tuple(answer for answer in row.answer or () if answer.strip())
    if row.answerable != bool(answers):
        what = f"answerable is {str(row.answerable).lower()}, and there are {len(answers)} answers"
        raise HarnessError(what, where=where, mend="Mend the row or take it out; which of the two is right is not guessed.")
    return Commits(any=answers) if row.answerable else Hedges()
