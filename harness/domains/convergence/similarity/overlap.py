"""1 - JS of sparse distributions: the sum over shared outcomes of ((p + q) log2(p + q) - p log2 p - q log2 q) / 2.

This is Lin (1991), JS = H((p + q) / 2) - (H(p) + H(q)) / 2 in bits, with what either has alone taken together: there 1 - JS gains nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def overlaps(shares: Any) -> NDArray[np.float64]:
    """(n, n): 1 - JS of every two rows of `shares`, a sparse matrix of probabilities, with 1 on the diagonal.

    Outcome by outcome, the texts that have it are paired at distance 1, 2, ... of their column, all outcomes at once. For a million pairs of answers of
    480 characters this takes .3 s; walking along both rows of every pair took .6 s as machine code (numba).
    """
    import numpy as np

    columns, size = shares.tocsc(), shares.shape[0]
    rows, p, own = columns.indices.astype(np.intp), columns.data, entropy_terms(columns.data)
    behind = np.repeat(columns.indptr[1:], np.diff(columns.indptr)) - np.arange(len(p)) - 1
    flat, distance = np.zeros(size * size), 1
    while len(entries := np.flatnonzero(behind >= distance)):
        others = entries + distance
        np.add.at(flat, rows[entries] * size + rows[others], (entropy_terms(p[entries] + p[others]) - own[entries] - own[others]) / 2)
        distance += 1
    upper = flat.reshape(size, size)
    return upper + upper.T + np.eye(size)


def overlap(one: Any, other: Any) -> NDArray[np.float64]:
    """(n,): 1 - JS of row i of one against row i of the other, both sparse."""
    import numpy as np

    # Each where the other is: two matrices whose entries stand in the same places.
    p, q = one.multiply(other.sign()).tocsr(), other.multiply(one.sign()).tocsr()
    terms = (entropy_terms(p.data + q.data) - entropy_terms(p.data) - entropy_terms(q.data)) / 2
    found = np.zeros(p.shape[0])
    np.add.at(found, np.repeat(np.arange(p.shape[0]), np.diff(p.indptr)), terms)
    return found


def entropy_terms(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """x log2 x of positive values."""
    import numpy as np

    return np.asarray(values * np.log2(values))
