"""One layer against another: an interval over texts that is neither too narrow nor a fiction of repeated texts."""

from __future__ import annotations

import numpy as np
import pytest

from harness.measures.cka import Alignment, alignment, cka
from harness.measures.layer_alignment import cka_change, jackknife_interval, remove_linear_part


def aligned(first: np.ndarray, second: np.ndarray, kinds: list[str], permutations: int) -> Alignment:
    return alignment(first[None], second[None], "test", permutations=permutations, strata=kinds)


def layers(seed: int, texts: int, shared: float) -> tuple[np.ndarray, np.ndarray]:
    """Two layers of 24 and 30 dimensions that share five directions of the texts."""
    rng = np.random.default_rng(seed)
    common = rng.normal(size=(texts, 5))
    maps = np.random.default_rng(99)
    first, second = (shared * common @ maps.normal(size=(5, width)) + rng.normal(size=(texts, width)) for width in (24, 30))
    return first, second


def test_shared_directions_are_seen_and_noise_is_not():
    """Planted shared directions give a high CKA at the floor of p; independent layers give about 0 and no small p."""
    found = aligned(*layers(0, 80, 1.0), ["a"] * 80, 200)
    assert found.cka[0, 0] > 0.5
    assert found.p[0, 0] == pytest.approx(1 / 201)
    assert abs(found.null_mean[0, 0]) < 0.05
    none = aligned(*layers(1, 80, 0.0), ["a"] * 80, 200)
    assert abs(none.cka[0, 0]) < 0.15
    assert none.p[0, 0] > 0.01


def test_the_interval_holds_what_many_texts_would_give():
    """Over repeated draws of 60 texts the interval holds the CKA of 4,000 texts nearly as often as it says."""
    truth = float(cka(*(layer[None] for layer in layers(7, 4000, 0.35)))[0, 0])
    held = []
    for seed in range(60):
        low, high = jackknife_interval(*layers(seed + 10, 60, 0.35), seed, halves=100)
        held.append(low <= truth <= high)
    assert np.mean(held) >= 0.85


def test_a_shared_topic_is_not_alignment():
    """Layers that share nothing but the texts' kinds are alike under any pairing within the kinds: p is not small, and the null mean is as high as the CKA."""
    rng, kinds = np.random.default_rng(3), [f"k{number % 4}" for number in range(80)]
    centres = rng.normal(size=(4, 24)) * 2
    first, second = (np.array([centres[int(kind[1])] for kind in kinds]) + rng.normal(size=(80, 24)) for _ in range(2))
    found = aligned(first, second, kinds, 200)
    assert found.cka[0, 0] > 0.5
    assert found.null_mean[0, 0] == pytest.approx(found.cka[0, 0], abs=0.03)
    assert found.p[0, 0] > 0.01


def test_what_length_tells_is_taken_out():
    """Layers that hold nothing but a text's length are left with nothing in common."""
    rng = np.random.default_rng(5)
    length = rng.normal(size=(80, 1))
    first, second = (length @ rng.normal(size=(1, 20)) + 0.3 * rng.normal(size=(80, 20)) for _ in range(2))
    assert aligned(first, second, ["a"] * 80, 50).cka[0, 0] > 0.5
    assert abs(aligned(remove_linear_part(first, length), remove_linear_part(second, length), ["a"] * 80, 50).cka[0, 0]) < 0.2


def test_a_change_of_alignment_is_that_of_the_cka():
    """Before and after are what `cka` gives; a layer that came to share directions is seen at the floor of p, and its interval leaves 0."""
    first, other = layers(20, 80, 1.0)
    before = np.random.default_rng(21).normal(size=first.shape)
    found = cka_change(before, first, other, "test", permutations=99, halves=100)
    assert (found.before, found.after) == pytest.approx((float(cka(before[None], other[None])[0, 0]), float(cka(first[None], other[None])[0, 0])))
    assert found.change == pytest.approx(found.after - found.before) and found.p == 1 / 100 and 0 < found.low < found.change < found.high
    assert found == cka_change(before, first, other, "test", permutations=99, halves=100)


def test_a_change_that_brings_nothing_nearer_is_none():
    """Over layers whose versions differ by noise alone, p at most .2 comes about as often as it says, and the interval mostly holds 0."""
    found = []
    for seed in range(40):
        first, other = layers(seed + 30, 60, 0.6)
        versions = [first + 0.5 * np.random.default_rng([seed, version]).normal(size=first.shape) for version in (0, 1)]
        found.append(cka_change(*versions, other, seed, permutations=19, halves=100))
    assert 1 <= sum(one.p <= 0.2 for one in found) <= 16 and sum(one.low <= 0 <= one.high for one in found) >= 33
