"""Similarity of token distributions: exp(-KL) and 1 - JS over the tokens that are most frequent in all texts.

KL is the mean of both directions (Kullback and Leibler, 1951: J halved), in nats, and needs smoothing; JS is the Jensen-Shannon divergence in bits
(Lin, 1991), no distance, and is defined on raw frequencies. A text without any of these tokens has no distribution: it is like the same text alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from harness.code_dependencies import code_fingerprint
from harness.domains.convergence.similarity.overlap import overlap, overlaps
from harness.domains.convergence.similarity.tokens import TOKEN, Bags, Wordless

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

TOP = 1000
# Added to every count. Between two answers of 80 tokens exp(-KL) depends on it more than on the answers: over the 14 live models of the published first
# level its mean is .04 at 1e-10, .24 at .01, .64 at .1 and .92 at 1, and under mismatched prompts .00, .06, .48 and .90. Only near .01 is it neither
# 0 for nearly every pair nor close to 1 for all of them.
EPS = 0.01


def kl(p: NDArray[np.float64], q: NDArray[np.float64]) -> float:
    """Sum of p ln(p / q), in nats: KL(p || q) of two distributions over the same outcomes. Infinite where q lacks what p has. Raises ValueError."""
    import numpy as np

    proper(p, q)
    with np.errstate(divide="ignore"):
        return max(0.0, float(np.sum(p[p > 0] * (np.log(p[p > 0]) - np.log(q[p > 0])))))


def js(p: NDArray[np.float64], q: NDArray[np.float64]) -> float:
    """(KL(p || m) + KL(q || m)) / 2 with m = (p + q) / 2, in bits: 0 for equal distributions, 1 for those that share no outcome. Raises ValueError."""
    import numpy as np

    middle = (p + q) / 2
    return min(1.0, (kl(p, middle) + kl(q, middle)) / (2 * float(np.log(2))))


def proper(*distributions: NDArray[np.float64]) -> None:
    import numpy as np

    for one in distributions:
        if one.shape != distributions[0].shape or np.any(one < 0) or abs(one.sum() - 1) > 1e-9:
            raise ValueError("distributions are of one shape, nowhere negative, and sum to 1")


class PooledCounts:
    """Counts of the pooled tokens, (texts, at most `top`) sparse, shared by both measures."""

    def __init__(self, texts: Sequence[str], top: int = TOP) -> None:
        import numpy as np

        self.counts = Bags(texts).frequent(top)
        self.totals = np.asarray(self.counts.sum(axis=1)).ravel()
        self.wordless = Wordless(texts, self.totals > 0)


class ExpKL:
    """exp(-KL), KL symmetrised, of distributions (count + eps) / (total + eps x tokens)."""

    name = "exp_kl"

    def __init__(self, eps: float = EPS, top: int = TOP) -> None:
        self.eps, self.top = eps, top

    def describe(self) -> dict[str, Any]:
        return {"similarity": self.name, "eps": self.eps, "top": self.top, "tokens": TOKEN.pattern, "code": code_fingerprint(__name__)}

    def prepare(self, texts: Sequence[str]) -> PreparedKL:
        return PreparedKL(PooledCounts(texts, self.top), self.eps)


class PreparedKL:
    """Cross entropies are bilinear in p and ln q, and ln q is a constant of its text but for the tokens that stand there: all products are sparse."""

    def __init__(self, pooled: PooledCounts, eps: float = EPS) -> None:
        import numpy as np

        self.wordless, self.counts, self.eps = pooled.wordless, pooled.counts, eps
        self.masses = pooled.totals + eps * self.counts.shape[1]
        # ln(count + eps) = ln(eps) + risen.
        self.risen = (self.counts / eps).log1p()
        self.floors = np.log(eps) - np.log(self.masses)
        self.spread = eps * np.asarray(self.risen.sum(axis=1)).ravel()

    def block(self, rows: NDArray[np.intp]) -> NDArray[np.float64]:
        products = (self.counts[rows] @ self.risen[rows].T).toarray()
        one, other = rows[:, None], rows[None, :]
        return self._similar(products, products.T, one, other)

    def paired(self, first: NDArray[np.intp], second: NDArray[np.intp]) -> NDArray[np.float64]:
        return self._similar(self._product(first, second), self._product(second, first), first, second)

    def _similar(self, there: NDArray[np.float64], back: NDArray[np.float64], first: NDArray[np.intp], second: NDArray[np.intp]) -> NDArray[np.float64]:
        import numpy as np

        own = self.negative_entropies
        doubled = own[first] + own[second] - self._expected(there, first, second) - self._expected(back, second, first)
        return self.wordless.settle(np.exp(-np.maximum(0.0, doubled) / 2), first, second)

    def _expected(self, products: NDArray[np.float64], of: NDArray[np.intp], under: NDArray[np.intp]) -> NDArray[np.float64]:
        """Sum of p ln q, p the distribution of `of` and q that of `under`; `products` are counts times what has risen."""
        found: NDArray[np.float64] = self.floors[under] + (products + self.spread[under]) / self.masses[of]
        return found

    def _product(self, of: NDArray[np.intp], under: NDArray[np.intp]) -> NDArray[np.float64]:
        import numpy as np

        return np.asarray(self.counts[of].multiply(self.risen[under]).sum(axis=1)).ravel()

    @cached_property
    def negative_entropies(self) -> NDArray[np.float64]:
        """(texts,): sum of p ln p."""
        import numpy as np

        every = np.arange(self.counts.shape[0])
        return self._expected(self._product(every, every), every, every)


class OneMinusJS:
    """1 - JS of distributions count / total."""

    name = "one_minus_js"

    def __init__(self, top: int = TOP) -> None:
        self.top = top

    def describe(self) -> dict[str, Any]:
        return {"similarity": self.name, "top": self.top, "tokens": TOKEN.pattern, "code": code_fingerprint(__name__)}

    def prepare(self, texts: Sequence[str]) -> PreparedJS:
        return PreparedJS(PooledCounts(texts, self.top))


class PreparedJS:
    """Only tokens that both texts hold are looked at: every other token adds nothing to 1 - JS."""

    def __init__(self, pooled: PooledCounts) -> None:
        import numpy as np
        from scipy.sparse import diags

        self.wordless = pooled.wordless
        self.shares = (diags(1 / np.maximum(1.0, pooled.totals)) @ pooled.counts).tocsr()
        self.shares.sort_indices()

    def block(self, rows: NDArray[np.intp]) -> NDArray[np.float64]:
        return self.wordless.settle(overlaps(self.shares[rows]), rows[:, None], rows[None, :])

    def paired(self, first: NDArray[np.intp], second: NDArray[np.intp]) -> NDArray[np.float64]:
        return self.wordless.settle(overlap(self.shares[first], self.shares[second]), first, second)
