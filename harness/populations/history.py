"""What is measured of a population, generation by generation, before each selection."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

# What the engines count and sum. All are means over models or shares of held beliefs, but for the counts.
MEASURED = (
    "fitness",  # mean F as selection sees it, without noise
    "fitness_sd",  # over models, divisor P
    "value",  # mean plain sum of v over a model's beliefs: U(m)
    "value_tested",  # mean of the same average that fitness takes, of v in place of a: changes when only the test changes
    "value_used",  # mean sum of usage * v: what is realised in the world
    "deceptive",  # share of held beliefs with v < 0 and a signal above 0 by what the evaluators see now
    "deceptive_first",  # the same by what they saw at generation 0: moved by selection alone, never by relabelling
    "pool",  # share of all beliefs that are deceptive by what the evaluators see now
    "diversity",  # 1 - sum of n_b^2 / (P sum of n_b): chance that a belief of one model is not held by another, drawn with replacement
    "founders",  # founders with living descendants; none where beliefs recombine
    "size",  # mean number of held beliefs
    "alive",  # models above the catastrophe's threshold
    "questions",  # questions of the test
)
COLUMN = {name: place for place, name in enumerate(MEASURED)}


@dataclass(frozen=True)
class History:
    """`values` is (generations + 1, len(MEASURED)); rows after an extinction are NaN, as is what has no meaning. `extinct` is the generation in which no
    model was left to have children, None where there always was one."""

    values: np.ndarray
    extinct: int | None = None

    def __getitem__(self, name: str) -> np.ndarray:
        """One measure over the generations; `enrichment` is the deceptive share over that of the pool, `value_each` the value of a held belief."""
        if name == "enrichment":
            pool = self["pool"]
            rich: np.ndarray = np.divide(self["deceptive"], pool, out=np.full(len(pool), np.nan), where=pool > 0)
            return rich
        if name == "value_each":
            size = self["size"]
            each: np.ndarray = np.divide(self["value"], size, out=np.full(len(size), np.nan), where=size > 0)
            return each
        found: np.ndarray = self.values[:, COLUMN[name]]
        return found
