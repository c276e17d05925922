"""What in one model goes with what in another, found on some texts and held against others.

Whatever is fitted over hundreds of dimensions fits the texts it was fitted on. So components (`canonical_scores`) and pairs of units (`paired_units`)
are found on one part of the texts, and correlated on the other; `held_out` does it both ways round and compares with texts of the same stratum paired
at random.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.errors import HarnessError
from harness.seeds import derive, generator

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

# Few, as each takes its share of the texts to be found. Chosen by reasoning; other values were not tried.
COMPONENTS = 10
LEAST = 6 * COMPONENTS
RESAMPLES = 999
# Ties of equal sums in another order differ by rounding only.
ROUNDING = 1e-12
Scores = Callable[["Array", "Array", "Array", "Array"], "tuple[Array, Array]"]


@dataclass(frozen=True, kw_only=True)
class Correspondence:
    """Mean held-out correlation (`value`), that of texts paired at random within strata (`null_mean`), and their difference `beyond` with its 95 %
    interval over texts (`low`, `high`; BCa). `shares`: each text's part of `beyond`, which is their mean. `p`: one-sided, (b + 1) / (B + 1)."""

    value: float
    null_mean: float
    beyond: float
    low: float
    high: float
    shares: tuple[float, ...]
    p: float
    permutations: int


def held_out(first: Array, second: Array, scores: Scores, *seed: object, strata: Sequence[str], permutations: int = 1000) -> Correspondence:
    """How far two layers, (texts, width) each with the texts in the same order, go together by `scores`, on texts that these were not found on.

    The two halves hold each stratum evenly, and each is asked once. Deterministic. Raises HarnessError for too few texts, for a stratum of fewer than
    four, and for lists that do not fit.
    """
    import numpy as np

    kinds = check(first, second, strata)
    rng, order, blocks = generator("correspondence", *seed), halves(kinds, *seed), []
    for half in (0, 1):
        learned, asked = np.flatnonzero(order != half), np.flatnonzero(order == half)
        one, other = (standardise(part) for part in scores(first[learned], second[learned], first[asked], second[asked]))
        blocks.append((asked, one @ other.T / one.shape[1]))
    own, at_random = np.zeros(len(first)), np.zeros(len(first))
    for asked, products in blocks:
        own[asked], at_random[asked] = np.diag(products), partner_means(products, kinds[asked])
    drawn = np.array([random_pairs(blocks, kinds, rng) for _ in range(permutations)])
    low, high = mean_interval(own - at_random, *seed)
    return Correspondence(
        value=float(own.mean()),
        null_mean=float(at_random.mean()),
        beyond=float((own - at_random).mean()),
        low=low,
        high=high,
        shares=tuple(float(share) for share in own - at_random),
        p=(int((drawn >= own.mean() - ROUNDING).sum()) + 1) / (permutations + 1),
        permutations=permutations,
    )


def canonical_scores(first: Array, second: Array, asked_first: Array, asked_second: Array) -> tuple[Array, Array]:
    """SVCCA (Raghu et al., 2017): the canonical components of both sides' first principal ones, on the texts asked, (texts, COMPONENTS) each."""
    import numpy as np

    (one, asked_one), (other, asked_other) = principal(first, asked_first), principal(second, asked_second)
    left, _, right = np.linalg.svd(one.T @ other, full_matrices=False)
    return asked_one @ left, asked_other @ right.T


def principal(learned: Array, asked: Array) -> tuple[Array, Array]:
    """The first principal components of the texts learned from, whitened, and the same components of the texts asked."""
    import numpy as np

    centre = learned.mean(axis=0)
    scores, lengths, axes = np.linalg.svd(learned - centre, full_matrices=False)
    # A layer of fewer dimensions than components has no more of them to give.
    kept = min(COMPONENTS, int((lengths > lengths[0] * 1e-9).sum()))
    return scores[:, :kept], (asked - centre) @ axes[:kept].T / lengths[:kept]


def paired_units(first: Array, second: Array, asked_first: Array, asked_second: Array) -> tuple[Array, Array]:
    """Units matched one to one so that the correlations, whatever their sign, are largest in sum on the texts learned from (Li et al., 2016), on the
    texts asked; a unit that goes against its partner is turned round."""
    import numpy as np
    from scipy.optimize import linear_sum_assignment

    correlations = standardise(first).T @ standardise(second) / len(first)
    here, there = linear_sum_assignment(-np.abs(correlations))
    return asked_first[:, here] * np.where(correlations[here, there] < 0, -1, 1), asked_second[:, there]


