"""YAML files that know on which line everything stands, so that a mistake can be shown where it was made."""

from __future__ import annotations

from collections.abc import Hashable
from pathlib import Path
from typing import Any

import yaml

from harness.errors import HarnessError

Place = tuple[str | int, ...]
# What `<<: *name` brings in; the mapping's own keys go before it.
MERGE = "tag:yaml.org,2002:merge"
# The safe loader in C where PyYAML was built with it: collecting reads these files every time.
LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class YamlFile:
    """The plain values of a YAML file (`data`) and the line (from 1) of each key and list item."""

    def __init__(self, path: Path) -> None:
        self.path = path
        text = read_text(path)
        self.lines: dict[Place, int] = {}
        try:
            loader = LOADER(text)
            node = loader.get_single_node()
            self._walk(node, ())  # before the values are made: that writes merged keys (<<) beside the mapping's own
            self.data: Any = loader.construct_document(node) if node is not None else None
        except yaml.YAMLError as error:
            raise HarnessError(yaml_problem(error), where=self._problem_line(error), mend="Correct the YAML there (indentation, colon, quotes)") from None
        except RecursionError:
            raise HarnessError("an anchor contains itself", where=str(path), mend="Write the value out") from None

    def where(self, *place: str | int) -> str:
        """`path:line` of the innermost part of `place` that stands in the file."""
        while place and place not in self.lines:
            place = place[:-1]
        return f"{self.path}:{self.lines.get(place, 1)}"

    def _problem_line(self, error: yaml.YAMLError) -> str:
        mark = getattr(error, "problem_mark", None)
        return f"{self.path}:{mark.line + 1}" if mark else str(self.path)

    def _walk(self, node: yaml.Node | None, place: Place) -> None:
        if isinstance(node, yaml.MappingNode):
            seen: set[Hashable] = set()
            for key, value in node.value:
                if key.tag == MERGE:
                    self._walk(value, place)
                    continue
                here = (*place, key.value)
                if key.value in seen:
                    raise HarnessError(f"the key {key.value!r} stands twice", where=f"{self.path}:{key.start_mark.line + 1}", mend="Keep one of them")
                seen.add(key.value)
                self.lines[here] = key.start_mark.line + 1
                self._walk(value, here)
        elif isinstance(node, yaml.SequenceNode):
            for index, value in enumerate(node.value):
                self.lines[(*place, index)] = value.start_mark.line + 1
                self._walk(value, (*place, index))


def read_text(path: Path) -> str:
    """The file's text, or one clear line."""
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise HarnessError("no such file", where=str(path), mend="Create it or correct the name") from None
    except (OSError, UnicodeDecodeError) as error:
        raise HarnessError(f"cannot be read as UTF-8 text: {error}", where=str(path), mend="Save it as UTF-8") from None


def yaml_problem(error: yaml.YAMLError) -> str:
    return "is not valid YAML: " + str(getattr(error, "problem", None) or error).split("\n")[0]
