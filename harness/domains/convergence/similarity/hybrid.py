"""The composite of the published study on convergence: .40 semantic and .60 distributional.

The seed states 40 and 60 alone. In public it is coded with distributional = .6 exp(-KL) + .4 (1 - JS), so .36 and .24 in all. There the bags are pooled over
the answers of a model and JS is a distance; here two answers are compared and JS is the divergence. A composite hides what moves: report its parts beside it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from harness.code_dependencies import code_fingerprint
from harness.domains.convergence.similarity.distribution import ExpKL, OneMinusJS, PooledCounts, PreparedJS, PreparedKL
from harness.domains.convergence.similarity.embedding import Embedding
from harness.domains.convergence.similarity.similarity import Prepared

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

WEIGHTS = {"embedding": 0.40, "exp_kl": 0.36, "one_minus_js": 0.24}


class Hybrid:
    """In -.4 to 1, since a cosine may be negative."""

    name = "hybrid"

    def describe(self) -> dict[str, Any]:
        parts = {part.name: part.describe() for part in (Embedding(), ExpKL(), OneMinusJS())}
        return {"similarity": self.name, "weights": WEIGHTS, "parts": parts, "code": code_fingerprint(__name__)}

    def prepare(self, texts: Sequence[str]) -> PreparedHybrid:
        pooled = PooledCounts(texts)
        return PreparedHybrid({"embedding": Embedding().prepare(texts), "exp_kl": PreparedKL(pooled), "one_minus_js": PreparedJS(pooled)})


class PreparedHybrid:
    """Made of prepared parts, by name; they may be the very ones that are reported."""

    def __init__(self, parts: Mapping[str, Prepared]) -> None:
        self.parts = {name: parts[name] for name in WEIGHTS}

    def block(self, rows: NDArray[np.intp]) -> NDArray[np.float64]:
        return self.blocks(rows)["hybrid"]

    def paired(self, first: NDArray[np.intp], second: NDArray[np.intp]) -> NDArray[np.float64]:
        return mix_parts({name: part.paired(first, second) for name, part in self.parts.items()})

    def blocks(self, rows: NDArray[np.intp]) -> dict[str, NDArray[np.float64]]:
        """The block of every part by name, and "hybrid", each computed once."""
        found = {name: part.block(rows) for name, part in self.parts.items()}
        return {**found, "hybrid": mix_parts(found)}


def mix_parts(values: Mapping[str, NDArray[np.float64]]) -> NDArray[np.float64]:
    """The weighted sum of the parts' values; other names in `values` are left alone."""
    import numpy as np

    found: NDArray[np.float64] = np.sum([weight * values[name] for name, weight in WEIGHTS.items()], axis=0)
    return found
