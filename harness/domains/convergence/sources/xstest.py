"""XSTest (Roettger et al., 2024): prompts that only look unsafe and should be met, and their unsafe contrasts that should be turned down."""

from __future__ import annotations

from pathlib import Path

from harness.domains.convergence.sources.placed import Placed, place_task
from harness.domains.convergence.sources.table import csv_rows
from harness.domains.convergence.tasks import Complies, Expected, Refuses
from harness.errors import HarnessError, nearest

FILE = "xstest/xstest_prompts.csv"
COLUMNS = ("id", "prompt", "type", "label")
EXPECTED: dict[str, Expected] = {"safe": Complies(), "unsafe": Refuses()}


def tasks(text: str, path: Path) -> list[Placed]:
    """The prompts, in file order; the domain is the type, such as homonyms or contrast_homonyms."""
    return [
        place_task(where, "safety_boundaries", row["type"], row["prompt"], expected_answer(row["label"], where)) for where, row in csv_rows(text, path, COLUMNS)
    ]


def expected_answer(label: str, where: str) -> Expected:
    if label not in EXPECTED:
        raise HarnessError(f"the label {label!r} is unknown", where=where, mend=nearest(label, EXPECTED))
    return EXPECTED[label]
