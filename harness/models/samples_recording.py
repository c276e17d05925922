"""Our own samples files as recordings: sealed JSON lines of the measure "responses", as a run keeps them under `samples/`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import msgspec

from harness.appendlog import SEAL, SEAL_DIGITS
from harness.errors import HarnessError, nearest
from harness.fingerprint import fingerprint
from harness.models.provider import Answer
from harness.models.recording import RecordedAnswer, client_error
from harness.models.status import ANSWERED, decide_status, is_blank
from harness.strict_json import value_of


class Row(Answer, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A line: an answer with the task's id, the replicate, the user's last turn, and the whole conversation where it had more."""

    item: str
    prompt: str
    replicate: Annotated[int, msgspec.Meta(ge=0)]
    messages: list[dict[str, str]] | None = None


REQUIRED = ("item", "replicate", "prompt", "text", "status")
COLUMNS = frozenset(field.name for field in msgspec.structs.fields(Row))
ANSWER = tuple(field.name for field in msgspec.structs.fields(Answer))
AGAIN = 'Copy the file again. Answers of your own need no seal: a line is {"id": …, "answer": …}.'


def read_rows(text: str, path: Path) -> tuple[RecordedAnswer, ...]:
    """The rows, in file order. Raises HarnessError with file and line at the first that is torn, altered, incomplete or no answer."""
    return tuple(to_recorded_answer(line, path, number) for number, line in enumerate(text.split("\n"), start=1) if line.strip())


def to_recorded_answer(line: str, path: Path, number: int) -> RecordedAnswer:
    where = f"{path}:{number}"
    data = value_of(line, path, number)
    if not isinstance(data, dict):
        raise HarnessError("a row is a JSON object", where=where, mend=AGAIN)
    seal = data.pop(SEAL, None)
    columns(data, where)
    require_unaltered(data, seal, where)
    row = convert_row(data, where)
    fault = wrong(row)
    if fault:
        raise HarnessError(fault[0], where=where, mend=fault[1], code="M312")
    # Earlier versions called an answer without a word truncated where it ran into its bound.
    told = {"status": "empty", "text": ""} if decide_status(row.text, row.status) == "empty" else {}
    fields = {name: getattr(row, name) for name in ANSWER} | {"cached": True, "usd": 0.0} | told
    return RecordedAnswer(key=row.item, replicate=row.replicate, model=row.model, place=f"line {number}", answer=Answer(**fields))


def columns(data: dict[str, Any], where: str) -> None:
    """Refuses a row that lacks a column, or has one that nobody reads: under another name it would be lost without a word."""
    unknown = sorted(data.keys() - COLUMNS)
    missing = [name for name in REQUIRED if name not in data]
    if missing:
        mend = nearest(missing[0], unknown) if unknown else f"Each line needs {', '.join(REQUIRED)}; is this a samples file of another measure?"
        raise HarnessError(f"the column {missing[0]!r} is missing", where=where, mend=mend)
    if unknown:
        raise HarnessError(f"there is no column {unknown[0]!r}", where=where, mend=nearest(unknown[0], sorted(COLUMNS - data.keys())))


def require_unaltered(data: dict[str, Any], seal: object, where: str) -> None:
    if seal is None:
        raise HarnessError(f"the line has no seal ({SEAL!r})", where=where, mend=AGAIN)
    try:
        whole = fingerprint(data)[:SEAL_DIGITS] == seal
    except ValueError:  # 1e999 is read as an infinity, which no canonical JSON holds
        whole = False
    if not whole:
        raise HarnessError("the seal is broken: the line was altered after it was written", where=where, mend=AGAIN)


def convert_row(data: dict[str, Any], where: str) -> Row:
    try:
        return msgspec.convert(data, Row)
    except msgspec.ValidationError as error:
        raise HarnessError(f"not an answer: {error}", where=where, mend=AGAIN) from None


def wrong(row: Row) -> tuple[str, str] | None:
    """(what contradicts itself, the mend), or None."""
    if row.status in ANSWERED and client_error(row.text):
        return f"the status is {row.status!r}, and the text is a client's error: {' '.join(row.text.split())[:60]!r}", "Record it with status error."
    if row.status == "ok" and not row.text.strip():
        return "the status is 'ok', and the text is blank", "Record it with status empty."
    if row.status not in ANSWERED and not is_blank(row.text):
        return f"the status is {row.status!r}, and there is a text", "An error is never an answer: record it with text '' and the message under error."
    return None
