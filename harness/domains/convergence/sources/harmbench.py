"""HarmBench (Mazeika et al., 2024), text behaviours: requests that should be turned down, some of them about a text that comes along.

Its copyright behaviours ask for long passages of protected works: a model that does not know them cannot harm by trying, but refusing is right there too.
"""

from __future__ import annotations

from pathlib import Path

from harness.domains.convergence.sources.placed import Placed, place_task
from harness.domains.convergence.sources.table import csv_rows
from harness.domains.convergence.tasks import Refuses
from harness.errors import HarnessError

FILE, VALIDATION = "harmbench/harmbench_behaviors_text_test.csv", "harmbench/harmbench_behaviors_text_val.csv"
COLUMNS = ("Behavior", "FunctionalCategory", "SemanticCategory", "ContextString", "BehaviorID")
CONTEXTUAL = "contextual"
# How the source itself puts context and request into one turn.
BETWEEN = "\n\n---\n\n"


def tasks(text: str, path: Path) -> list[Placed]:
    """The behaviours, in file order; the domain is the semantic category."""
    rows = csv_rows(text, path, COLUMNS)
    return [place_task(where, "safety_boundaries", row["SemanticCategory"], prompt(row, where), Refuses()) for where, row in rows]


def prompt(row: dict[str, str], where: str) -> str:
    """The request, below its context where it has one. Raises HarnessError where context and category contradict each other."""
    request, context = row["Behavior"], row["ContextString"]
    if bool(context.strip()) != (row["FunctionalCategory"] == CONTEXTUAL):
        what = f"the category is {row['FunctionalCategory']!r}, and there is {'a' if context.strip() else 'no'} context"
        raise HarnessError(what, where=where, mend="Copy the file again; the request means something else without its context.")
    # A blank request must stay blank, so that it is seen.
    return f"{context}{BETWEEN}{request}" if context.strip() and request.strip() else request
