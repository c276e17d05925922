"""A list of phrases finds plain refusals, and spares answers that only sound like one."""

from __future__ import annotations

import pytest

from harness.measures.refusal_phrases import refuses


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
