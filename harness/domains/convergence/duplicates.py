"""Tasks that ask the same thing twice: one prompt counted as two makes every interval too narrow."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from harness.domains.convergence.tasks import Task
from harness.measures.encoder import encoder
from harness.measures.similar_texts import normal

# From reading pairs near the bar in our own banks: below .90 cosine and .85 Indel two prompts ask two things.
COSINE, INDEL = 0.90, 0.85


class NearDuplicates(msgspec.Struct, frozen=True, kw_only=True):
    """Two tasks that are nearly one, with both similarities."""

    first: str
    second: str
    cosine: float
    indel: float


def near_duplicates(tasks: Sequence[Task], cosine: float = COSINE, indel: float = INDEL) -> list[NearDuplicates]:
    """Pairs of tasks whose sentence vectors (MiniLM) or letters (normalised Indel of lower-case words) are at least that alike, most alike first."""
    import numpy as np
    from rapidfuzz.distance import Indel
    from rapidfuzz.process import cdist

    if len(tasks) < 2:
        return []
    vectors = encoder().vectors([task.text for task in tasks])
    plain = [normal(task.text) for task in tasks]
    letters = cdist(plain, plain, scorer=Indel.normalized_similarity, workers=-1, dtype=np.float64)
    meanings = vectors @ vectors.T
    rows, columns = np.nonzero(np.triu((meanings >= cosine) | (letters >= indel), k=1))
    found = [
        NearDuplicates(first=tasks[int(i)].id, second=tasks[int(j)].id, cosine=float(meanings[i, j]), indel=float(letters[i, j]))
        for i, j in zip(rows, columns, strict=True)
    ]
    return sorted(found, key=lambda twins: -max(twins.cosine, twins.indel))
