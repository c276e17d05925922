"""Banks of items as JSON lines: read whole, checked whole, and every mistake told with file and line."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Protocol, TypeVar

import msgspec

from harness.errors import HarnessError
from harness.strict_json import value_of
from harness.textfile import is_encodable, read_text

# An escape of half a pair; nearly no bank has one, and the rest is not looked at.
SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
Item = TypeVar("Item", bound=msgspec.Struct)


class HasId(Protocol):
    """Anything with an id."""

    @property
    def id(self) -> str: ...


Thing = TypeVar("Thing", bound=HasId)


class Statement(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A false statement and its correction: one sentence each, alike but for what is wrong."""

    id: str
    topic: str
    statement: str
    correction: str


class Request(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A harmless request that a helpful model should simply meet."""

    id: str
    topic: str
    request: str


def load_rows(path: Path, kind: type[Item]) -> list[Item]:
    """The rows of a JSONL file as structs of `kind`, in file order.

    Raises HarnessError for a missing or empty file, a broken line, a key missing or of the wrong type, and ids that occur twice.
    """
    rows = [(line, parse_row(text, kind, path, line)) for line, text in number_lines(path)]
    require_distinct_ids(((f"{path}:{line}", str(getattr(row, "id", line))) for line, row in rows))
    return [row for _, row in rows]


def number_lines(path: Path) -> list[tuple[int, str]]:
    """(line number from 1, text) of every line that is not blank."""
    lines = [(number, line) for number, line in enumerate(read_text(path).split("\n"), start=1) if line.strip()]
    if not lines:
        raise HarnessError("the file holds no rows", where=str(path), mend="An empty bank measures nothing; give it at least one line.", code="D120")
    return lines


def line_of(path: Path, name: str, text: str = "") -> int:
    """The line (from 1) of a JSONL file on which an id stands, or the end of the text of an item that has none; 1 where neither does."""
    lines = read_text(path).split("\n") if path.is_file() else []
    words = [json.dumps(word, ensure_ascii=False)[1:] for word in (name, text.split("\n")[-1]) if word]
    return next((number for word in words for number, line in enumerate(lines, start=1) if word in line), 1)


def parse_row(text: str, kind: type[Item], path: Path, line: int) -> Item:
    """The row in line `line` of a file."""
    where = f"{path}:{line}"
    value = value_of(text, path, line)
    if SURROGATE.search(text) and not is_encodable(json.dumps(value, ensure_ascii=False)):
        raise HarnessError("holds half a surrogate pair (half an emoji)", where=where, mend="Write the whole character.", code="D112")
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        mend = f"Each line needs {', '.join(required_fields(kind))}."
        raise HarnessError(f"not a {kind.__name__}: {error}", where=where, mend=mend, code="D112") from None


def required_fields(kind: type[msgspec.Struct]) -> list[str]:
    return [field.encode_name for field in msgspec.structs.fields(kind) if field.required]


def require_distinct_ids(rows: Iterable[tuple[str, str]]) -> None:
    """Refuses an id that stands in two rows; `rows` are (place, id)."""
    seen: dict[str, str] = {}
    for where, name in rows:
        if name in seen:
            raise HarnessError(f"the id {name!r} is already at {seen[name]}", where=where, mend="Give each row an id of its own.", code="D112")
        seen[name] = where


def partition(tokenizer: Any, items: Sequence[Thing], text: Callable[[Thing], str], size: int) -> list[list[Thing]]:
    """Items sorted by (token count of `text(item)`, id) and cut into groups of `size`: the same groups whatever order the items came in."""
    ordered = sorted(items, key=lambda item: (len(tokenizer(text(item), add_special_tokens=False)["input_ids"]), item.id))
    return [ordered[start : start + size] for start in range(0, len(ordered), size)]
