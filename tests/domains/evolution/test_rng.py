"""Random numbers: a generator for each seed and purpose, and sets of distinct numbers that are all equally likely."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from scipy.stats import chisquare

from harness.domains.evolution.rng import Purpose, choose_distinct, make_generator


@pytest.mark.mistake("E2", rule="-", stage="run")
def test_purposes_and_seeds_share_no_draws() -> None:
    """Generators of other seeds or purposes give other numbers; equal ones give equal numbers."""
    draws = {(seed, purpose): make_generator(seed, purpose).random(4).tobytes() for seed in (0, 1, 2**62) for purpose in Purpose}
    assert len(set(draws.values())) == len(draws)
    assert draws[1, Purpose.COURSE] == make_generator(1, Purpose.COURSE).random(4).tobytes()


def test_compiled_code_draws_what_numpy_draws() -> None:
    """Uniforms, normals and exponentials of numba have the bits of numpy's for the same generator."""
    numba = pytest.importorskip("numba")

    @numba.njit
    def draw(rng, out):  # type: ignore[no-untyped-def]
        for row in range(len(out)):
            out[row, 0], out[row, 1], out[row, 2] = rng.random(), rng.standard_normal(), rng.standard_exponential()

    compiled, rng = np.empty((500, 3)), make_generator(5, Purpose.COURSE)
    draw(make_generator(5, Purpose.COURSE), compiled)
    assert compiled.tolist() == [[rng.random(), rng.standard_normal(), rng.standard_exponential()] for _ in range(500)]


def test_sets_are_distinct_and_equally_likely() -> None:
    """All ten sets of two out of five come equally often (chi squared), and no row holds a number twice."""
    chosen = choose_distinct(np.random.default_rng(0).random((20_000, 2)), 5)
    counts = Counter(tuple(sorted(row)) for row in chosen.tolist())
    assert len(counts) == 10 and all(one != other for one, other in chosen) and chisquare(list(counts.values())).pvalue > 1e-4
    assert np.array_equal(np.sort(choose_distinct(np.random.default_rng(1).random((50, 5)), 5), axis=1), np.tile(np.arange(5), (50, 1)))
