"""Activations measured in a model: shares of answers that add up to one, by what a question changes; and what the bank of beliefs holds."""

from __future__ import annotations

import importlib.util
from collections import Counter

import numpy as np
import pytest

from experiment_room import HERE
from harness.domains.evolution import BeliefScorer, load_beliefs, semantic_cosines
from harness.errors import HarnessError

pytestmark = pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="torch is not installed")


@pytest.fixture(scope="module")
def bank():
    return load_beliefs(HERE / "banks/beliefs")


@pytest.fixture(scope="module")
def scorer(bank, smollm2):
    return BeliefScorer(smollm2, "You are a helpful assistant.", bank[0][:4])


def test_the_bank_has_four_beliefs_and_two_questions_a_topic(bank):
    """Two of a topic's beliefs stand against the other two, so that an answer has something to choose from."""
    assert set(Counter(one.topic for one in bank[0]).values()) == {4} and set(Counter(one.topic for one in bank[1]).values()) == {2}
    assert {one.topic for one in bank[0]} == {one.topic for one in bank[1]}


def test_shares_add_up_to_one_and_follow_what_is_raised(scorer, bank):
    """The share of a belief is the softmax of how much the question raises it; a question that asks for nothing raises nothing."""
    from harness.domains.evolution.measured_activations import NEUTRAL

    neutral = type(bank[1][0])(id="n", topic="t", request=NEUTRAL)
    asked, unasked = scorer.score([bank[1][0], neutral])
    assert sum(asked["activation"]) == pytest.approx(1.0) and np.argsort(asked["raised"]).tolist() == np.argsort(asked["activation"]).tolist()
    assert unasked["raised"] == pytest.approx([0.0] * 4, abs=1e-3) and unasked["activation"] == pytest.approx([0.25] * 4, abs=1e-3)


def test_a_belief_that_answers_is_raised(scorer, bank):
    """A question that quotes a belief raises it above all others."""
    quoting = type(bank[1][0])(id="q", topic="t", request=f'Repeat this sentence: "{bank[0][2].belief}"')
    assert int(np.argmax(scorer.score([quoting])[0]["activation"])) == 2


def test_nearness_is_that_of_meanings(bank):
    """A row for each belief, a column for each question; beliefs are nearer to questions of their topic than to others."""
    beliefs, questions = bank
    found = semantic_cosines(beliefs, questions)
    same = np.array([[one.topic == asked.topic for asked in questions] for one in beliefs])
    assert found.shape == (32, 16) and np.abs(found).max() <= 1.000001 and found[same].mean() > found[~same].mean() + 0.05


def test_a_broken_bank_is_told_with_its_line(tmp_path):
    """File and line, and what is wrong."""
    (tmp_path / "beliefs.jsonl").write_text('{"id": "a", "topic": "t", "belief": "I hold this."}\n{"id": "b", "topic": "t"}\n')
    with pytest.raises(HarnessError, match=r"beliefs\.jsonl:2"):
        load_beliefs(tmp_path)


@pytest.mark.parametrize(("topic", "request_", "told"), [("u", "Why?", "no belief is about 'u'"), ("t", " ", "it asks nothing")])
def test_a_question_asks_something_that_a_belief_is_about(tmp_path, topic, request_, told):
    """In one line with the file and the question."""
    (tmp_path / "beliefs.jsonl").write_text('{"id": "a", "topic": "t", "belief": "I hold this."}\n')
    (tmp_path / "questions.jsonl").write_text(f'{{"id": "q", "topic": "{topic}", "request": "{request_}"}}\n')
    with pytest.raises(HarnessError, match=told) as error:
        load_beliefs(tmp_path)
    assert "questions.jsonl" in str(error.value) and "\n" not in str(error.value)
