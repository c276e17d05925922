"""The form of a similarity: all texts of an analysis are prepared once, then asked for by index.

Every measure is symmetric, gives a text and itself 1, depends on the set of texts and never on their order, and is never NaN. Lexical measures lie in
0 to 1, the cosine of sentence vectors in -1 to 1. Rounding is below 1e-9.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Prepared(Protocol):
    """Texts made ready for comparison; rows are places in the sequence that was prepared."""

    def block(self, rows: NDArray[np.intp]) -> NDArray[np.float64]:
        """(rows, rows): the similarities among the texts at `rows`."""
        ...

    def paired(self, first: NDArray[np.intp], second: NDArray[np.intp]) -> NDArray[np.float64]:
        """(n,): the text at first[i] against the text at second[i]."""
        ...


class Similarity(Protocol):
    """A way to compare texts."""

    name: str

    def describe(self) -> dict[str, Any]:
        """All that decides a value, except the texts. JSON-able."""
        ...

    def prepare(self, texts: Sequence[str]) -> Prepared:
        """What is common to all comparisons, computed once. What is pooled (inverse document frequencies, frequent tokens) is pooled over these texts."""
        ...
