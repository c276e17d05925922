"""Agreement on yes or no, beyond chance: do models refuse the same prompts, and do they do what is expected of them on the same prompts?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.errors import Inconclusive

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def percent(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    """Share of the items that both coded (1, 0, or NaN) on which they agree. Raises Inconclusive where there is none."""
    both = count_agreement(first, second)
    return float((first[both] == second[both]).mean())


def kappa(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    """Cohen's kappa (1960): (p_o - p_e) / (1 - p_e), p_e from both marginals. Raises Inconclusive where both always say the same one thing."""
    both = count_agreement(first, second)
    share = first[both].mean(), second[both].mean()
    expected = share[0] * share[1] + (1 - share[0]) * (1 - share[1])
    if expected == 1:
        raise Inconclusive("both say the same of every item: kappa is not defined where nothing varies")
    return float((percent(first, second) - expected) / (1 - expected))


def count_agreement(first: NDArray[np.float64], second: NDArray[np.float64]) -> NDArray[np.bool_]:
    import numpy as np

    both: NDArray[np.bool_] = ~(np.isnan(first) | np.isnan(second))
    if not both.any():
        raise Inconclusive("no item was coded by both")
    return both


def krippendorff(codes: NDArray[np.float64], weights: NDArray[np.float64] | None = None) -> NDArray[np.float64]:
    """Krippendorff's alpha (2011) for yes and no: `codes` (coders, items) of 1, 0 and NaN; `weights` (draws, items) gives (draws,), else (1,).

    1 - D_o / D_e, the disagreement inside items against that among all codes; items with fewer than two codes count for nothing. NaN where nothing varies.
    """
    import numpy as np

    there = ~np.isnan(codes)
    coders = there.sum(axis=0).astype(float)
    yes = np.where(there, codes, 0.0).sum(axis=0)
    pairable = coders >= 2
    inside = np.divide(2 * yes * (coders - yes), coders - 1, out=np.zeros_like(yes), where=pairable)
    drawn = (np.ones((1, codes.shape[1])) if weights is None else weights) * pairable
    total, positive = drawn @ coders, drawn @ yes
    among = 2 * positive * (total - positive)
    observed = (drawn @ inside) * (total - 1)
    found: NDArray[np.float64] = 1 - np.divide(observed, among, out=np.full(among.shape, np.nan), where=among > 0)
    return found
