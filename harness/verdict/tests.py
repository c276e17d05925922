"""Significance tests whose smallest possible p is known, and which refuse a statistic that their own permutation cannot move."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from itertools import product
from typing import TYPE_CHECKING, Any

from harness.errors import HarnessError
from harness.plaintext import format_number
from harness.seeds import generator

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

PERMUTATIONS = 2000
EXACT = 11
# What a p is where it would underflow: no p is 0.
SMALLEST_P = sys.float_info.min


def mcnemar(first: int, second: int) -> tuple[float, float]:
    """(two-sided exact p, smallest p at this number of discordant pairs) for `first` and `second` discordant counts (McNemar, 1947)."""
    from scipy.special import bdtr

    pairs = first + second  # of which either count is binomial with a chance of a half, and both tails are alike
    if not pairs:
        return 1.0, 1.0
    floor = max(SMALLEST_P, 0.5 ** (pairs - 1))
    return min(1.0, max(floor, 2 * float(bdtr(min(first, second), pairs, 0.5)))), floor


def sign_flip(differences: Sequence[float], *seed: object, permutations: int = PERMUTATIONS) -> tuple[float, float]:
    """(two-sided p, smallest p) of a mean paired difference under sign flips of whole units.

    Up to 11 units that differ, all flips are counted and p is exact; above, they are drawn and p = (b+1)/(B+1).
    """
    import numpy as np

    data = np.asarray(differences, dtype=float)
    data = data[data != 0]
    if data.size <= EXACT:
        signs = np.array(list(product([-1.0, 1.0], repeat=data.size)))
        return (float(np.mean(extreme(signs, data))), 2.0 ** (1 - data.size)) if data.size else (1.0, 1.0)
    signs = generator("sign flip", *seed).choice([-1.0, 1.0], size=(permutations, data.size))
    return (int(extreme(signs, data).sum()) + 1) / (permutations + 1), 1 / (permutations + 1)


def extreme(signs: NDArray[np.float64], data: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which rows of signs give a sum at least as far from zero as the data's own. Ties differ from it by rounding only; they must count."""
    import numpy as np

    found: NDArray[np.bool_] = np.abs(signs @ data) >= abs(data.sum()) - 1e-9 * max(1.0, float(np.abs(data).sum()))
    return found


def permutation_test(
    data: Any,
    statistic: Callable[[Any], float],
    permute: Callable[[Any, np.random.Generator], Any],
    *seed: object,
    permutations: int = PERMUTATIONS,
) -> tuple[float, float, NDArray[np.float64]]:
    """(one-sided p of a large statistic, smallest p, the null draws). p = (b+1)/(B+1).

    Raises HarnessError where the null has no spread: the statistic does not depend on what is permuted, so its p would be rounding noise.
    """
    import numpy as np

    rng = generator("permutation", *seed)
    observed = float(statistic(data))
    null = np.array([statistic(permute(data, rng)) for _ in range(permutations)], dtype=float)
    if np.ptp(null) <= 1e-12 * max(1.0, abs(observed)):
        raise HarnessError(
            f"the permutation cannot move the statistic (null spread {format_number(np.ptp(null), '.1e')})",
            mend="Permute what the statistic depends on, for example the prompts within each model instead of the pooled scores",
            code="S401",
        )
    return (int((null >= observed).sum()) + 1) / (permutations + 1), 1 / (permutations + 1), null
