"""A linear probe finds what is planted, finds nothing in noise, and cannot live on topic where topics are held out."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom

from harness.errors import HarnessError
from harness.measures.hidden import conversation_states
from harness.measures.probing import probe
from harness.models.chat import chat


def noise(seed, texts=60, width=20):
    return np.random.default_rng(seed).normal(size=(texts, width))


LABELS = [number % 2 == 0 for number in range(60)]


def test_a_planted_direction_is_found():
    """Labels along one direction of many are told from held-out texts, beyond every shuffle."""
    direction = noise(5, 1, 100)[0]
    states = noise(0, width=100) + np.where(LABELS, 2.5, -2.5)[:, None] * direction / np.linalg.norm(direction)
    found = probe(states, LABELS, 1, permutations=39)
    assert found.accuracy > 0.8 and found.p == 1 / 40 and 0.35 < found.null_mean < 0.65


def test_p_is_calibrated_on_noise():
    """Over 60 data sets of noise, p at most .2 comes no more often than one time in five allows, and does come."""
    ps = [probe(noise(seed, 40, 6), LABELS[:40], seed, permutations=19).p for seed in range(60)]
    assert 1 <= sum(p <= 0.2 for p in ps) <= binom.ppf(0.999, 60, 0.2)
    assert 0.35 < np.mean(ps) < 0.75


def test_topic_does_not_give_the_label_away_where_topics_are_held_out():
    """A label that goes with the topic is told by random folds, and not of a topic that was never seen."""
    topics = [str(number // 10) for number in range(60)]
    labels = [int(topic) % 2 == 0 for topic in topics]
    states = noise(1, width=40) + 6 * noise(2, 6, 40)[[int(topic) for topic in topics]]
    assert probe(states, labels, 1, permutations=9).accuracy > 0.95
    assert probe(states, labels, 1, permutations=9, groups=topics).accuracy < 0.75


def test_the_same_seed_gives_the_same_numbers():
    """Nothing but data and seed decides, and another seed draws other folds."""
    states = noise(3) + np.where(LABELS, 0.4, -0.4)[:, None]
    assert probe(states, LABELS, 1, permutations=5) == probe(states, LABELS, 1, permutations=5)
    assert probe(states, LABELS, 1, permutations=19) != probe(states, LABELS, 2, permutations=19)


@pytest.mark.parametrize(
    ("labels", "more", "said"),
    [
        ([True] * 60, {}, "60 texts are labelled true and 0 false"),
        ([True] * 51 + [False] * 9, {}, "10 or more"),
        (LABELS, {"strata": [str(label) for label in LABELS]}, "no shuffle can move"),
        (LABELS, {"groups": [str(label) for label in LABELS]}, "a single label is left"),
        (LABELS[:50], {}, "do not fit"),
    ],
)
def test_what_cannot_be_probed_is_refused(labels, more, said):
    """One class, too few, strata of one label, groups that leave one label, lists of other lengths: one line each."""
    with pytest.raises(HarnessError, match=said):
        probe(noise(4), labels, 1, **more)


def test_smollm2_tells_sums_from_cooking(smollm2):
    """What a question is about can be read off a middle layer of the real model."""
    sums = [f"What is {a} plus {a + 5}?" for a in range(11, 23)]
    meals = [f"How do I cook {dish}?" for dish in ["rice", "beans", "soup", "eggs", "pasta", "fish", "bread", "lentils", "stew", "peas", "corn", "pie"]]
    states = conversation_states(smollm2, [chat(text) for text in sums + meals])
    found = probe(states[15], [True] * 12 + [False] * 12, 1, permutations=19)
    assert found.accuracy == 1.0 and found.p == 1 / 20
