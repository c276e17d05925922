"""Answers in a file of one's own as a recording: JSON lines of an id and an answer, which no run of ours has sealed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import msgspec

from harness.appendlog import SEAL
from harness.errors import HarnessError, nearest
from harness.models.provider import LONGEST, Answer
from harness.models.recording import RecordedAnswer, client_error
from harness.models.status import ANSWERED, Status, decide_status, is_blank
from harness.strict_json import value_of

# A row of our own samples has both, also where somebody has taken its seal away.
SAMPLES = (SEAL, "item")


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A line: `id` of what was asked, `answer` (the message where the status is error), `sample` counts several answers to one id from 1, `model` tells
    several models of a file apart."""

    id: Annotated[str, msgspec.Meta(min_length=1)]
    answer: str
    sample: Annotated[int, msgspec.Meta(ge=1)] = 1
    status: Status = "ok"
    model: str = ""


COLUMNS = Row.__struct_fields__
FORM = f'A line is {{"id": …, "answer": …}}, and may have {", ".join(COLUMNS[2:])}'


def is_answers(text: str, path: Path) -> bool:
    """Whether a text of JSON lines is in this form, by its first line."""
    number, line = next((number, line) for number, line in enumerate(text.split("\n"), start=1) if line.strip())
    data = value_of(line, path, number)
    return isinstance(data, dict) and not data.keys() & set(SAMPLES)


def read_rows(text: str, path: Path) -> tuple[RecordedAnswer, ...]:
    """The rows, in file order. Raises HarnessError with file and line at the first that is broken, no answer, or stands there twice."""
    found: dict[tuple[str, str, int], RecordedAnswer] = {}
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            row = convert_row(value_of(line, path, number), f"{path}:{number}")
            recorded = to_recorded_answer(row, path, number)
            earlier = found.setdefault((row.id, row.model, row.sample), recorded)
            if earlier is not recorded:
                told = f"sample {row.sample} of {row.id[:60]!r} stands in {earlier.place} already"
                raise HarnessError(told, where=f"{path}:{number}", mend='Number several answers to one id: "sample": 1, "sample": 2')
    return tuple(found.values())


def convert_row(data: Any, where: str) -> Row:
    unknown = sorted(data.keys() - set(COLUMNS)) if isinstance(data, dict) else []
    if unknown:
        missing = [name for name in COLUMNS if name not in data]
        raise HarnessError(f"unknown key {unknown[0]!r}", where=where, mend=f"{nearest(unknown[0], missing)} {FORM}")
    try:
        return msgspec.convert(data, Row)
    except msgspec.ValidationError as error:
        raise HarnessError(f"not an answer: {error}", where=where, mend=FORM) from None


def to_recorded_answer(row: Row, path: Path, number: int) -> RecordedAnswer:
    """The row with its status: a blank answer is empty, and an error has its message where errors stand."""
    where, status = f"{path}:{number}", decide_status(row.answer, row.status)
    if status in ANSWERED and client_error(row.answer):
        what = f"a client's error stands there as an answer: {' '.join(row.answer.split())[:60]!r}"
        raise HarnessError(what, where=where, mend='Give it "status": "error"', code="M312")
    if row.status == "empty" and not is_blank(row.answer):
        raise HarnessError("the status is 'empty', and there is an answer", where=where, mend="Leave the status out", code="M312")
    error = " ".join(row.answer.split())[:LONGEST] or "no message" if status == "error" else ""
    answer = Answer(status=status, text="" if status in ("error", "empty") else row.answer, model=row.model, usd=0.0, cached=True, error=error)
    return RecordedAnswer(key=row.id, replicate=row.sample - 1, model=row.model, place=f"line {number}", answer=answer)
