"""Cosine of sentence vectors by all-MiniLM-L6-v2: what is said, whatever the words. Texts are cut at 256 tokens."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from harness.code_dependencies import code_fingerprint
from harness.measures.encoder import MAX_TOKENS, encoder

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Embedding:
    """In -1 to 1. An empty text has a vector too, that of the encoder's two frame tokens: 1 beside another empty one, -.1 to .5 beside words."""

    name = "embedding"

    def describe(self) -> dict[str, Any]:
        return {"similarity": self.name, "encoder": encoder().fingerprint, "max_tokens": MAX_TOKENS, "code": code_fingerprint(__name__)}

    def prepare(self, texts: Sequence[str]) -> PreparedEmbedding:
        return PreparedEmbedding(encoder().vectors([encodable(text) for text in texts]))


class PreparedEmbedding:
    """(texts, 384), brought to unit length in float64: in float32 a vector's product with itself is off by 1e-7."""

    def __init__(self, vectors: NDArray[np.float32]) -> None:
        import numpy as np

        exact = vectors.astype(np.float64)
        self.vectors = exact / np.linalg.norm(exact, axis=1, keepdims=True)

    def block(self, rows: NDArray[np.intp]) -> NDArray[np.float64]:
        import numpy as np

        chosen = self.vectors[rows]
        found: NDArray[np.float64] = np.clip(chosen @ chosen.T, -1.0, 1.0)
        return found

    def paired(self, first: NDArray[np.intp], second: NDArray[np.intp]) -> NDArray[np.float64]:
        import numpy as np

        found: NDArray[np.float64] = np.clip(np.einsum("ij,ij->i", self.vectors[first], self.vectors[second]), -1.0, 1.0)
        return found


def encodable(text: str) -> str:
    """The text with a question mark for every lone surrogate, which models do write and no tokenizer takes."""
    return text.encode("utf-8", "replace").decode("utf-8")
