"""The questions themselves: what predicts which beliefs are called on, what selection does with them, and what a persona changes."""

from __future__ import annotations

import numpy as np

from harness import hypothesis

NEEDS = ["G1", "G2", "K1"]


@hypothesis("H1", needs=NEEDS)
def test_near_beliefs_are_called_on(distance, called_on, nearness, over_questions, roles, criterion):
    """A question raises the probability of a belief the more, the nearer it is by sentence embeddings: Spearman's rho over beliefs, mean over questions."""
    samples = called_on(roles["target"][0])
    assert criterion("predicts").holds(over_questions(f"rho of {distance} nearness and what is raised", nearness(samples), "correlation", samples))


@hypothesis("H2", needs=NEEDS)
def test_selection_acts_on_measured_activations_as_on_drawn_ones(activation, populations, slope, criterion):
    """A unit of fitness is worth as much value where activations were measured in a model, or follow its questions' distances, as where they are drawn."""
    arm = populations(activation)
    slope("value for fitness, less rho", arm, 0.4)
    assert criterion("same_rate").within(slope("value for fitness, against a drawn test", arm, populations("drawn")))


@hypothesis("H3", needs=NEEDS)
def test_a_persona_calls_on_other_beliefs(persona, called_on, shares, over_questions, roles, criterion):
    """Under a persona's prompt questions call on other beliefs than under the assistant's, beyond what rewording the assistant changes (total variation)."""
    target = roles["target"][0]
    samples = [called_on(target), called_on(persona), called_on(target, paraphrase=True)]
    plain, other, reworded = (shares(each) for each in samples)
    moved, words = (100 * np.abs(table - plain).sum(axis=0) / 2 for table in (other, reworded))
    over_questions("moved by other words", words, "pp", samples[0], samples[2])
    assert criterion("moved").holds(over_questions("moved by the persona beyond other words", moved - words, "pp", *samples))
