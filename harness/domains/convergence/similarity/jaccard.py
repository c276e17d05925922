"""Jaccard similarity of token sets: shared tokens over all tokens of the two (Jaccard, 1912)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from harness.code_dependencies import code_fingerprint
from harness.domains.convergence.similarity.tokens import TOKEN, Bags, Wordless

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Jaccard:
    """How often a token stands in a text does not matter. A text without any token is like the same text alone."""

    name = "jaccard"

    def describe(self) -> dict[str, Any]:
        code = code_fingerprint(__name__)
        return {"similarity": self.name, "case": "lower", "tokens": TOKEN.pattern, "code": code}

    def prepare(self, texts: Sequence[str]) -> PreparedJaccard:
        return PreparedJaccard(Bags(texts))


class PreparedJaccard:
    """Which tokens stand in which text."""

    def __init__(self, bags: Bags) -> None:
        import numpy as np

        self.present = bags.counts.sign()
        self.sizes = np.diff(self.present.indptr).astype(float)
        self.wordless = Wordless(bags.texts, self.sizes > 0)

    def block(self, rows: NDArray[np.intp]) -> NDArray[np.float64]:
        chosen = self.present[rows]
        return self._ratio((chosen @ chosen.T).toarray(), rows[:, None], rows[None, :])

    def paired(self, first: NDArray[np.intp], second: NDArray[np.intp]) -> NDArray[np.float64]:
        import numpy as np

        return self._ratio(np.asarray(self.present[first].multiply(self.present[second]).sum(axis=1)).ravel(), first, second)

    def _ratio(self, shared: NDArray[np.float64], first: NDArray[np.intp], second: NDArray[np.intp]) -> NDArray[np.float64]:
        import numpy as np

        return self.wordless.settle(shared / np.maximum(1.0, self.sizes[first] + self.sizes[second] - shared), first, second)
