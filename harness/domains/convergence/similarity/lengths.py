"""The length confound: how alike two texts are in length alone, the shorter over the longer in tokens.

It has the form of a similarity, so a caller can correlate it with one over the same pairs. A similarity that follows it closely may have measured nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from harness.code_dependencies import code_fingerprint
from harness.domains.convergence.similarity.tokens import TOKEN, tokens

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Lengths:
    """In 0 to 1. Two texts without tokens are of one length (1); one without and one with are as far apart as can be (0)."""

    name = "lengths"

    def describe(self) -> dict[str, Any]:
        code = code_fingerprint(__name__)
        return {"similarity": self.name, "tokens": TOKEN.pattern, "code": code}

    def prepare(self, texts: Sequence[str]) -> PreparedLengths:
        return PreparedLengths(texts)


class PreparedLengths:
    """Tokens of each text."""

    def __init__(self, texts: Sequence[str]) -> None:
        import numpy as np

        self.counts = np.array([len(tokens(text)) for text in texts], dtype=float)

    def block(self, rows: NDArray[np.intp]) -> NDArray[np.float64]:
        return ratios(self.counts[rows][:, None], self.counts[rows][None, :])

    def paired(self, first: NDArray[np.intp], second: NDArray[np.intp]) -> NDArray[np.float64]:
        return ratios(self.counts[first], self.counts[second])


def ratios(first: NDArray[np.float64], second: NDArray[np.float64]) -> NDArray[np.float64]:
    """min / max of token counts, elementwise and broadcast; 1 where both are 0."""
    import numpy as np

    longer = np.maximum(first, second)
    return np.where(longer > 0, np.minimum(first, second) / np.maximum(longer, 1.0), 1.0)
