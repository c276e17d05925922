"""A claim: a law's name and sentence, and the ways in which findings about it are made."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from harness.domains.evolution.laws.law import Finding

STEP = 2.0**-20  # what sums taken in another order, or signals put on a grid, may differ by without being another result


@dataclass(frozen=True)
class Claim:
    """`law` is the id in the registry, `says` one sentence."""

    law: str
    says: str

    def exact(self, statistic: str, observed: float, expected: float, n: int, unit: str = "count") -> Finding:
        """Anything but equality breaks the law."""
        return Finding(law=self.law, says=self.says, statistic=statistic, observed=float(observed), expected=float(expected), se=0.0, n=n, unit=unit)

    def equal(self, statistic: str, observed: np.ndarray, expected: np.ndarray, n: int) -> Finding:
        """Two arrays, bit for bit, what is missing in both included: the number of places in which they differ."""
        differ = ~((observed == expected) | (np.isnan(observed) & np.isnan(expected)))
        return self.exact(statistic, int(differ.sum()), 0, n, "places that differ")

    def near(self, statistic: str, observed: np.ndarray | float, expected: np.ndarray | float, n: int) -> Finding:
        """Two arrays, but for rounding: the greatest distance in whole steps of 2**-20."""
        distance = np.abs(np.asarray(observed, float) - np.asarray(expected, float)).max()
        return self.exact(statistic, float(np.floor(distance / STEP)), 0, n, "steps of 2**-20")

    def mean(self, statistic: str, samples: np.ndarray, expected: float, *, sd: float | None = None, allowance: float = 0.0, unit: str = "") -> Finding:
        """The mean of one number a run. `sd` of a single run where theory gives it, else the samples' own; `allowance` is the error of `expected` itself."""
        each = float(np.std(samples, ddof=1)) if sd is None else sd
        se = float(np.hypot(each / np.sqrt(len(samples)), allowance))
        observed = float(np.mean(samples))
        return Finding(law=self.law, says=self.says, statistic=statistic, observed=observed, expected=float(expected), se=se, n=len(samples), unit=unit)

    def scale(self, statistic: str, samples: np.ndarray, expected: float) -> Finding:
        """The mean of one number a run that cannot be negative, and is skewed the more the larger it is, such as a square."""
        return self._root(statistic, float(samples.mean() / expected), float(samples.std(ddof=1) / samples.mean()), len(samples))

    def variance(self, statistic: str, samples: np.ndarray, mean: float, variance: float, kurtosis: float | None = None) -> Finding:
        """The variance of one number a run about its known mean. `kurtosis` (3 of a normal) of a single run where theory gives it, else the samples' own."""
        squares = (np.asarray(samples) - mean) ** 2
        if kurtosis is None:
            kurtosis = float((squares**2).mean() / squares.mean() ** 2) if squares.any() else 3.0
        return self._root(statistic, float(squares.mean() / variance), float(np.sqrt(kurtosis - 1.0)), len(squares))

    def counts(self, statistic: str, observed: np.ndarray, expected: np.ndarray) -> Finding:
        """Counts of a multinomial, all at once: their chi-square over its degrees of freedom."""
        degrees = len(observed) - 1
        total, runs = float(((observed - expected) ** 2 / expected).sum()), round(float(expected.sum()))
        return self._root(statistic, total / degrees, float(np.sqrt(2.0 / degrees * runs)), runs)

    def _root(self, statistic: str, ratio: float, each: float, runs: int) -> Finding:
        """A ratio to what is expected, by its cube root: nearly normal where the ratio is skewed (Wilson and Hilferty, 1931). `each`: its error, of one run."""
        error = each / np.sqrt(runs)
        return Finding(
            law=self.law,
            says=self.says,
            statistic=statistic,
            observed=float(np.cbrt(ratio)),
            expected=float(1.0 - error**2 / 9.0),
            se=float(error / 3.0),
            n=runs,
            unit="cube root of the ratio",
        )
