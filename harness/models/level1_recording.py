"""The public Level-1 results of stchakwdev/model_convergence as a recording: one JSON document, many models, 30 prompts asked once each.

Errors stand there as answers, "ERROR: ..."; here they are errors. Whether an answer ran into its bound on tokens is not stated, so none is "truncated".
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any

import msgspec

from harness.errors import HarnessError, nearest
from harness.models.provider import LONGEST, Answer
from harness.models.recording import RecordedAnswer, client_error
from harness.models.status import is_blank
from harness.strict_json import value_of

ROWS = "responses"
# Inside a string the quotes would be escaped, so no answer can look like the key. A document that is written over several lines is no JSON lines.
DOCUMENT = re.compile(rf'"{ROWS}"\s*:\s*\[|\A\s*\{{\s*\n')
ERROR = "ERROR:"
# Bounded, since 1e999 is read as an infinity.
Amount = Annotated[float, msgspec.Meta(ge=0, le=1e12)]


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One answer: `processing_time` in seconds, `api_cost` in US dollars."""

    model_id: Annotated[str, msgspec.Meta(min_length=1)]
    capability: str
    prompt_text: Annotated[str, msgspec.Meta(min_length=1)]
    response_text: str
    api_cost: Amount
    processing_time: Amount


COLUMNS = tuple(field.name for field in msgspec.structs.fields(Row))


def is_level1(text: str) -> bool:
    return DOCUMENT.search(text) is not None


def read_rows(text: str, path: Path) -> tuple[RecordedAnswer, ...]:
    """The rows, in file order. Raises HarnessError with the row's number at the first mistake."""
    return tuple(to_recorded_answer(row, f"{ROWS}[{number}]", path) for number, row in enumerate(rows_of(text, path)))


def rows_of(text: str, path: Path) -> list[Row]:
    """All rows, checked. Raises HarnessError for a document without them."""
    data = value_of(text, path)
    if not isinstance(data, dict) or ROWS not in data:
        raise HarnessError(f"the document has no {ROWS!r}", where=str(path), mend=nearest(ROWS, data if isinstance(data, dict) else ()))
    if not isinstance(data[ROWS], list) or not data[ROWS]:
        raise HarnessError(f"{ROWS!r} holds no rows", where=str(path), mend="A recording has at least one answer.")
    return [convert_row(row, f"{path}: {ROWS}[{number}]") for number, row in enumerate(data[ROWS])]


def convert_row(data: Any, where: str) -> Row:
    missing = [name for name in COLUMNS if not isinstance(data, dict) or name not in data]
    if missing:
        others = sorted(set(data) - set(COLUMNS)) if isinstance(data, dict) else []
        mend = nearest(missing[0], others) if others else f"Each row needs {', '.join(COLUMNS)}."
        raise HarnessError(f"the column {missing[0]!r} is missing", where=where, mend=mend)
    try:
        return msgspec.convert(data, Row)
    except msgspec.ValidationError as error:
        raise HarnessError(f"not an answer: {error}", where=where, mend=f"Each row needs {', '.join(COLUMNS)}.") from None


def to_recorded_answer(row: Row, place: str, path: Path) -> RecordedAnswer:
    """The row with its status: an error's text is moved to where errors stand."""
    text = row.response_text
    answer = Answer(status="ok", text=text, model=row.model_id, usd=0.0, latency_s=row.processing_time, cached=True)
    if text.lstrip().startswith(ERROR):
        error = " ".join(text.lstrip().removeprefix(ERROR).split())[:LONGEST]
        answer = msgspec.structs.replace(answer, status="error", text="", error=error or "no message")
    elif client_error(text):
        what = f"a client's error stands there as an answer: {' '.join(text.split())[:60]!r}"
        raise HarnessError(what, where=f"{path}: {place}", mend=f"Write {ERROR} before it, as this form marks errors.", code="M312")
    elif is_blank(text):
        answer = msgspec.structs.replace(answer, status="empty", text="")
    return RecordedAnswer(key=row.prompt_text, model=row.model_id, place=place, answer=answer)
