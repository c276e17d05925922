"""Activations: what each promises is what is drawn."""

from __future__ import annotations

import numpy as np
import pytest

from harness.errors import HarnessError
from harness.populations.activations.any_activation import AnyActivation
from harness.populations.activations.simple import Simple
from harness.populations.activations.zipf import LEVELS, Zipf
from harness.populations.examination import examined
from harness.populations.form import formed
from harness.populations.grid import on_activation_grid
from harness.populations.stream import Purpose, Stream

KINDS = [
    {"kind": "simple"},
    {"kind": "coverage", "coverage": 0.4},
    {"kind": "correlated", "correlation": 0.3},
    {"kind": "similarity"},
    {"kind": "zipf"},
    {"kind": "personality", "personalities": 3},
]


@pytest.mark.parametrize("given", KINDS)
def test_activations_repeat_and_lie_on_the_grid(given):
    """Every kind repeats under its seed, differs under another, lies in [0, 1] and on the grid."""
    kind = formed(AnyActivation, given)
    active = kind.draw(200, 30, Stream.of(1))
    assert active.shape == (given.get("personalities", 1), 200, 30)
    assert np.array_equal(active, on_activation_grid(active)) and active.min() >= 0 and 0 < active.max() <= 1
    assert np.array_equal(active, kind.draw(200, 30, Stream.of(1))) and not np.array_equal(active, kind.draw(200, 30, Stream.of(2)))


@pytest.mark.parametrize(("density", "questions", "count"), [(0.1, 100, 10), (0.01, 7, 1), (1.0, 9, 9), (0.25, 10, 3)])
def test_every_belief_is_probed_by_as_many_questions(density, questions, count):
    """Each belief has exactly max(1, floor(density Q + 0.5)) distinct questions."""
    assert (Simple(density=density).draw(300, questions, Stream.of(4))[0].sum(axis=1) == count).all()


def test_the_questions_of_a_belief_are_the_written_ones():
    """The vectorised draw is Floyd's, word for word."""
    words = Stream.of(5).words(Purpose.ACTIVATION, 40 * 3).tolist()
    for belief, found in enumerate(Simple(density=0.3).chosen(40, 10, Stream.of(5)).tolist()):
        chosen: list[int] = []
        for step in range(3):
            drawn = words[belief * 3 + step] * (7 + step + 1) >> 32
            chosen.append(7 + step if drawn in chosen else drawn)
        assert found == chosen


def test_a_simple_test_has_its_identities():
    """Coverage 1, entropy ln B, and a mean correlation of about -1 / (Q - 1)."""
    found = examined(Simple(density=0.1).draw(3000, 100, Stream.of(6)))
    assert found.coverage == 1.0 and found.entropy == pytest.approx(np.log(3000)) and found.question_correlation == pytest.approx(-1 / 99, abs=5e-4)


@pytest.mark.parametrize("share", [0.01, 0.25, 0.5, 1.0])
def test_coverage_is_exact(share):
    """Exactly the share of beliefs asked for is probed."""
    assert examined(formed(AnyActivation, {"kind": "coverage", "coverage": share}).draw(400, 50, Stream.of(7))).coverage == share


@pytest.mark.parametrize("density", [0.1, 0.4])
@pytest.mark.parametrize("correlation", [-0.01, 0.0, 0.02, 0.3, 0.7, 1.0])
def test_correlation_is_reached(correlation, density):
    """The mean Pearson correlation found lies within 0.01 of the one asked, at 500 beliefs, under each of five seeds."""
    kind = formed(AnyActivation, {"kind": "correlated", "correlation": correlation, "density": density})
    for seed in range(5):
        active = kind.draw(500, 100, Stream.of("correlated", seed))[0]
        off = np.corrcoef(active.T)[~np.eye(100, dtype=bool)]
        assert off.mean() == pytest.approx(correlation, abs=0.01) and active.mean() == pytest.approx(density, abs=0.03)


def test_zipf_draws_follow_their_law():
    """Over pairs of one level of alpha the ranks have the chances of the bounded Zipf law (chi squared within 5 standard deviations)."""
    kind = Zipf(ranks=6, alpha_near=2.0, alpha_far=2.0)
    rank = np.rint(kind.draw(1000, 100, Stream.of(8)) * 5).astype(int).ravel()
    law = np.arange(1, 7.0) ** -2 / (np.arange(1, 7.0) ** -2).sum()
    expected = law * rank.size
    chi = ((np.bincount(rank, minlength=6) - expected) ** 2 / expected).sum()
    assert chi < 5 + 5 * np.sqrt(10)


def test_near_beliefs_are_activated_more():
    """Under Zipf a pair near in meaning is active more often than a far one, by the chances of the law."""
    kind = Zipf()
    level, active = kind.levels(1000, 50, Stream.of(9)), kind.draw(1000, 50, Stream.of(9))[0]
    chance = 1.0 - kind.table()[level.astype(int), 0]
    for part in (level < LEVELS * 0.4, level > LEVELS * 0.6):
        told = chance[part]
        assert abs((active[part] > 0).mean() - told.mean()) < 5 * np.sqrt((told * (1 - told)).sum()) / part.sum()
    assert chance[level < LEVELS * 0.4].mean() > 1.5 * chance[level > LEVELS * 0.6].mean()


def test_personalities_differ_by_their_influence():
    """At influence 0 all personalities are alike, at 1 all questions are, between neither."""
    none, some, full = (formed(AnyActivation, {"kind": "personality", "influence": share}).draw(100, 20, Stream.of(1)) for share in (0, 0.5, 1))
    assert np.array_equal(none[0], none[1]) and np.array_equal(full[:, :, 0], full[:, :, 7])
    assert not np.array_equal(some[0], some[1]) and not np.array_equal(some[:, :, 0], some[:, :, 7])


@pytest.mark.parametrize(
    "given",
    [
        {"kind": "correlated", "correlation": -0.2},
        {"kind": "correlated", "correlation": 0.1, "density": 0.99},
        {"kind": "coverage", "coverage": 0.001},
        {"kind": "coverage", "coverage": 0},
        {"kind": "simple", "density": 1.2},
        {"kind": "zipf", "alpha_near": 5.0},
    ],
)
def test_an_impossible_activation_is_told_in_one_line(given):
    """What cannot be reached with so many beliefs and questions is a HarnessError of one line."""
    with pytest.raises(HarnessError) as told:
        formed(AnyActivation, given).draw(50, 20, Stream.of(1))
    assert "\n" not in str(told.value)
