"""What replicate trainings say: how far an effect moves from seed to seed, and what a handful of seeds can tell from that alone."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt

from harness.records import Interval
from harness.verdict.tests import SMALLEST_P

LEVEL = 0.95


def seed_sd(effects: Sequence[float]) -> float:
    """Standard deviation over seeds (k - 1), in the unit of the effects. Needs two or more."""
    mean = sum(effects) / len(effects)
    return sqrt(sum((effect - mean) ** 2 for effect in effects) / (len(effects) - 1))


def seed_interval(effects: Sequence[float], level: float = LEVEL) -> Interval:
    """Student's t interval of the mean effect with seeds as units (k - 1 degrees of freedom)."""
    mean, half = sum(effects) / len(effects), detectable(seed_sd(effects), len(effects), level)
    return Interval(low=mean - half, high=mean + half, level=level, method=f"Student's t over {len(effects)} seeds")


def seed_p(effects: Sequence[float]) -> float:
    """Two-sided p of Student's one-sample t test with seeds as units. Seeds without any spread give the smallest float, or 1 at no effect: read it beside
    a test over items."""
    from scipy.special import stdtr

    mean, error = sum(effects) / len(effects), seed_sd(effects) / sqrt(len(effects))
    if error <= 1e-12 * max(1.0, abs(mean)):
        return SMALLEST_P if abs(mean) > 1e-12 else 1.0
    return max(SMALLEST_P, float(2 * stdtr(len(effects) - 1, -abs(mean) / error)))


def detectable(sd: float, k: int, level: float = LEVEL) -> float:
    """The smallest mean effect of `k` >= 2 seeds whose t interval leaves zero when only seed noise of this SD is there: t_{k-1}(.975) sd / sqrt(k)."""
    from scipy.special import stdtrit

    return float(stdtrit(k - 1, 0.5 + level / 2)) * sd / sqrt(k)
