"""Do two measures put the same units into the same order? Spearman's rho with a permutation p and an interval that needs no bootstrap."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations
from math import atanh, factorial, sqrt, tanh
from typing import TYPE_CHECKING

from harness.errors import Inconclusive
from harness.plaintext import format_number
from harness.records import Interval
from harness.seeds import generator

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

EXACT = 7
DRAWN = 9999
SMALLEST = 4
LEVEL = 0.95


def spearman(first: Sequence[float], second: Sequence[float], name: str, units: str, *seed: object) -> tuple[float, float, float]:
    """(rho, two-sided p, smallest p) of Spearman's rho; ties share their mean rank.

    Up to 7 units all n! orders are counted and p is exact; above, 9,999 are drawn and p = (b+1)/(B+1). Raises Inconclusive below 4 units and for
    values that are all equal, which have no order.
    """
    import numpy as np

    if len(first) < SMALLEST:
        smallest = min(1.0, 2 / factorial(len(first)))
        raise Inconclusive(f"{name}: {len(first)} units ({units}) cannot show an order: the smallest possible p is {smallest:.2g}, and {SMALLEST} are needed")
    a, b = ranks(first, name), ranks(second, name)
    orders, exact = shuffles(len(first), *seed)
    null = np.abs(b[orders] @ a) / len(first)
    rho = float(a @ b) / len(first)
    beyond = int((null >= abs(rho) - 1e-9).sum())
    if exact:
        return rho, beyond / len(orders), float(np.mean(null >= null.max() - 1e-9))
    return rho, (beyond + 1) / (DRAWN + 1), 1 / (DRAWN + 1)


def ranks(values: Sequence[float], name: str) -> NDArray[np.float64]:
    """Mid-ranks with mean 0 and SD 1. Raises Inconclusive for values that are all equal."""
    import numpy as np
    from scipy.stats import rankdata

    found = np.asarray(rankdata(values), dtype=float)
    if np.ptp(found) == 0:
        raise Inconclusive(f"{name}: all {len(values)} values are {format_number(values[0], '.3g')}, there is no order to correlate")
    standard: NDArray[np.float64] = (found - found.mean()) / found.std()
    return standard


def shuffles(n: int, *seed: object) -> tuple[NDArray[np.int64], bool]:
    """(orders of n units as rows, whether they are all there are)."""
    import numpy as np

    if n <= EXACT:
        return np.array(list(permutations(range(n)))), True
    rng = generator("correlation", *seed)
    return rng.permuted(np.tile(np.arange(n), (DRAWN, 1)), axis=1), False


def rho_interval(rho: float, n: int, level: float = LEVEL) -> Interval:
    """Fisher's z with the variance (1 + rho^2/2)/(n - 3) of Bonett and Wright (2000), Psychometrika 65:23; needs n of 4 or more.

    A perfect order has an infinite z. It is taken half a step inside, at 1 - 6/(n^3 - n) (one swap of neighbours costs 12/(n^3 - n)), and the bound
    beyond it stays at 1.
    """
    from scipy.special import ndtri

    inside = 1 - 6 / (n**3 - n)
    centre = max(-inside, min(inside, rho))
    half = float(ndtri(0.5 + level / 2)) * sqrt((1 + centre**2 / 2) / (n - 3))
    low, high = tanh(atanh(centre) - half), tanh(atanh(centre) + half)
    return Interval(low=min(low, rho), high=max(high, rho), level=level, method="Fisher z with the Bonett-Wright variance")
