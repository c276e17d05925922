"""Intervals over models and prompts at once: pairs share models and all pairs share prompts, so neither pairs nor cells are independent.

Two-way ("pigeonhole") bootstrap: models are drawn with replacement, prompts with replacement within their capability, and a cell counts as often as both
were drawn (Owen, 2007, Annals of Applied Statistics 1:386). A model drawn twice is not paired with itself. With two models only prompts are drawn.
Percentiles of few clusters are too near: they are expanded to what Student's t would have (Hesterberg, 2015, The American Statistician 69:371). Simulated
with equal SDs of models, prompts and residuals: coverage .84 before and .93 after for 6 models.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from harness.domains.convergence.agreement.sums import Tally
from harness.records import Interval
from harness.seeds import generator

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from harness.domains.convergence.agreement.comparison import Comparison

DRAWS = 2000
LEVEL = 0.95
FEWEST = 3
METHOD = "expanded percentile, two-way cluster bootstrap over models and prompts"
PROMPTS_ONLY = "expanded percentile, bootstrap over prompts (two models: models cannot be resampled)"


@dataclass(frozen=True, kw_only=True)
class TwoWay:
    """The draws of one study: the same for every measure and every mean, so that differences and ratios of them have intervals too."""

    study: Comparison
    draws: int = DRAWS

    @cached_property
    def prompts(self) -> NDArray[np.float64]:
        """(draws, N): how often each prompt was drawn within its stratum."""
        import numpy as np

        found = np.zeros((self.draws, len(self.study.prompts)))
        for number, name in enumerate(self.study.capabilities):
            places = np.flatnonzero(self.study.stratum == number)
            rng = generator("two-way prompts", name, [self.study.prompts[place] for place in places], self.draws)
            found[:, places] = rng.multinomial(len(places), np.full(len(places), 1 / len(places)), size=self.draws)
        return found

    @cached_property
    def pairs(self) -> NDArray[np.float64]:
        """(draws, pairs): how often each pair was drawn."""
        import numpy as np

        models = len(self.study.models)
        if models < FEWEST:
            return np.ones((self.draws, len(self.study.pairs)))
        drawn = generator("two-way models", list(self.study.models), self.draws).multinomial(models, np.full(models, 1 / models), size=self.draws)
        found: NDArray[np.float64] = (drawn[:, self.study.pairs[:, 0]] * drawn[:, self.study.pairs[:, 1]]).astype(float)
        return found

    def tally(self, values: NDArray[np.float64]) -> Tally:
        """(draws, pairs, strata) of (pairs, N) values."""
        import numpy as np

        there = ~np.isnan(values)
        shape = (self.draws, len(self.study.pairs), len(self.study.capabilities))
        sums, counts = np.empty(shape), np.empty(shape)
        for number in range(shape[2]):
            here = self.study.stratum == number
            drawn = self.prompts[:, here]
            sums[:, :, number] = drawn @ np.where(there, values, 0.0)[:, here].T
            whole = there[:, here].all()
            counts[:, :, number] = drawn.sum(axis=1, keepdims=True) if whole else drawn @ there[:, here].T.astype(float)
        return Tally(sums * self.pairs[:, :, None], counts * self.pairs[:, :, None])

    @property
    def clusters(self) -> int:
        """How many were drawn of the fewer: models, or prompts where models are not."""
        models, prompts = len(self.study.models), len(self.study.prompts)
        return prompts if models < FEWEST else min(models, prompts)

    def interval(self, draws: NDArray[np.float64], level: float = LEVEL) -> Interval:
        """The interval of draws of this study."""
        return interval(draws, METHOD if len(self.study.models) >= FEWEST else PROMPTS_ONLY, self.clusters, level)


def interval(draws: NDArray[np.float64], method: str, clusters: int, level: float = LEVEL) -> Interval:
    """The expanded percentile interval of the draws that have a value: Phi(-sqrt(n / (n - 1)) t) is left out on either side, n `clusters`. `method` tells
    how many have none."""
    import numpy as np
    from scipy.special import ndtr
    from scipy.stats import t

    outside = float(ndtr(-((clusters / (clusters - 1)) ** 0.5) * t.ppf(0.5 + level / 2, clusters - 1))) if clusters > 1 else 0.0
    low, high = np.nanpercentile(draws, [100 * outside, 100 * (1 - outside)])
    without = int(np.isnan(draws).sum())
    if low == high:
        method = f"degenerate: every draw is the same; {method}"
    return Interval(low=float(low), high=float(high), level=level, method=f"{method}; {without} of {draws.size} draws have no value" if without else method)
