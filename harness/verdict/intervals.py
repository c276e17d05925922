"""Confidence intervals. Rates: Wilson (1927) or Clopper-Pearson; paired differences of rates: Newcombe (1998), method 10; means: BCa (Efron, 1987).

Closed forms stand on `scipy.special`, which `scipy.stats` takes them from, too: importing the latter takes longer than most runs decide in. A test holds both
to be equal.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

from harness.records import Interval
from harness.seeds import generator

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

# With 2,000 the bound of an interval varied by .22 pp (SD) with the seed of the draws where it was 8 pp wide, enough to change a verdict; with these by .10.
RESAMPLES = 9999
# Values that are drawn at a time: 80 MB.
DRAWN_AT_ONCE = 10_000_000
LEVEL = 0.95
# Below this many units a bootstrap of the mean covers clearly less than its level.
SMALL = 20


def rate_interval(successes: int, n: int, level: float = LEVEL, method: Literal["wilson", "exact"] = "wilson") -> Interval:
    """Interval of a rate, in [0, 1]. `exact` is Clopper-Pearson."""
    import numpy as np

    if method == "exact":
        low, high = clopper_pearson(successes, n, level)
    else:
        low, high = (float(bound) for bound in wilson_bounds(np.asarray(successes / n), np.asarray(float(n)), level))
    # At the ends the limits are 0 and 1 themselves, and not a rounding away from them.
    low, high = 0.0 if successes == 0 else low, 1.0 if successes == n else high
    return Interval(low=low, high=high, level=level, method={"wilson": "Wilson", "exact": "Clopper-Pearson"}[method])


def clopper_pearson(successes: int, n: int, level: float) -> tuple[float, float]:
    """Limits of a rate by quantiles of beta distributions; NaN at an end that lies at 0 or 1."""
    from scipy.special import betaincinv

    tail = (1 - level) / 2
    return float(betaincinv(successes, n - successes + 1, tail)), float(betaincinv(successes + 1, n - successes, 1 - tail))


def newcombe_paired(both: ArrayLike, first: ArrayLike, second: ArrayLike, neither: ArrayLike, level: float = LEVEL) -> tuple[Any, Any]:
    """(low, high) of rate(first arm) - rate(second arm) from the four counts of paired items; arrays broadcast.

    Newcombe (1998), Statistics in Medicine 17:2635, method 10: Wilson limits of both arms, joined with the continuity-corrected phi.
    """
    import numpy as np

    a, b, c, d = (np.asarray(count, dtype=float) for count in (both, first, second, neither))
    n = a + b + c + d
    p1, p2 = (a + b) / n, (a + c) / n
    (l1, u1), (l2, u2) = wilson_bounds(p1, n, level), wilson_bounds(p2, n, level)
    margin = np.sqrt((a + b) * (c + d) * (a + c) * (b + d))
    cross = a * d - b * c
    corrected = np.where(cross > 0, np.maximum(cross - n / 2, 0), cross)
    phi = np.divide(corrected, margin, out=np.zeros_like(margin), where=margin > 0)
    below = np.sqrt(np.maximum((p1 - l1) ** 2 - 2 * phi * (p1 - l1) * (u2 - p2) + (u2 - p2) ** 2, 0))
    above = np.sqrt(np.maximum((u1 - p1) ** 2 - 2 * phi * (u1 - p1) * (p2 - l2) + (p2 - l2) ** 2, 0))
    return p1 - p2 - below, p1 - p2 + above


def wilson_bounds(p: NDArray[np.float64], n: NDArray[np.float64], level: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Wilson limits of rates `p` at sizes `n`, elementwise."""
    import numpy as np
    from scipy.special import ndtri

    z = float(ndtri(0.5 + level / 2))
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * np.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return middle - half, middle + half


def mean_interval(values: Sequence[float], *seed: object, level: float = LEVEL) -> Interval:
    """BCa interval of a mean over independent units; Student's t below 20 units; where BCa is undefined the fallback is named in `method`."""
    import numpy as np

    data = np.asarray(values, dtype=float)
    mean = float(data.mean())
    if data.size < 2:
        return Interval(low=mean, high=mean, level=level, method="none: a single unit has no spread")
    if np.ptp(data) == 0:
        return Interval(low=mean, high=mean, level=level, method="degenerate: all units are equal, BCa is undefined")
    if data.size < SMALL:
        return student(data, level)
    low, high = bootstrap_interval(data, "BCa", level, seed)
    if np.isfinite(low) and np.isfinite(high):
        return Interval(low=low, high=high, level=level, method=f"BCa bootstrap, {RESAMPLES} resamples")
    low, high = bootstrap_interval(data, "percentile", level, seed)
    return Interval(low=low, high=high, level=level, method=f"percentile bootstrap, {RESAMPLES} resamples (BCa undefined)")


def student(data: NDArray[np.float64], level: float) -> Interval:
    """Student's t interval, for few units: there the bootstrap is far too narrow."""
    from scipy.special import stdtrit

    half = float(stdtrit(data.size - 1, 0.5 + level / 2)) * float(data.std(ddof=1)) / data.size**0.5
    mean = float(data.mean())
    return Interval(low=mean - half, high=mean + half, level=level, method=f"Student's t (fewer than {SMALL} units, BCa is too narrow)")


def bootstrap_interval(data: NDArray[np.float64], method: str, level: float, seed: Sequence[object]) -> tuple[float, float]:
    import warnings

    import numpy as np
    from scipy.stats import DegenerateDataWarning, bootstrap

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DegenerateDataWarning)  # told by NaN bounds, which the caller handles
        found = bootstrap(
            (data,),
            np.mean,
            confidence_level=level,
            n_resamples=RESAMPLES,
            batch=max(1, DRAWN_AT_ONCE // data.size),
            method=method,
            rng=generator("bootstrap", *seed),
        ).confidence_interval
    return float(found.low), float(found.high)


def cluster_interval(values: Sequence[float], clusters: Sequence[str], *seed: object, level: float = LEVEL) -> Interval:
    """Percentile interval of the mean of all values when whole clusters are resampled (the clusters are the units, not the values)."""
    import numpy as np

    names, place = np.unique(np.asarray(clusters), return_inverse=True)
    if len(names) < 2:
        mean = float(np.mean(values))
        return Interval(low=mean, high=mean, level=level, method="none: a single cluster has no spread")
    total = np.bincount(place, weights=np.asarray(values, dtype=float))
    size = np.bincount(place)
    drawn = generator("cluster", *seed).integers(0, len(names), (RESAMPLES, len(names)))
    means = total[drawn].sum(1) / size[drawn].sum(1)
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return Interval(low=float(low), high=float(high), level=level, method=f"cluster bootstrap over {len(names)} clusters, {RESAMPLES} resamples")
