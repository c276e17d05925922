"""Sums and counts of similarities by pair of models and by stratum, from which every mean of a study is taken, so that all of them agree."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from harness.domains.convergence.agreement.comparison import Comparison


@dataclass(frozen=True)
class Tally:
    """`sums` and `counts` are (..., pairs, strata); leading axes are draws of a null or a bootstrap."""

    sums: NDArray[np.float64]
    counts: NDArray[np.float64]

    def mean(self, pairs: NDArray[np.bool_] | None = None, stratum: int | None = None) -> NDArray[np.float64]:
        """(...): the mean over the chosen pairs (all) and stratum (all); NaN where nothing is counted."""
        import numpy as np

        kept = slice(None) if pairs is None else pairs
        strata = slice(None) if stratum is None else slice(stratum, stratum + 1)
        sums, counts = (part[..., kept, strata].sum(axis=(-2, -1)) for part in (self.sums, self.counts))
        found: NDArray[np.float64] = np.divide(sums, counts, out=np.full(np.shape(sums), np.nan), where=counts > 0)
        return found


def sum_values(values: NDArray[np.float64], stratum: NDArray[np.intp], strata: int) -> Tally:
    """The tally of (pairs, prompts) values, one for each answered pair and prompt."""
    import numpy as np

    there = ~np.isnan(values)
    member = (stratum[:, None] == np.arange(strata)[None]).astype(float)
    return Tally(np.where(there, values, 0.0) @ member, there @ member)


def pairs_with(study: Comparison, model: str) -> NDArray[np.bool_]:
    """(pairs,): those that the model is one of."""
    found: NDArray[np.bool_] = (study.pairs == study.models.index(model)).any(axis=1)
    return found


def pairs_within(study: Comparison, groups: dict[str, str]) -> NDArray[np.bool_]:
    """(pairs,): those whose two models are of one group (model to group)."""
    import numpy as np

    named = np.array([groups[model] for model in study.models])
    found: NDArray[np.bool_] = named[study.pairs[:, 0]] == named[study.pairs[:, 1]]
    return found


def pair_means(tally: Tally) -> NDArray[np.float64]:
    """(..., pairs): each pair's own mean over all strata; NaN where it has none."""
    import numpy as np

    sums, counts = tally.sums.sum(axis=-1), tally.counts.sum(axis=-1)
    found: NDArray[np.float64] = np.divide(sums, counts, out=np.full(np.shape(sums), np.nan), where=counts > 0)
    return found


def within_effect(means: NDArray[np.float64], weights: NDArray[np.float64], pairs: NDArray[np.intp], inside: NDArray[np.bool_]) -> NDArray[np.float64]:
    """(draws,): the coefficient of `inside` in weighted least squares of (draws, pairs) means on both models' own effects; NaN where it is not determined."""
    import numpy as np

    member = np.zeros((len(pairs), int(pairs.max()) + 1))
    member[np.arange(len(pairs)), pairs[:, 0]] = member[np.arange(len(pairs)), pairs[:, 1]] = 1.0
    design, found = np.column_stack([member, inside.astype(float)]), np.full(len(means), np.nan)
    for draw, (values, counts) in enumerate(zip(means, weights, strict=True)):
        there = (counts > 0) & ~np.isnan(values)
        root = np.sqrt(counts[there])[:, None]
        rows = design[there] * root
        used = rows.any(axis=0)
        # Where the coefficient is not told apart from the models' own effects, taking its column away leaves the rank as it is.
        if used[-1] and np.linalg.matrix_rank(rows) > np.linalg.matrix_rank(rows[:, :-1]):
            found[draw] = np.linalg.lstsq(rows, values[there] * root[:, 0], rcond=None)[0][-1]
    return found