def linear_map(source: Array, target: Array, *, penalty: float = 1.0) -> tuple[Array, Array, Array]:
    """(matrix, centre of the source, centre of the target): ridge regression from one model's states to another's, on the same texts in the same order.

    `penalty` counts in the mean variance of the texts' kernel, so that it means the same at any width and scale.
    """
    import numpy as np

    here, there = source.mean(axis=0), target.mean(axis=0)
    centred = np.asarray(source - here, dtype=np.float64)
    kernel = centred @ centred.T
    weights = np.linalg.solve(kernel + penalty * np.trace(kernel) / len(kernel) * np.eye(len(kernel)), target - there)
    return centred.T @ weights, here, there


def standardise(data: Array) -> Array:
    """Columns of mean 0 and variance 1; one without differences becomes 0."""
    import numpy as np

    centred = data - data.mean(axis=0)
    spread = centred.std(axis=0)
    return np.asarray(np.divide(centred, spread, out=np.zeros_like(centred, dtype=np.float64), where=spread > 0))


def halves(kinds: Array, *seed: object) -> Array:
    """0 or 1 for each text, evenly within each stratum."""
    import numpy as np

    rng, found = generator("halves", *seed), np.zeros(len(kinds), dtype=int)
    for kind in sorted(set(kinds.tolist())):
        places = rng.permutation(np.flatnonzero(kinds == kind))
        found[places[len(places) // 2 :]] = 1
    return found


def partner_means(products: Array, kinds: Array) -> Array:
    """For each text the mean of its products with the other texts of its stratum."""
    import numpy as np

    same = (kinds[:, None] == kinds) & ~np.eye(len(kinds), dtype=bool)
    return np.asarray((products * same).sum(axis=1) / same.sum(axis=1))


def random_pairs(blocks: Sequence[tuple[Array, Array]], kinds: Array, rng: np.random.Generator) -> float:
    """The mean product where each half's texts are paired at random within their strata."""
    import numpy as np

    total, count = 0.0, 0
    for asked, products in blocks:
        order = np.arange(len(asked))
        for kind in sorted(set(kinds[asked].tolist())):
            places = np.flatnonzero(kinds[asked] == kind)
            order[places] = rng.permutation(places)
        total += float(products[np.arange(len(asked)), order].sum())
        count += len(asked)
    return total / count


def mean_interval(shares: Array, *seed: object) -> tuple[float, float]:
    """95 % interval of the mean over texts (BCa); the mean itself twice where all are equal."""
    import numpy as np
    from scipy.stats import bootstrap

    if np.ptp(shares) < ROUNDING:
        return float(shares.mean()), float(shares.mean())
    rng = np.random.default_rng(derive("correspondence interval", *seed))
    found = bootstrap((shares,), np.mean, n_resamples=RESAMPLES, vectorized=True, rng=rng).confidence_interval
    return float(found.low), float(found.high)


def check(first: Array, second: Array, strata: Sequence[str]) -> Array:
    """The strata as an array. Refuses what cannot be compared."""
    import numpy as np

    if first.ndim != 2 or second.ndim != 2 or {len(first), len(second), len(strata)} != {len(first)}:
        told = f"layers of shape {first.shape} and {second.shape} do not fit {len(strata)} strata"
        raise HarnessError(told, where="correspondence", mend="Give (texts, width) twice and one stratum a text.")
    kinds = np.asarray(strata)
    smallest = min((int((kinds == kind).sum()) for kind in set(strata)), default=0)
    if len(first) < LEAST or smallest < 4:
        mend = f"Give {LEAST} texts or more, and four of each stratum."
        raise HarnessError(f"{len(first)} texts, {smallest} in the smallest stratum, are too few", where="correspondence", mend=mend)
    return kinds


class TextShares:
    """Each text's share of a mean over texts that was computed from two models' states."""

    outcome, unit, sampling_unit = "share", "similarity", "text"

    def __init__(self, shares: Mapping[str, float], made_of: Mapping[str, Any]) -> None:
        """`shares` by the id of a text; `made_of` says what they were computed from and how, and determines them."""
        self.shares, self.made_of = dict(shares), dict(made_of)

    def describe(self) -> dict[str, Any]:
        return {"measure": "shares of a held-out correlation", **self.made_of}

    def chunks(self, items: Sequence[Any]) -> list[Sequence[Any]]:
        return [items]

    def score(self, items: Sequence[Any]) -> list[dict[str, Any]]:
        return [{"item": item.id, "share": float(self.shares[item.id])} for item in items]
