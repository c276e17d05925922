"""What a command found in files, as SARIF and as annotations of GitHub: one form for checks of designs and for reviews of texts."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal
from urllib.parse import quote

from harness.records import Record

SARIF = "https://json.schemastore.org/sarif-2.1.0.json"
Level = Literal["error", "warning", "note"]


class Annotation(Record, frozen=True, kw_only=True):
    """`line` and `column` count from 1, `end` is the column after the last character; 0 for none. `suppressed` is the reason why it is allowed."""

    code: str
    level: Level
    message: str
    file: str
    line: int = 0
    column: int = 0
    end: int = 0
    suppressed: str = ""


def to_sarif(
    tool: str, rules: Sequence[Mapping[str, Any]], annotations: Iterable[Annotation], invocation: Mapping[str, Any] = {"executionSuccessful": True}
) -> list[str]:
    """SARIF 2.1.0 with every rule in `tool.driver.rules`; what is allowed is a result with its justification under `suppressions`."""
    run = {
        "tool": {"driver": {"name": tool, "rules": rules}},
        "columnKind": "unicodeCodePoints",
        "invocations": [invocation],
        "results": [sarif_result(one) for one in annotations],
    }
    return json.dumps({"$schema": SARIF, "version": "2.1.0", "runs": [run]}, indent=1).splitlines()


def sarif_result(one: Annotation) -> dict[str, Any]:
    parts = {"startLine": one.line, "startColumn": one.column, "endColumn": one.end}
    region = {"region": {name: value for name, value in parts.items() if value}} if one.line else {}
    place = {"physicalLocation": {"artifactLocation": {"uri": quote(one.file)}, **region}}
    result = {"ruleId": one.code, "level": one.level, "message": {"text": one.message}, "locations": [place]}
    return result | ({"suppressions": [{"kind": "inSource", "justification": one.suppressed}]} if one.suppressed else {})


def to_github(annotations: Iterable[Annotation]) -> list[str]:
    """Workflow commands that GitHub shows as annotations of the changed lines."""
    return [github_line(one) for one in annotations if not one.suppressed]


def github_line(one: Annotation) -> str:
    columns = (f",col={one.column}" if one.column else "") + (f",endColumn={one.end}" if one.end else "")
    place = f"file={escape_property(one.file)},line={max(1, one.line)}{columns},title={escape_property(one.code)}"
    return f"::{'notice' if one.level == 'note' else one.level} {place}::{escape_data(one.message)}"


def escape_data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def escape_property(text: str) -> str:
    return escape_data(text).replace(":", "%3A").replace(",", "%2C")
