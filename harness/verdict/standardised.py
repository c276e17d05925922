"""Cohen's d of paired differences, to compare effects that are measured in different units. It says how large, not whether: a criterion asks in the unit."""

from __future__ import annotations

from collections.abc import Sequence

from harness.errors import Inconclusive
from harness.records import Interval
from harness.verdict.intervals import LEVEL

METHOD = "noncentral t of paired differences"
LARGEST = 1000.0  # beyond it the differences are one number but for rounding, and the noncentral t cannot be inverted in any time


def paired_d(differences: Sequence[float], name: str, level: float = LEVEL) -> tuple[float, Interval]:
    """(d_z, its interval): the mean of the differences over their SD (n - 1). Raises Inconclusive for fewer than 2, and where they hardly
    vary.

    sqrt(n) d_z is noncentral t with n - 1 degrees of freedom and noncentrality sqrt(n) delta where the differences are normal; the interval inverts that
    (Steiger and Fouladi, 1997, in Harlow, Mulaik and Steiger, What if there were no significance tests?).
    """
    import numpy as np
    from scipy.special import nctdtrinc

    data = np.asarray(differences, dtype=float)
    if len(data) < 2 or np.ptp(data) <= 1e-12 * max(1.0, float(np.abs(data).max())):
        raise Inconclusive(f"{name}: {len(data)} paired differences without any spread have no SD to measure their mean by")
    d, root = float(data.mean() / data.std(ddof=1)), len(data) ** 0.5
    if abs(d) > LARGEST:
        raise Inconclusive(f"{name}: {len(data)} paired differences hardly vary (their mean is {abs(d):.3g} SDs), so their SD measures nothing")
    outside = (1 - level) / 2
    low, high = (float(nctdtrinc(len(data) - 1, share, root * d)) / root for share in (1 - outside, outside))
    return d, Interval(low=low, high=high, level=level, method=METHOD)
