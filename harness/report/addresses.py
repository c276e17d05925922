"""Where a value stands in results.json: `cells/H1[villain-capability]/measurements/shift/value`.

Segments are separated by "/"; inside a segment "~" is written "~0" and "/" is written "~1", as in JSON Pointer (RFC 6901). A thing in a list is
addressed by its `id` or `name` where that is unique in the list, otherwise by its index: ids survive a reordering, indices do not. The last segment may
count: `cells/#` is the number of cells, `cells/#verdict=blocked` the number of those whose verdict is "blocked".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from harness.errors import HarnessError

COUNT = "#"


def escape_segment(segment: str) -> str:
    """One segment, safe to stand between slashes."""
    return segment.replace("~", "~0").replace("/", "~1")


def unescape_segment(segment: str) -> str:
    """The reverse of `escaped`."""
    return segment.replace("~1", "/").replace("~0", "~")


def address(*segments: object) -> str:
    """The address made of raw segments."""
    return "/".join(escape_segment(str(segment)) for segment in segments)


def below(base: str, *segments: object) -> str:
    """The address of something inside `base`, which is an address already."""
    return "/".join([base, *(escape_segment(str(segment)) for segment in segments)])


def label(item: Any) -> str | None:
    """The id or name of a thing in a list, or None where it has neither."""
    if not isinstance(item, dict):
        return None
    found = item.get("id") or item.get("name")
    return found if isinstance(found, str) else None


def handles(items: list[Any]) -> list[str]:
    """One segment for each thing in a list: its label where that is unique, its index otherwise."""
    labels = [label(item) for item in items]
    seen = Counter(labels)
    return [text if text is not None and seen[text] == 1 else str(place) for place, text in enumerate(labels)]


class Lookup:
    """Finds values in one tree, which must not change meanwhile: each list is indexed once, so that a long report stays quick."""

    def __init__(self, tree: Any) -> None:
        self.tree = tree
        self._indices: dict[int, dict[str, list[Any]]] = {}

    def at(self, where: str) -> Any:
        """The value at an address. Raises HarnessError where nothing, or more than one thing, stands there."""
        here = self.tree
        for segment in where.split("/"):
            here = self._step(here, unescape_segment(segment), where)
        return here

    def _step(self, here: Any, segment: str, where: str) -> Any:
        if isinstance(here, dict) and segment in here:
            return here[segment]
        if isinstance(here, (dict, list)) and segment.startswith(COUNT):
            return _count(here, segment[len(COUNT) :])
        if isinstance(here, list):
            return self._member(here, segment, where)
        mend = "Every number of the report needs an address that resolves."
        raise HarnessError(f"no value stands at {segment!r}", where=f"results.json address {where!r}", mend=mend)

    def _member(self, here: list[Any], segment: str, where: str) -> Any:
        found = self._index(here).get(segment, [])
        if len(found) == 1:
            return found[0]
        if not found and segment.isdecimal() and int(segment) < len(here):
            return here[int(segment)]
        problem = f"{len(found)} things are called {segment!r}" if found else f"nothing is called {segment!r}"
        raise HarnessError(problem, where=f"results.json address {where!r}", mend="Use a unique id or name, or the index.")

    def _index(self, here: list[Any]) -> dict[str, list[Any]]:
        if id(here) not in self._indices:
            index: dict[str, list[Any]] = {}
            for name, item in ((label(item), item) for item in here):
                if name is not None:
                    index.setdefault(name, []).append(item)
            self._indices[id(here)] = index
        return self._indices[id(here)]


def value_at(tree: Any, where: str) -> Any:
    """One look into a tree. Raises HarnessError where nothing, or more than one thing, stands at the address."""
    return Lookup(tree).at(where)


def parent(where: str) -> str:
    """The address one level up ("" at the top)."""
    return where.rpartition("/")[0]


def last_segment(where: str) -> str:
    """The last segment, unescaped."""
    return unescape_segment(where.rpartition("/")[2])


def leaves(tree: Any, base: str = "") -> Iterator[tuple[str, Any]]:
    """Every (address, scalar) of a tree, in order."""
    if isinstance(tree, dict):
        pairs = [(escape_segment(str(key)), value) for key, value in tree.items()]
    elif isinstance(tree, list):
        pairs = [(escape_segment(handle), value) for handle, value in zip(handles(tree), tree, strict=True)]
    else:
        yield base, tree
        return
    for segment, value in pairs:
        yield from leaves(value, f"{base}/{segment}" if base else segment)


def _count(here: dict[str, Any] | list[Any], condition: str) -> int:
    if not condition:
        return len(here)
    field, _, wanted = condition.partition("=")
    return sum(1 for item in (here.values() if isinstance(here, dict) else here) if isinstance(item, dict) and str(item.get(field)) == wanted)
