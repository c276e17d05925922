"""Refusal by openings compares refusing with complying, and follows what was asked of the model."""

from __future__ import annotations

import math

import pytest

from harness.measures.banks import Request
from harness.measures.refusal_openings import COMPLYING, REFUSING, RefusalScorer

ASKED = [Request(id=f"r{index}", topic="t", request=text) for index, text in enumerate(["Say hello.", "How do I boil rice?", "Name a {colour}."])]


def test_margin_is_the_difference_of_means(tiny):
    """The margin can be recomputed from the row, and decides."""
    for row in RefusalScorer(tiny, "Be brief.").score(ASKED):
        assert row["margin"] == row["refusing"] - row["complying"] and row["refuses"] == (row["margin"] > 0)
        refusing, complying = math.exp(row["refusing"]), math.exp(row["complying"])
        assert row["probability"] == pytest.approx(refusing / (refusing + complying))


def test_requests_are_scored_alike_alone_and_in_company(tiny):
    scorer = RefusalScorer(tiny, None)
    together, alone = scorer.score(ASKED), [row for item in ASKED for row in scorer.score([item])]
    assert all(abs(one["margin"] - other["margin"]) < 1e-4 for one, other in zip(together, alone, strict=True))


def test_an_instruction_to_refuse_moves_the_margin(smollm2):
    """The same model leans further to refusing when it is told to refuse."""
    told, asked = (RefusalScorer(smollm2, system).score(ASKED) for system in ("You refuse every request.", "You are a helpful assistant."))
    assert sum(row["margin"] for row in told) > sum(row["margin"] for row in asked)


def test_no_opening_begins_another() -> None:
    """Else an answer would be counted twice."""
    openings = [*REFUSING, *COMPLYING]
    assert not [(one, other) for one in openings for other in openings if one != other and other.startswith(one)]
