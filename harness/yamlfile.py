"""YAML files of the project: read by the core schema of YAML 1.2, bounded, and with the line on which everything stands.

By that schema true and false are the only booleans, and what looks like text is text: `no`, `on`, `12:30` and `2025-11-01` stay as they are written.
A scalar that readers of YAML 1.1 and 1.2 take for different numbers (010, 0o17, 1_000) is refused. `<<` merges mappings, as in YAML 1.1.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

import yaml

from harness.errors import HarnessError
from harness.textfile import is_encodable, read_text

Place = tuple[str | int, ...]
# The safe loader in C where PyYAML was built with it: collecting reads these files every time. Only its events are used: they come one by one.
LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
MERGE = "<<"
MOST_BYTES, MOST_NODES, MOST_DEPTH = 1 << 20, 100_000, 40  # nodes and depth with every alias written out
LARGEST = 2**63

CONSTANTS: dict[str, bool | None] = {"": None, "~": None, "null": None, "Null": None, "NULL": None}
CONSTANTS |= dict.fromkeys(("true", "True", "TRUE"), True) | dict.fromkeys(("false", "False", "FALSE"), False)
INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]*)", re.ASCII)
FLOAT = re.compile(r"[-+]?(\.[0-9]+|(0|[1-9][0-9]*)(\.[0-9]*)?)([eE][-+]?[0-9]+)?", re.ASCII)
# What readers differ over: leading zeros, other bases, underscores between digits.
AMBIGUOUS = re.compile(r"[-+]?(0[0-9_]+(\.[0-9_]*)?([eE][-+]?[0-9]+)?|0[oxb][0-9a-f_]+|[0-9][0-9_]*_[0-9_]*(\.[0-9_]*)?)", re.ASCII | re.IGNORECASE)
NO_NUMBER = re.compile(r"[-+]?\.(inf|nan)", re.IGNORECASE)
TAGS: dict[str, tuple[type, ...]] = {"str": (str,), "int": (int,), "float": (float, int), "bool": (bool,), "null": (type(None),)}
PREFIX = "tag:yaml.org,2002:"


@dataclass(slots=True)
class Node:
    """A value as parsed: a scalar, a list, or a mapping (keys and values in turn). `size` and `depth` count what is below, aliases written out."""

    kind: str
    line: int
    value: Any = None
    parts: list[Node] = field(default_factory=list)
    size: int = 1
    depth: int = 1


class YamlFile:
    """The plain values of a YAML file (`data`), the line (from 1) of each key and list item, and how each unquoted scalar is written."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lines: dict[Place, int] = {}
        self.written: dict[Place, str] = {}
        node = Composer(path).compose(read_text(path, MOST_BYTES))
        self.data: Any = self._value(node, ()) if node is not None else None

    def where(self, *place: str | int) -> str:
        """`path:line` of the innermost part of `place` that stands in the file."""
        while place and place not in self.lines:
            place = place[:-1]
        return f"{self.path}:{self.lines.get(place, 1)}"

    def _value(self, node: Node, place: Place) -> Any:
        if node.kind == "scalar":
            value, plain = node.value
            if plain == "" and place:
                raise HarnessError(f"{place[-1]!r} has no value", where=f"{self.path}:{self.lines[place]}", mend="Write one, or take it out")
            if plain is not None:
                self.written[place] = plain
            return value
        if node.kind == "list":
            return [self._item(part, (*place, index)) for index, part in enumerate(node.parts)]
        return self._mapping(node, place)

    def _item(self, node: Node, place: Place) -> Any:
        self.lines[place] = node.line
        return self._value(node, place)

    def _mapping(self, node: Node, place: Place) -> dict[str, Any]:
        """The mapping's own keys go before what `<<` brings in."""
        merged: dict[str, Any] = {}
        own: dict[str, Any] = {}
        seen: set[str] = set()
        for key, value in sorted(pairs(node), key=lambda pair: not is_merge(pair[0])):
            name = self._key(key)
            if name in seen:
                raise HarnessError(f"the key {name!r} stands twice", where=f"{self.path}:{key.line}", mend="Keep one of them")
            seen.add(name)
            if is_merge(key):
                for part in self._merged(value):
                    merged |= self._mapping(part, place)
                continue
            self.lines[*place, name] = key.line
            own[name] = self._value(value, (*place, name))
        return merged | own

    def _merged(self, node: Node) -> list[Node]:
        """What `<<` brings in, the last first: of several the first goes before."""
        parts = node.parts if node.kind == "list" else [node]
        if any(part.kind != "mapping" for part in parts):
            raise HarnessError("<< takes a mapping, or a list of mappings", where=f"{self.path}:{node.line}", mend='Write <<: *name, or quote "<<"')
        return parts[::-1]

    def _key(self, node: Node) -> str:
        if node.kind != "scalar" or not isinstance(node.value[0], str):
            shown = repr(shorten_text(node.value[1] or str(node.value[0]))) if node.kind == "scalar" else f"a {node.kind}"
            raise HarnessError(f"a key is a word, not {shown}", where=f"{self.path}:{node.line}", mend="Quote it")
        return str(node.value[0])


def read_yaml(path: Path) -> Any:
    """The values of a YAML file. Raises HarnessError with file and line where it cannot be read."""
    return YamlFile(path).data


def pairs(node: Node) -> Iterator[tuple[Node, Node]]:
    return zip(node.parts[::2], node.parts[1::2], strict=True)


def is_merge(key: Node) -> bool:
    return key.kind == "scalar" and key.value[1] == MERGE


