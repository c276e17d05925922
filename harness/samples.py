"""Raw samples, gathered chunk by chunk so that a kill loses at most the chunk in flight.

A measure declares a fixed partition of its items into chunks that depends on the items alone. Chunks that are in the log are not computed again,
and one that is only partly there is computed whole: a resumed gathering gives the same bits as an undisturbed one.

In the log every row is marked with its chunk, the time at which the chunk's scoring began, and the log that it belongs to. The marks are sealed with the
row and stay in the log: the rows that are handed out are the same whenever they were measured.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from typing import Annotated, Any, NamedTuple, TypeVar

import msgspec

from harness.appendlog import SEAL, AppendLog
from harness.damage import note_damage, take_to_replace
from harness.errors import HarnessError
from harness.fingerprint import canonical

Item = TypeVar("Item")
Row = dict[str, Any]
CHUNK = "chunk"
UNKNOWN_TIME = 0.0  # of rows from before times were logged: older than any preregistration, since nobody can tell
LOG_DIGITS = 16
Count = Annotated[int, msgspec.Meta(ge=0)]


class Mark(NamedTuple):
    """Where a row belongs: the number of its chunk, its place among the chunk's `total` rows, when the chunk was measured, and in which log."""

    number: Count
    place: Count
    total: Count
    measured: Annotated[float, msgspec.Meta(ge=0)] = UNKNOWN_TIME
    log: str = ""


class Chunk(NamedTuple):
    """The rows of one chunk and when their scoring began (seconds since 1970)."""

    rows: list[Row]
    measured: float


def collect_samples(
    log: AppendLog,
    chunks: Sequence[Sequence[Item]],
    score: Callable[[Sequence[Item]], Sequence[Row]],
    tick: Callable[[int, int], None] | None = None,
    passing: AppendLog | None = None,
    dated: Callable[[float], None] | None = None,
) -> list[Row]:
    """The rows of all chunks in order; missing chunks are scored and appended. `tick(done, total)` is called before the first that is missing and after
    each, and `dated` at the end with the time at which the oldest of the chunks was measured.

    A chunk with an error in it is kept in `passing` alone, the log of one session: a later one asks again, so that no passing fault becomes a lasting
    result.
    """
    sizes = [len(chunk) for chunk in chunks]
    kept = (whole_chunks(passing, sizes) if passing else {}) | whole_chunks(log, sizes)
    if tick is not None and len(kept) < len(chunks):
        tick(len(kept), len(chunks))
    for number, chunk in enumerate(chunks):
        if number not in kept:
            began = round(time.time(), 3)
            kept[number] = Chunk(validate_rows(score(chunk), len(chunk)), began)
            append(passing if passing and is_error(kept[number].rows) else log, number, kept[number])
        if tick is not None:
            tick(number + 1, len(chunks))
    if dated is not None:
        dated(min((kept[number].measured for number in range(len(chunks))), default=time.time()))
    return [row for number in range(len(chunks)) for row in kept[number].rows]


def append(log: AppendLog, number: int, chunk: Chunk) -> None:
    """Adds a chunk to a log, its rows marked."""
    total = len(chunk.rows)
    log.append({**row, CHUNK: [number, place, total, chunk.measured, name_of(log)]} for place, row in enumerate(chunk.rows))


def name_of(log: AppendLog) -> str:
    """What rows say of the log they belong to, so that a log under another one's name is noticed."""
    return log.path.stem[:LOG_DIGITS]


def is_error(rows: Sequence[Row]) -> bool:
    """True where a row is an error, which may be an answer another time."""
    return any(row.get("status") == "error" for row in rows)


def validate_rows(rows: Sequence[Row], items: int) -> list[Row]:
    """The rows as they will be read back. Raises HarnessError for fewer rows than items or a field name that the log needs for itself."""
    if not isinstance(rows, list | tuple) or not all(isinstance(row, dict) for row in rows):
        raise HarnessError(f"a measure's score() gave {type(rows).__name__}, not a list of rows", mend='Return one mapping for each item: {"item": …, …}')
    if len(rows) < items:
        raise HarnessError(f"a measure gave {len(rows)} rows for {items} items", mend="Give every item a row; one without an answer has its status")
    for row in rows:
        if CHUNK in row or SEAL in row:
            raise HarnessError(f"a row has the field {CHUNK if CHUNK in row else SEAL!r}, which the log keeps for itself", mend="Name the field otherwise")
    try:
        plain: list[Row] = json.loads(canonical(list(rows)))
    except (TypeError, ValueError) as error:
        raise HarnessError(f"a row of a measure cannot be written: {error}", mend="Give text, finite numbers, truth values, lists and mappings") from None
    return plain


def whole_chunks(log: AppendLog, sizes: Sequence[int]) -> dict[int, Chunk]:
    """Chunk number to chunk, for those of which every row is in the log and intact. A log with altered lines is moved aside and those chunks written anew."""
    parts: dict[tuple[int, float], dict[int, Row]] = {}
    totals: dict[tuple[int, float], int] = {}
    for row in log.scan().rows:
        mark = mark_of(row.pop(CHUNK, None), log)
        if mark is None:
            note_damage(log.path, "a line that does not belong there")
        else:  # one scoring of a chunk is not mixed with another, that a kill cut short
            parts.setdefault((mark.number, mark.measured), {})[mark.place] = row
            totals[mark.number, mark.measured] = mark.total
    if any(sorted(places) != list(range(len(places))) for places in parts.values()):
        note_damage(log.path, "lines are missing")  # a kill takes the last rows of a chunk, never the first
    whole = {
        number: Chunk([rows[place] for place in range(len(rows))], measured)
        for (number, measured), rows in parts.items()
        if number < len(sizes) and sorted(rows) == list(range(totals[number, measured])) and len(rows) >= sizes[number]
    }
    if log.aside is not None and take_to_replace(log.path):
        log.set_aside(log.aside)
        for number, chunk in whole.items():
            append(log, number, chunk)
    return whole


def mark_of(mark: Any, log: AppendLog) -> Mark | None:
    """The mark of a row of this log; None where it has none, or that of another log."""
    try:
        found = msgspec.convert(mark, Mark)
    except msgspec.ValidationError:
        return None
    return found if found.place < found.total and found.log in ("", name_of(log)) else None
