"""The JSON Schema of results.json (2020-12), generated from the records and shipped beside this file, so that others can read a run without us."""

from __future__ import annotations

import json
import sys
from importlib.resources import files
from typing import Any

import msgspec

from harness.records import SCHEMA, Results

FILE = "results.schema.json"
DIALECT = "https://json-schema.org/draft/2020-12/schema"


def generated() -> dict[str, Any]:
    """The schema as the records say it now."""
    schema = msgspec.json.schema(Results)
    return {"$schema": DIALECT, "$id": SCHEMA, "title": "Results of one run of a harness experiment", **schema}


def text() -> str:
    """The bytes that the shipped file must have."""
    return json.dumps(generated(), indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def shipped() -> dict[str, Any]:
    """The schema that ships with the package."""
    schema: dict[str, Any] = json.loads(files("harness.report").joinpath(FILE).read_text(encoding="utf-8"))
    return schema


if __name__ == "__main__":  # python -m harness.report.schema > harness/report/results.schema.json
    sys.stdout.write(text())
