"""Groups of models that answer alike: average linkage, and how often each group comes back when other prompts are drawn."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from harness.domains.convergence.agreement.two_way_bootstrap import TwoWay
from harness.domains.convergence.sections.clusters import Join
from harness.errors import Inconclusive

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from harness.domains.convergence.agreement.comparison import Comparison

BOOTSTRAPS = 500


def cluster_models(study: Comparison, measure: str, bootstraps: int = BOOTSTRAPS) -> list[Join]:
    """The joins, lowest first. Raises Inconclusive for fewer than three models, and for two models without a common answer."""
    import numpy as np

    models = len(study.models)
    if models < 3:
        raise Inconclusive(f"{models} models have no clusters")
    links = compute_linkage(means(study.similarities_of(measure), np.ones((1, len(study.prompts))))[0], models)
    if links is None:
        raise Inconclusive("two models have no answered prompt in common: they have no distance")
    drawn = [compute_linkage(row, models) for row in means(study.similarities_of(measure), TwoWay(study=study, draws=bootstraps).prompts)]
    usable = [found for found in drawn if found is not None]
    seen = Counter(group for found in usable for group in members(found, models))
    return [
        Join(
            first=int(row[0]),
            second=int(row[1]),
            height=float(row[2]),
            stability=seen[group] / max(1, len(usable)),
            members=tuple(study.models[index] for index in sorted(group)),
        )
        for row, group in zip(links, members(links, models), strict=True)
    ]


def means(values: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """(draws, pairs): the mean over prompts of (pairs, N) values under (draws, N) weights; NaN where a pair has no answered prompt."""
    import numpy as np

    there = ~np.isnan(values)
    counts = weights @ there.T.astype(float)
    found: NDArray[np.float64] = np.divide(weights @ np.where(there, values, 0.0).T, counts, out=np.full(counts.shape, np.nan), where=counts > 0)
    return found


def compute_linkage(similarity: NDArray[np.float64], models: int) -> NDArray[np.float64] | None:
    """scipy's linkage matrix of (pairs,) similarities, in the condensed order; None where one is missing."""
    import numpy as np
    from scipy.cluster.hierarchy import linkage

    if np.isnan(similarity).any():
        return None
    found: NDArray[np.float64] = linkage(np.maximum(0.0, 1 - similarity), method="average")
    return found if len(found) == models - 1 else None


def members(links: NDArray[np.float64], models: int) -> list[frozenset[int]]:
    """The models of each join, in order."""
    groups = [frozenset({place}) for place in range(models)]
    for first, second, *_ in links:
        groups.append(groups[int(first)] | groups[int(second)])
    return groups[models:]
