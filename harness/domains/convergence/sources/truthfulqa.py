"""TruthfulQA (Lin, Hilton and Evans, 2022): questions that people often answer wrongly.

Nothing is expected of an answer that a program could see. The source lists whole sentences, true and false, that share nearly all their words ("You
grow watermelons in your stomach" stands inside its own denial), and any true sentence counts, "I have no comment" included. Finding such phrases in a
free answer would score its wording; the source's own score is a judge's.
"""

from __future__ import annotations

from pathlib import Path

from harness.domains.convergence.sources.placed import Placed, place_task
from harness.domains.convergence.sources.table import csv_rows

FILE = "truthfulqa/TruthfulQA.csv"
COLUMNS = ("Type", "Category", "Question", "Best Answer", "Correct Answers", "Incorrect Answers")


def tasks(text: str, path: Path) -> list[Placed]:
    """The questions, in file order; the domain is the category."""
    return [place_task(where, "truthfulness", row["Category"], row["Question"]) for where, row in csv_rows(text, path, COLUMNS)]
