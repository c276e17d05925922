"""Answers that are templates are told from answers of models."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.domains.convergence import bracketed_share, distinct_share, find_placeholders


def test_a_few_templates_over_many_rows_are_placeholders() -> None:
    """690 rows of 45 texts."""
    texts = [f"Answer {number % 45} of the model." for number in range(690)]
    assert distinct_share(texts) == 45 / 690 and "690 answers are 45 distinct texts" in find_placeholders(texts)


@pytest.mark.parametrize(
    "template", ["[Response of model {0} to the question]", "Dear {{name}}, number {0}", "<topic> is a topic, says {0}", "{{{{answer}}}} {0}"]
)
def test_brackets_to_be_filled_in_are_placeholders(template: str) -> None:
    texts = [template.format(number) for number in range(50)]
    assert bracketed_share(texts) == 1 and "brackets to be filled in" in find_placeholders(texts)


def test_code_links_and_references_are_no_brackets() -> None:
    texts = ["See [the page](https://example.org).", "As shown in [1] and [12].", 'Return {"answer": 3}.', "x < y and y > z", "for a[0] in b: pass"]
    assert bracketed_share(texts) == 0 and not find_placeholders(texts)


def test_real_answers_of_models_pass(shared: Path) -> None:
    rows = json.loads((shared / "data/convergence/level1_results_20250817_231441.json").read_text())["responses"]
    texts = [row["response_text"] for row in rows if row["response_text"] and not row["response_text"].startswith("ERROR")]
    assert len(texts) == 410 and not find_placeholders(texts)
