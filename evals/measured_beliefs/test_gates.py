"""What must hold before activations mean anything: the bank, the answers, and that a question matters to them."""

from __future__ import annotations

from collections import Counter

import numpy as np

from harness import control, gate, kill


@gate("G1")
def test_the_bank_is_even_and_each_question_is_answered(bank, called_on, shares, roles, measure, facts):
    """Each topic has four beliefs and two questions, as many as the settings say, and the shares of each answer add up to one."""
    facts("Data", "preprocessing", "none; the whole bank, as it stands")
    questions = bank[1]
    counts = [Counter(row.topic for row in rows) for rows in bank]
    assert set(counts[0].values()) == {4} and set(counts[1].values()) == {2} and set(counts[0]) == set(counts[1]), f"uneven topics: {counts}"
    for who in (roles["target"][0], *roles["source"]):
        samples = called_on(who)
        table = shares(samples)
        measure(f"beliefs that hold half an answer, {who}", float((table > 0.5).sum()), "count", n=len(questions), sampling_unit="question", sources=(samples,))
        assert np.allclose(table.sum(axis=0), 1.0), "the shares of an answer do not add up to one"


@gate("G2", quick=True)
def test_the_settings_are_those_of_the_bank(bank, settings):
    """Populations hold as many beliefs, and tests have as many questions, as the bank has."""
    assert (len(bank[0]), len(bank[1])) == (settings["beliefs"], settings["questions"]), "the settings beliefs and questions are not those of banks/beliefs"


@kill("K1", needs=["G1", "G2"])
def test_one_belief_answers_everything(called_on, shares, roles, measure):
    """One belief is the likeliest answer to more than half of the questions: the model does not heed what it is asked."""
    samples = called_on(roles["target"][0])
    likeliest = Counter(shares(samples).argmax(axis=0).tolist())
    most = max(likeliest.values())
    measure("questions with the commonest likeliest belief", most, "count", n=sum(likeliest.values()), sampling_unit="question", sources=(samples,))
    assert most <= sum(likeliest.values()) / 2


@control("P1", "positive", needs=["G1", "G2", "K1"])
def test_questions_call_on_beliefs_of_their_topic(called_on, shares, own_topic, over_questions, roles, criterion):
    """Beliefs of a question's own topic, an eighth of the bank, have more of its answer than an eighth."""
    samples = called_on(roles["target"][0])
    table = shares(samples)
    assert criterion("topical").holds(over_questions("share of the own topic beyond an eighth", 100 * (own_topic(table) - 1 / 8), "pp", samples))


@control("N1", "negative", needs=["G1", "G2", "K1"])
def test_nearness_to_another_question_says_nothing(called_on, nearness, over_questions, roles, criterion):
    """How near beliefs are to a question of another topic does not go with what a question raises: a belief that is near to everything would."""
    samples = called_on(roles["target"][0])
    assert criterion("apart").within(over_questions("rho of nearness to another question and what is raised", nearness(samples, 6), "correlation", samples))
