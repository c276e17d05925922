"""Texts as tokens, said once for every measure that counts words, and what holds for texts without any."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

TOKEN = re.compile(r"\w+")


def tokens(text: str) -> list[str]:
    """Runs of letters, digits and underscores, in lower case: "Don't" is don and t."""
    return TOKEN.findall(text.lower())


class Bags:
    """Which tokens each text holds, and how often. The vocabulary is sorted, so columns do not depend on the order of texts."""

    def __init__(self, texts: Sequence[str]) -> None:
        self.texts = texts
        self.said = [tokens(text) for text in texts]
        self.vocabulary = sorted(set(chain.from_iterable(self.said)))

    @cached_property
    def counts(self) -> Any:
        """(texts, vocabulary) sparse float64, columns sorted within a row; one empty column where there is no token at all."""
        import numpy as np
        from scipy.sparse import csr_matrix

        place = {token: number for number, token in enumerate(self.vocabulary)}
        columns = np.fromiter((place[token] for token in chain.from_iterable(self.said)), dtype=np.int32)
        rows = np.repeat(np.arange(len(self.texts), dtype=np.int32), [len(said) for said in self.said])
        # Entries of one place are added up, and sorted.
        return csr_matrix((np.ones(len(columns)), (rows, columns)), shape=(len(self.texts), max(1, len(place))))

    def frequent(self, top: int) -> Any:
        """(texts, at most `top`): the columns of the tokens that are most frequent over all texts; of equally frequent ones the first in the alphabet."""
        import numpy as np

        totals = np.asarray(self.counts.sum(axis=0)).ravel()
        kept = np.sort(np.argsort(-totals, kind="stable")[:top])
        found = self.counts[:, kept]
        found.sort_indices()
        return found


class Wordless:
    """The texts in which a measure sees nothing. Each is like the same text (1) and unlike every other (0); case and white space do not matter.

    Without this rule "4" and "7" would both be empty to a measure that drops one-letter words, and so be equal.
    """

    def __init__(self, texts: Sequence[str], seen: NDArray[np.bool_]) -> None:
        import numpy as np

        self.keys = np.full(len(texts), -1, dtype=np.int64)
        known: dict[str, int] = {}
        for row in np.flatnonzero(~seen).tolist():
            self.keys[row] = known.setdefault(" ".join(texts[row].lower().split()), len(known))

    def settle(self, values: NDArray[np.float64], first: NDArray[np.intp], second: NDArray[np.intp]) -> NDArray[np.float64]:
        """The values, with rounding cut off at 0 and 1, and with the rule where either text is wordless; rows broadcast as the values do."""
        import numpy as np

        one, other = self.keys[first], self.keys[second]
        return np.where((one < 0) & (other < 0), np.clip(values, 0.0, 1.0), one == other)
