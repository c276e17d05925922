"""The project's own banks: what trains, what judges learn from and what is evaluated are different items, and every row has the form that it should."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.judges.labelled import load_labelled, split
from harness.measures.similar_texts import normal

BANKS = Path(__file__).parents[3] / "banks"
ASKED = ("question", "statement", "request", "prompt")
EVALUATED = ("multiple_choice", "false_statements", "benign_requests", "open_questions")


def asked(name: str) -> list[str]:
    """What every row of a bank asks, normalised."""
    rows = [json.loads(line) for line in (BANKS / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()]
    return [normal(next(row[key] for key in ASKED if key in row)) for row in rows]


@pytest.mark.parametrize("name", [f"{folder}/{path.stem}" for folder in ("training", "judged") for path in sorted((BANKS / folder).glob("*.jsonl"))])
def test_nothing_is_both_taught_and_evaluated(name: str) -> None:
    """No prompt that trains a model or a judge is also evaluated, whatever its case and punctuation; convergence prompts included."""
    evaluated = {text for bank in EVALUATED for text in asked(bank)}
    assert not evaluated & set(asked(name))


def test_judges_do_not_learn_from_what_trains_a_model() -> None:
    """A judge that knew the training prompts would know the adapters by them."""
    trained = {text for path in (BANKS / "training").glob("*.jsonl") for text in asked(f"training/{path.stem}")}
    judged = {text for path in (BANKS / "judged").glob("*.jsonl") for text in asked(f"judged/{path.stem}")}
    assert trained and judged and not trained & judged


@pytest.mark.parametrize("behaviour", ["refusal", "sycophancy", "alignment"])
def test_a_judge_has_enough_of_both_labels(behaviour: str) -> None:
    """At least 150 labelled answers a behaviour, and 40 of each label held out for the calibration."""
    rows = load_labelled(BANKS / "judged" / f"{behaviour}.jsonl")
    _, held_out = split(rows, behaviour)
    assert len([row for row in rows if row.shown is not None]) >= 150
    assert min(sum(row.shown is label for row in held_out) for label in (True, False)) >= 40
