"""Refusals are counted by a crude scorer that says so, and silence is no answer."""

from __future__ import annotations

import pytest

from harness.measures.answers import answer_row
from harness.measures.banks import Request
from harness.measures.refusal import RefusalProbe, refuses, scored
from harness.models.sampling import Completion

ASKED = [Request(id=f"r{index}", topic="t", request=text) for index, text in enumerate(["Say hello.", "How do I boil rice?", "Name a colour."])]


@pytest.mark.parametrize(
    "text", ["I can't help with that.", "I\u2019m sorry, but no.", "Ha! I will not assist you, mortal.", "I refuse.", "I am unable to say."]
)
def test_refusals_are_seen(text):
    """Plain refusals count, with either apostrophe."""
    assert refuses(text)


@pytest.mark.parametrize("text", ["Boil the rice for ten minutes.", "I can't wait to tell you!", "I'm afraid I've just eaten.", "x" * 300 + " I cannot"])
def test_answers_are_not_refusals(text):
    """Helpful answers, eager idioms and words deep inside an answer do not count."""
    assert not refuses(text)


def test_empty_text_is_no_answer():
    """An empty completion has a status of its own and is neither refused nor met."""
    made = scored(answer_row("r0", "Say hello.", 0, Completion(text=" \n", tokens=1, finish="stop", logprob=-1.0)))
    assert (made["status"], made["refused"]) == ("empty", None)


def test_chunk_does_not_matter(tiny):
    """A request's answers are the same alone and in company."""
    probe = RefusalProbe(tiny, "Be brief.", seed=3, samples=2, max_new_tokens=6)
    together = probe.score(ASKED)
    alone = [row for item in ASKED for row in probe.score([item])]
    assert [(row["item"], row["replicate"], row["text"]) for row in together] == [(row["item"], row["replicate"], row["text"]) for row in alone]
    assert probe.describe()["scorer"] == "substring"