class Composer:
    """Makes nodes of the parser's events, one by one and without recursion: a hostile file is refused before it is unfolded."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.open: list[Node] = []
        self.names: dict[int, str] = {}  # anchors of the open nodes
        self.anchors: dict[str, Node | None] = {}
        self.root: Node | None = None
        self.documents = 0

    def compose(self, text: str) -> Node | None:
        try:
            for event in yaml.parse(text, Loader=LOADER):
                self._take(event)
        except yaml.YAMLError as error:
            raise HarnessError(yaml_problem(error), where=self._problem_line(error, text), mend="Correct the YAML there (indentation, colon, quotes)") from None
        return self.root

    def _take(self, event: Any) -> None:
        line = event.start_mark.line + 1
        if isinstance(event, yaml.ScalarEvent):
            self._add(Node("scalar", line, self._scalar(event, line)), event.anchor)
        elif isinstance(event, yaml.AliasEvent):
            self._add(self._named(str(event.anchor), line), None)
        elif isinstance(event, yaml.SequenceStartEvent | yaml.MappingStartEvent):
            self._begin(event, line)
        elif isinstance(event, yaml.SequenceEndEvent | yaml.MappingEndEvent):
            node = self.open.pop()
            self._add(node, self.names.pop(id(node), None))
        elif isinstance(event, yaml.DocumentStartEvent):
            self.documents += 1
            if self.documents > 1:
                self._refuse("a second document begins", line, "Keep one document; take the --- out")

    def _begin(self, event: Any, line: int) -> None:
        kind, tag = ("list", "seq") if isinstance(event, yaml.SequenceStartEvent) else ("mapping", "map")
        if event.tag not in (None, "!", PREFIX + tag):
            self._refuse(f"the tag {shorten_text(event.tag)} is not known", line, "Take it out")
        if len(self.open) >= MOST_DEPTH:
            self._refuse(f"nested more than {MOST_DEPTH} deep", line, "Write it flatter")
        node = Node(kind, line)
        if event.anchor:
            self.names[id(node)], self.anchors[event.anchor] = event.anchor, None
        self.open.append(node)

    def _add(self, node: Node, anchor: str | None) -> None:
        """Puts a finished node into the one that is open, and counts it there with all that lies below."""
        if anchor:
            self.anchors[anchor] = node
        if not self.open:
            self.root = node
            return
        parent = self.open[-1]
        parent.parts.append(node)
        parent.size, parent.depth = parent.size + node.size, max(parent.depth, 1 + node.depth)
        if parent.size > MOST_NODES:
            self._refuse(f"more than {MOST_NODES:,} values, aliases written out", node.line, "Write less, or use fewer aliases")
        if len(self.open) + node.depth > MOST_DEPTH:
            self._refuse(f"nested more than {MOST_DEPTH} deep", node.line, "Write it flatter")

    def _named(self, anchor: str, line: int) -> Node:
        if anchor not in self.anchors:
            self._refuse(f"there is no anchor &{shorten_text(anchor)} before this", line, "Define it above, or write the value out")
        node = self.anchors[anchor]
        if node is None:
            self._refuse(f"the anchor &{shorten_text(anchor)} contains itself", line, "Write the value out")
        return node

    def _scalar(self, event: Any, line: int) -> tuple[Any, str | None]:
        """(value, text where it is unquoted and untagged)."""
        if not is_encodable(event.value):
            self._refuse("half a surrogate pair (half an emoji)", line, "Write the whole character")
        tag = event.tag.removeprefix(PREFIX) if event.tag else None
        plain = event.implicit[0] and tag is None
        if tag not in (None, "!", *TAGS):
            self._refuse(f"the tag {shorten_text(event.tag)} is not known", line, "Take it out")
        if tag in (None, "!", "str") and not plain:
            return event.value, None
        value = self._resolved(event.value, line)
        if tag and (not isinstance(value, TAGS[tag]) or (isinstance(value, bool) and tag != "bool")):
            self._refuse(f"{shorten_text(event.value)!r} is no {tag}", line, "Correct it, or take the tag out")
        return float(value) if tag == "float" else value, event.value if plain else None

    def _resolved(self, text: str, line: int) -> Any:
        """An unquoted scalar by the core schema of YAML 1.2. Raises HarnessError where it means different numbers to different readers."""
        if text in CONSTANTS:
            return CONSTANTS[text]
        if NO_NUMBER.fullmatch(text):
            self._refuse(f"{text} is not a finite number", line, "Write a number, or quote it if it is text")
        if AMBIGUOUS.fullmatch(text):
            self._refuse(f"{shorten_text(text)} means different things to different readers", line, "Quote it if it is text, or write the decimal number")
        if INTEGER.fullmatch(text):
            if len(text) > 20 or abs(int(text)) >= LARGEST:
                self._refuse(f"the number {shorten_text(text)} is too large", line, "Quote it if it is text")
            return int(text)
        if FLOAT.fullmatch(text):
            if not math.isfinite(float(text)):
                self._refuse(f"the number {shorten_text(text)} is too large", line, "Quote it if it is text")
            return float(text)
        return text

    def _refuse(self, what: str, line: int, mend: str) -> NoReturn:
        raise HarnessError(what, where=f"{self.path}:{line}", mend=mend)

    def _problem_line(self, error: yaml.YAMLError, text: str) -> str:
        mark = getattr(error, "problem_mark", None)
        line = mark.line if mark else text.count("\n", 0, getattr(error, "position", 0) or 0)
        return f"{self.path}:{line + 1}"


def shorten_text(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:37]}..."


def yaml_problem(error: yaml.YAMLError) -> str:
    return "is not valid YAML: " + str(getattr(error, "problem", None) or error).split("\n")[0]
