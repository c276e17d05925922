"""Cosine of TF-IDF vectors (Salton and Buckley, 1988) as scikit-learn makes them, with 1 + ln(count) and smooth inverse document frequencies."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import metadata
from typing import TYPE_CHECKING, Any

from harness.code_dependencies import code_fingerprint
from harness.domains.convergence.similarity.tokens import Wordless

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SETTINGS = {"sublinear_tf": True}


class Tfidf:
    """Fitted on all texts that are prepared. Its words have two characters or more, scikit-learn's default; a text without any is like the same text alone."""

    name = "tfidf"

    def describe(self) -> dict[str, Any]:
        code = code_fingerprint(__name__)
        return {"similarity": self.name, "settings": SETTINGS, "scikit_learn": metadata.version("scikit-learn"), "code": code}

    def prepare(self, texts: Sequence[str]) -> PreparedTfidf:
        return PreparedTfidf(texts)


class PreparedTfidf:
    """Unit-length sparse vectors, (texts, words)."""

    def __init__(self, texts: Sequence[str]) -> None:
        import numpy as np
        from scipy.sparse import csr_matrix
        from sklearn.feature_extraction.text import TfidfVectorizer

        vectorizer = TfidfVectorizer(**SETTINGS)
        # scikit-learn refuses texts of which none holds a word.
        worded = any(map(vectorizer.build_analyzer(), texts))
        self.vectors = vectorizer.fit_transform(texts) if worded else csr_matrix((len(texts), 1))
        self.vectors.sort_indices()
        self.wordless = Wordless(texts, np.diff(self.vectors.indptr) > 0)

    def block(self, rows: NDArray[np.intp]) -> NDArray[np.float64]:
        chosen = self.vectors[rows]
        return self.wordless.settle((chosen @ chosen.T).toarray(), rows[:, None], rows[None, :])

    def paired(self, first: NDArray[np.intp], second: NDArray[np.intp]) -> NDArray[np.float64]:
        import numpy as np

        found = np.asarray(self.vectors[first].multiply(self.vectors[second]).sum(axis=1)).ravel()
        return self.wordless.settle(found, first, second)
