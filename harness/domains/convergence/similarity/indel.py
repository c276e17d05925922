"""Indel similarity of characters: 2 x LCS / (length + length), in which LCS is the longest common subsequence (rapidfuzz; Hyyrö, 2004)."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import metadata
from typing import TYPE_CHECKING, Any

from harness.code_dependencies import code_fingerprint

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Indel:
    """Insertions and deletions only, on lower case. Two empty texts are equal; an empty text and another share nothing."""

    name = "indel"

    def describe(self) -> dict[str, Any]:
        code = code_fingerprint(__name__)
        return {"similarity": self.name, "case": "lower", "rapidfuzz": metadata.version("rapidfuzz"), "code": code}

    def prepare(self, texts: Sequence[str]) -> PreparedIndel:
        return PreparedIndel([text.lower() for text in texts])


class PreparedIndel:
    """Texts in lower case. All cores are used."""

    def __init__(self, texts: Sequence[str]) -> None:
        self.texts = texts

    def block(self, rows: NDArray[np.intp]) -> NDArray[np.float64]:
        import numpy as np
        from rapidfuzz.distance import Indel
        from rapidfuzz.process import cdist

        # The same list twice: rapidfuzz then computes one half.
        chosen = [self.texts[row] for row in rows]
        return cdist(chosen, chosen, scorer=Indel.normalized_similarity, dtype=np.float64, workers=-1)

    def paired(self, first: NDArray[np.intp], second: NDArray[np.intp]) -> NDArray[np.float64]:
        import numpy as np
        from rapidfuzz.distance import Indel
        from rapidfuzz.process import cpdist

        one, other = [self.texts[row] for row in first], [self.texts[row] for row in second]
        return cpdist(one, other, scorer=Indel.normalized_similarity, dtype=np.float64, workers=-1)
