"""The JSON Schema of results.json (2020-12), composed of the records and of those of every section, and shipped beside this file, so that others can read
a run without us. Sections of domains that are installed later are in what `generated` returns, not in the file."""

from __future__ import annotations

import json
import sys
from importlib.resources import files
from typing import Any

import msgspec

from harness.extensions import sections
from harness.records import SCHEMA, Results

FILE = "results.schema.json"
DIALECT = "https://json-schema.org/draft/2020-12/schema"


def generate_schema() -> dict[str, Any]:
    """The schema as the records say it now."""
    records = {name: section.record for name, section in sections().items()}
    (results, *parts), definitions = msgspec.json.schema_components([Results, *records.values()], ref_template="#/$defs/{name}")
    by_section = {name: {"type": "object", "additionalProperties": part} for name, part in zip(records, parts, strict=True)}
    definitions["Results"]["properties"]["sections"] |= {"properties": by_section}
    return {"$schema": DIALECT, "$id": SCHEMA, "title": "Results of one run of a harness experiment", **results, "$defs": definitions}


def text() -> str:
    """The bytes that the shipped file must have."""
    return json.dumps(generate_schema(), indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def shipped() -> dict[str, Any]:
    """The schema that ships with the package."""
    schema: dict[str, Any] = json.loads(files("harness.report").joinpath(FILE).read_text(encoding="utf-8"))
    return schema


if __name__ == "__main__":  # python -m harness.report.schema > harness/report/results.schema.json
    sys.stdout.write(text())
