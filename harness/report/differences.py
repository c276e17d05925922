"""What differs between a stored tree of values and a recomputed one, by the address of each value."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from harness.records import Record
from harness.report.addresses import escape_segment, handles
from harness.report.escape import one_line

ABSENT = "absent"
LONGEST = 120  # characters of a value on the terminal


class Difference(Record, frozen=True, kw_only=True):
    """A value that is stored otherwise than it is recomputed, as JSON text on either side."""

    address: str
    stored: str
    recomputed: str

    def line(self) -> str:
        """One line for the terminal, long values cut, control characters made visible."""
        return one_line(f"{self.address}: stored {shorten_text(self.stored)}, recomputed {shorten_text(self.recomputed)}")


def shorten_text(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def differences(stored: Any, recomputed: Any, at: str = "") -> Iterator[Difference]:
    """Every difference of two JSON values; things of a list are compared by id or name, and a changed order is a difference of its own."""
    if isinstance(stored, dict) and isinstance(recomputed, dict):
        yield from members(stored, recomputed, at)
    elif isinstance(stored, list) and isinstance(recomputed, list):
        one, two = index_by_name(stored), index_by_name(recomputed)
        if list(one) != list(two) and sorted(one) == sorted(two):
            yield Difference(address=at, stored=f"in the order {', '.join(one)}", recomputed=f"in the order {', '.join(two)}")
        yield from members(one, two, at)
    elif not is_equal(stored, recomputed):
        yield Difference(address=at, stored=text_of(stored), recomputed=text_of(recomputed))


def members(stored: dict[str, Any], recomputed: dict[str, Any], at: str) -> Iterator[Difference]:
    for name in dict.fromkeys([*recomputed, *stored]):
        where = f"{at}/{escape_segment(name)}" if at else escape_segment(name)
        if name in stored and name in recomputed:
            yield from differences(stored[name], recomputed[name], where)
        else:
            texts = [text_of(tree[name]) if name in tree else ABSENT for tree in (stored, recomputed)]
            yield Difference(address=where, stored=texts[0], recomputed=texts[1])


def index_by_name(items: list[Any]) -> dict[str, Any]:
    """The things of a list by id, name or index; by index alone where an id reads like another's index."""
    found = dict(zip(handles(items), items, strict=True))
    return found if len(found) == len(items) else {str(place): item for place, item in enumerate(items)}


def is_equal(one: Any, two: Any) -> bool:
    """Equal as JSON: 1 and 1.0 are one number, true is none."""
    return type(one) is type(two) and one == two if isinstance(one, bool) or isinstance(two, bool) else bool(one == two)


def text_of(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)
