"""Real-world weights of beliefs."""

from __future__ import annotations

import numpy as np
import pytest

from harness.domains.evolution.config import Usage
from harness.domains.evolution.world import draw_usage
from harness.errors import HarnessError


@pytest.mark.parametrize("usage", [Usage(), Usage(kind="zipf", alpha=0.5), Usage(kind="partial", share=0.3)])
def test_weights_have_mean_one(usage):
    """Whatever the kind, the mean weight is 1, and a draw repeats."""
    weights = draw_usage(usage, 1000, np.random.default_rng(1))
    assert weights.min() >= 0 and abs(weights.mean() - 1) < 1e-12
    assert np.array_equal(weights, draw_usage(usage, 1000, np.random.default_rng(1)))


def test_zipf_weights_fall_with_rank_and_are_shuffled():
    """Sorted, the weights are rank to the power -alpha; another seed gives them to other beliefs."""
    one, other = (draw_usage(Usage(kind="zipf", alpha=0.5), 100, np.random.default_rng(seed)) for seed in (1, 2))
    assert np.sort(one)[::-1] / one.max() == pytest.approx(np.arange(1, 101.0) ** -0.5, abs=1e-7)
    assert np.array_equal(np.sort(one), np.sort(other)) and not np.array_equal(one, other)


def test_a_share_is_never_used():
    """Exactly the share asked for has weight 0, and the others are alike."""
    weights = draw_usage(Usage(kind="partial", share=0.25), 200, np.random.default_rng(3))
    assert (weights == 0).sum() == 50 and len(np.unique(weights)) == 2


@pytest.mark.parametrize("usage", [Usage(kind="zipf", alpha=3.0), Usage(kind="partial", share=0.9999)])
def test_impossible_weights_are_told_in_one_line(usage):
    """Weights above the largest allowed, or none at all, are a HarnessError."""
    with pytest.raises(HarnessError) as told:
        draw_usage(usage, 1000, np.random.default_rng(1))
    assert "\n" not in str(told.value)
