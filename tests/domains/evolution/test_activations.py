"""Activations: each gives what it is asked for."""

from __future__ import annotations

import numpy as np
import pytest

from harness.domains.evolution.activations import STEP, Activations, AnyActivation, Simple, Zipf
from harness.domains.evolution.base_model import parse_config
from harness.domains.evolution.config import simulation
from harness.domains.evolution.metrics import examine
from harness.errors import HarnessError


def draw(kind, beliefs, questions, seed):
    """(personalities, beliefs, questions)."""
    return kind.draw(beliefs, questions, np.random.default_rng(seed)).dense()


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
    kind = parse_config(AnyActivation, given)
    active = draw(kind, 200, 30, 1)
    assert active.shape == (given.get("personalities", 1), 200, 30)
    assert np.array_equal(active / STEP, np.rint(active / STEP)) and active.min() >= 0 and 0 < active.max() <= 1
    assert np.array_equal(active, draw(kind, 200, 30, 1)) and not np.array_equal(active, draw(kind, 200, 30, 2))


def test_measured_activations_are_taken_as_they_are():
    """Given weights are those of the test to the nearest step, one table a personality."""
    kind = parse_config(AnyActivation, {"kind": "given", "weights": [[[0.5, 0.0], [1.0, 0.25]], [[0.0, 1 / 3], [0.0, 0.0]]]})
    active = draw(kind, 2, 2, 1)
    assert active[0].tolist() == [[0.5, 0.0], [1.0, 0.25]] and abs(active[1, 0, 1] - 1 / 3) <= STEP / 2


def test_real_cosines_take_the_place_of_drawn_points():
    """Questions near a belief activate it more often than those far from it."""
    kind = parse_config(AnyActivation, {"kind": "zipf", "cosines": [[1.0, -1.0]] * 400})
    near, far = draw(kind, 400, 2, 1)[0].mean(axis=0)
    assert near > 2 * far


@pytest.mark.parametrize(
    "given", [{"kind": "zipf", "cosines": [[0.5, 0.5]]}, {"kind": "given", "weights": [[[0.5], [0.5]]]}, {"kind": "given", "weights": [[]]}]
)
def test_tables_of_other_shapes_are_refused_in_one_line(given):
    """A table is that of as many beliefs and questions as there are, before anything runs."""
    with pytest.raises(HarnessError, match="2 beliefs and 2 questions") as told:
        simulation({"models": 2, "beliefs": 2, "held": 1, "questions": 2, "activation": given})
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(("density", "questions", "count"), [(0.1, 100, 10), (0.01, 7, 1), (1.0, 9, 9), (0.25, 10, 3)])
def test_every_belief_is_probed_by_as_many_questions(density, questions, count):
    """Each belief has exactly max(1, floor(density Q + 0.5)) distinct questions."""
    assert (draw(Simple(density=density), 300, questions, 4)[0].sum(axis=1) == count).all()


@pytest.mark.parametrize("given", KINDS)
def test_sparse_rows_are_the_dense_array(given):
    """Made dense and sparse again nothing changes; totals are its sums; questions go and come in their own places."""
    sparse = parse_config(AnyActivation, given).draw(50, 12, np.random.default_rng(3))
    dense, again = sparse.dense(), Activations.from_dense(sparse.dense())
    assert np.array_equal(again.start, sparse.start) and np.array_equal(again.dense(), dense)
    np.testing.assert_allclose(sparse.totals(), dense.sum(axis=2))
    mask = np.arange(50) % 3 == 0
    changed = sparse.replace([2, 5], {5: mask, 12: ~mask}, 13).dense()
    expected = np.concatenate([dense, np.zeros((*dense.shape[:2], 1))], axis=2)
    expected[:, :, 2], expected[:, :, 5], expected[:, :, 12] = 0.0, mask, ~mask
    assert np.array_equal(changed, expected)


def test_the_number_of_questions_may_be_given():
    """`count` questions probe a belief, whatever the density; more than there are is told in one line."""
    assert (draw(Simple(count=2), 40, 25, 1)[0].sum(axis=1) == 2).all()
    with pytest.raises(HarnessError, match="26 of 25 questions"):
        draw(Simple(count=26), 40, 25, 1)


def test_a_simple_test_has_its_identities():
    """Coverage 1, entropy ln B, and a mean correlation of about -1 / (Q - 1)."""
    found = examine(draw(Simple(density=0.1), 3000, 100, 6))
    assert found.coverage == 1.0 and found.entropy == pytest.approx(np.log(3000)) and found.question_correlation == pytest.approx(-1 / 99, abs=5e-4)


@pytest.mark.parametrize("share", [0.01, 0.25, 0.5, 1.0])
def test_coverage_is_exact(share):
    """Exactly the share of beliefs asked for is probed."""
    assert examine(draw(parse_config(AnyActivation, {"kind": "coverage", "coverage": share}), 400, 50, 7)).coverage == share


@pytest.mark.parametrize("density", [0.1, 0.4])
@pytest.mark.parametrize("correlation", [-0.01, 0.0, 0.02, 0.3, 0.7, 1.0])
def test_correlation_is_reached(correlation, density):
    """The mean Pearson correlation found lies within 0.01 of the one asked, at 500 beliefs, under each of five seeds."""
    kind = parse_config(AnyActivation, {"kind": "correlated", "correlation": correlation, "density": density})
    for seed in range(5):
        active = draw(kind, 500, 100, seed)[0]
        off = np.corrcoef(active.T)[~np.eye(100, dtype=bool)]
        assert off.mean() == pytest.approx(correlation, abs=0.01) and active.mean() == pytest.approx(density, abs=0.03)


def test_zipf_draws_follow_their_law():
    """Over pairs of one level of alpha the ranks have the chances of the bounded Zipf law (chi squared within 5 standard deviations)."""
    kind = Zipf(ranks=6, alpha_near=2.0, alpha_far=2.0)
    rank = np.rint(draw(kind, 1000, 100, 8) * 5).astype(int).ravel()
    law = np.arange(1, 7.0) ** -2 / (np.arange(1, 7.0) ** -2).sum()
    expected = law * rank.size
    chi = ((np.bincount(rank, minlength=6) - expected) ** 2 / expected).sum()
    assert chi < 5 + 5 * np.sqrt(10)


def test_near_beliefs_are_activated_more():
    """Under Zipf a pair near in meaning is active more often than a far one, by the probabilities of the law at its level of alpha."""
    kind, rng = Zipf(), np.random.default_rng(9)
    near = np.clip(kind.draw_points(1000, rng) @ kind.draw_points(50, rng).T, -1, 1)
    active, level = draw(kind, 1000, 50, 9)[0], np.rint((1 - near) / 2 * 255).astype(int)
    chance = 1.0 - kind.cumulative()[level, 0]
    for part in (level < 102, level > 153):
        expected = chance[part]
        assert abs((active[part] > 0).mean() - expected.mean()) < 5 * np.sqrt((expected * (1 - expected)).sum()) / part.sum()
    assert chance[level < 102].mean() > 1.5 * chance[level > 153].mean()


def test_personalities_differ_by_their_influence():
    """At influence 0 all personalities are alike, at 1 all questions are, between neither."""
    none, some, full = (draw(parse_config(AnyActivation, {"kind": "personality", "influence": share}), 100, 20, 1) for share in (0, 0.5, 1))
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
        draw(parse_config(AnyActivation, given), 50, 20, 1)
    assert "\n" not in str(told.value)
