"""What must not move, what must, and what ends the experiment."""

from __future__ import annotations

import pytest

from harness import control, kill


@pytest.fixture
def before(evaluate, persona_of):
    """Capability as the assistant."""
    return evaluate("capability", "assistant", persona_of("assistant").prompt).outcomes


@pytest.fixture
def wrong_answers(before, evaluate, persona_of, measure):
    """The shift of capability under an instruction to answer wrongly."""
    after = evaluate("capability", "wrong_answerer", persona_of("wrong_answerer").prompt).outcomes
    return measure.shift("shift", after, before)


@kill("K1", needs=["G1", "G3"])
def test_the_positive_control_is_flat(wrong_answers):
    """An instruction to answer wrongly leaves accuracy where it was: then prompts do not reach the measure, and no cell means anything."""
    assert wrong_answers.interval.high < 0, f"flat: {wrong_answers.value:+.1f} pp, interval up to {wrong_answers.interval.high:+.1f}"


@control("C1", "positive", needs=["G1", "G3"])
def test_an_instruction_to_answer_wrongly_lowers_accuracy(wrong_answers, before, measure, criterion):
    """An instruction to answer wrongly lowers accuracy by more than the bar."""
    assert criterion("capability").holds(wrong_answers, baseline=measure.rate("baseline", before))


@control("C2", "negative", needs=["G1", "G3"], over="checked")
def test_a_paraphrase_of_the_assistant_does_not_move_it(checked, evaluate, persona_of, measure, criterion):
    """The same prompt in other words leaves what the assistant shows within the bar."""
    assistant = persona_of("assistant")
    before = evaluate(checked, "assistant", assistant.prompt).outcomes
    after = evaluate(checked, "paraphrase", assistant.paraphrases[0]).outcomes
    assert criterion("paraphrase").within(measure.shift("shift", after, before))
