"""What goes together is found on texts that it was not fitted on, what does not is not, and a line learned in one space is read in another."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom

from harness.errors import HarnessError
from harness.measures.correspondence import canonical_scores, held_out, linear_map, paired_units, principal
from harness.measures.probe_transfer import transferred

KINDS = [f"k{number % 5}" for number in range(100)]
SCORES = {"cca": canonical_scores, "units": paired_units}


def noise(seed: int, texts: int = 100, width: int = 24) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(texts, width))


def rotation(seed: int, width: int) -> np.ndarray:
    return np.linalg.qr(noise(seed, width, width))[0]


def low_rank(seed: int, texts: int = 100, width: int = 24, rank: int = 8) -> np.ndarray:
    return noise(seed, texts, rank) @ noise(seed + 1, rank, width)


def test_rotated_states_have_canonical_correlations_of_one():
    """A layer, and the same layer rotated, scaled and shifted, go fully together on texts that no component was found on."""
    x = low_rank(0)
    found = held_out(x, 3 * x @ rotation(1, 24) + 2, canonical_scores, 1, strata=KINDS, permutations=99)
    assert found.value == pytest.approx(1.0) and found.p == 1 / 100 and abs(found.null_mean) < 0.1


def test_the_components_are_those_of_canonical_correlation_analysis():
    """On the texts learned from, the correlations are those of sklearn's CCA of the same principal components."""
    from sklearn.cross_decomposition import CCA

    x = noise(2, 200, 4)
    y = x[:, :2] @ noise(3, 2, 5) + noise(4, 200, 5)
    mine = [np.corrcoef(*pair)[0, 1] for pair in zip(*(side.T for side in canonical_scores(x, y, x, y)), strict=True)]
    theirs = CCA(n_components=4, scale=False, max_iter=5000).fit(principal(x, x)[0], principal(y, y)[0])
    expected = [np.corrcoef(*pair)[0, 1] for pair in zip(*(side.T for side in theirs.transform(principal(x, x)[0], principal(y, y)[0])), strict=True)]
    assert mine == pytest.approx(expected, abs=1e-3)


def test_permuted_and_noisy_units_find_their_partners():
    """Units in another order, some turned round, with noise: the partners of one half of the texts correlate on the other as the noise allows (.89)."""
    x, rng = noise(5), np.random.default_rng(6)
    y = (x * rng.choice([-1, 1], size=24))[:, rng.permutation(24)] + 0.5 * noise(7)
    found = held_out(x, y, paired_units, 1, strata=KINDS, permutations=99)
    assert found.value == pytest.approx(1 / np.sqrt(1.25), abs=0.04) and found.p == 1 / 100 and found.low < found.beyond < found.high


@pytest.mark.parametrize("scores", SCORES)
def test_independent_layers_do_not_go_together(scores):
    """Over 40 pairs of independent layers the mean is about 0, p at most .2 comes no more often than chance allows, and the interval holds 0."""
    found = [held_out(noise(seed), noise(seed + 500, width=30), SCORES[scores], seed, strata=KINDS, permutations=19) for seed in range(40)]
    assert abs(np.mean([one.beyond for one in found])) < 0.02
    assert 1 <= sum(one.p <= 0.2 for one in found) <= binom.ppf(0.999, 40, 0.2)
    assert sum(one.low <= 0 <= one.high for one in found) >= binom.ppf(0.001, 40, 0.93)


@pytest.mark.parametrize("scores", SCORES)
def test_a_shared_topic_is_not_beyond_random_pairing(scores):
    """Layers that share nothing but the strata's centres correlate, and no more than texts of a stratum that are paired at random."""
    centres = 3 * noise(8, 5)
    first, second = (centres[[int(kind[1]) for kind in KINDS]] + noise(seed) for seed in (9, 10))
    found = held_out(first, second, SCORES[scores], 1, strata=KINDS, permutations=99)
    assert found.value > 0.2 and abs(found.beyond) < 0.1 and found.p > 0.01


def test_the_same_seed_gives_the_same_numbers_and_shares_average_to_the_result():
    """Nothing but data and seed decides."""
    x, y = low_rank(11), low_rank(11) + noise(12)
    found = held_out(x, y, canonical_scores, 1, strata=KINDS, permutations=19)
    assert found == held_out(x, y, canonical_scores, 1, strata=KINDS, permutations=19)
    assert np.mean(found.shares) == pytest.approx(found.beyond) and found.beyond == pytest.approx(found.value - found.null_mean)


def test_what_cannot_be_compared_is_refused():
    """Too few texts, strata of fewer than four, and lists that do not fit: one line each."""
    for first, second, strata, said in (
        (noise(1, 40), noise(2, 40), ["a"] * 40, "too few"),
        (noise(1), noise(2), ["a"] * 98 + ["b"] * 2, "2 in the smallest stratum"),
        (noise(1), noise(2, 90), ["a"] * 100, "do not fit"),
    ):
        with pytest.raises(HarnessError, match=said):
            held_out(first, second, canonical_scores, 1, strata=strata)


LABELS, GROUPS = [number % 2 == 0 for number in range(100)], [f"g{number // 20}" for number in range(100)]


def test_a_probe_goes_over_through_a_map_learned_on_other_texts():
    """A property along one line of one space is told from another space, mapped by other texts; not where those were paired wrongly."""
    turn, direction = noise(13, 24, 30), noise(14, 1)[0] / np.linalg.norm(noise(14, 1)[0])
    here = noise(15) + np.where(LABELS, 2.5, -2.5)[:, None] * direction
    others, there = noise(16, 200), here @ turn
    for order, least, most in ((np.arange(200), 0.9, 1.0), (np.random.default_rng(1).permutation(200), 0.2, 0.8)):
        matrix, centre, target = linear_map((others @ turn)[order], others, penalty=1e-6)
        assert least <= np.mean(transferred(here, (there - centre) @ matrix + target, LABELS, GROUPS)) <= most


def test_a_map_is_ridge_regression():
    """Over many texts and with next to no penalty, the matrix is that which made one side of the other; with a penalty it is sklearn's."""
    from sklearn.linear_model import Ridge

    x, made = noise(17, 300), noise(18, 24, 6)
    assert linear_map(x, x @ made + 4, penalty=1e-9)[0] == pytest.approx(made, abs=1e-5)
    centred = x - x.mean(axis=0)
    alpha = 0.5 * np.trace(centred @ centred.T) / len(x)
    assert linear_map(x, x @ made, penalty=0.5)[0] == pytest.approx(Ridge(alpha=alpha).fit(x, x @ made).coef_.T, abs=1e-6)


def test_a_probe_that_cannot_go_over_is_refused():
    """Other widths, and groups without which one label is left."""
    for mapped, groups, said in ((noise(1, width=5), GROUPS, "do not fit"), (noise(1), [str(label) for label in LABELS], "single label")):
        with pytest.raises(HarnessError, match=said):
            transferred(noise(2), mapped, LABELS, groups)
