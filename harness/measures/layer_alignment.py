"""What an alignment of two layers must be held against: the lengths of the texts taken out, and how far it would move with other texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.measures.cka import cka, kernels, u_centred
from harness.seeds import generator

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

HALVES = 200
NORMAL = 1.959963984540054  # the 97.5th percentile


def remove_linear_part(states: Array, known: Array) -> Array:
    """The states, (texts, width), less what least squares tells of them from `known`, (texts, features), and a constant: from a text's length, say."""
    import numpy as np

    features = np.column_stack([np.ones(len(known)), known])
    data = np.asarray(states, dtype=np.float64)
    found: Array = data - features @ np.linalg.lstsq(features, data, rcond=None)[0]
    return found


def jackknife_interval(first: Array, second: Array, *seed: object, halves: int = HALVES) -> tuple[float, float]:
    """95 % interval of the CKA over texts: delete-half jackknife (Shao and Wu, 1989).

    The estimate from a random half of the texts varies around the whole one as the whole one does around the truth. A bootstrap would draw texts twice,
    and a text is perfectly alike itself.
    """
    import numpy as np

    whole = float(cka(first[None], second[None])[0, 0])
    rng, half = generator("cka halves", *seed), len(first) // 2
    drawn = [rng.permutation(len(first))[:half] for _ in range(halves)]
    found = np.array([float(cka(first[None, places], second[None, places])[0, 0]) for places in drawn])
    error = float(np.sqrt(np.mean((found - whole) ** 2)))
    return whole - NORMAL * error, whole + NORMAL * error


@dataclass(frozen=True, kw_only=True)
class AlignmentChange:
    """CKA of a model with another, `before` and `after` it was changed, and `change`, their difference, with its 95 % interval over texts (delete-half
    jackknife). `p`: one-sided, that the two versions' states, exchanged text by text at random, give as much; (b + 1) / (B + 1)."""

    before: float
    after: float
    change: float
    low: float
    high: float
    p: float
    permutations: int


def cka_change(before: Array, after: Array, other: Array, *seed: object, permutations: int = 999, halves: int = HALVES) -> AlignmentChange:
    """How much nearer to `other` a layer came by a change: states (texts, width) of the same texts in the same order, widths of `before` and `after` equal."""
    import numpy as np

    n, rng = len(other), generator("cka change", *seed)
    texts, own, theirs = np.arange(n), gram(np.concatenate([before, after])), gram(other)

    def aligned(rows: Array) -> float:
        one, two = (u_centred(kernel[np.ix_(at, at)][None])[0] for kernel, at in ((own, rows), (theirs, rows % n)))
        return float((one * two).sum() / (np.linalg.norm(one) * np.linalg.norm(two)))

    was, is_now = aligned(texts), aligned(texts + n)
    change, drawn = is_now - was, [rng.permutation(n)[: n // 2] for _ in range(halves)]
    error = float(np.sqrt(np.mean([(aligned(half + n) - aligned(half) - change) ** 2 for half in drawn])))
    swaps = [texts + n * (rng.random(n) < 0.5) for _ in range(permutations)]
    as_much = sum(aligned((rows + n) % (2 * n)) - aligned(rows) >= change - 1e-12 for rows in swaps)
    return AlignmentChange(
        before=was,
        after=is_now,
        change=change,
        low=change - NORMAL * error,
        high=change + NORMAL * error,
        p=(as_much + 1) / (permutations + 1),
        permutations=permutations,
    )


def gram(states: Array) -> Array:
    """The products of all texts' states, (texts, texts), about their common mean."""
    import numpy as np

    data = np.asarray(states, dtype=np.float64)
    found: Array = (data - data.mean(axis=0)) @ (data - data.mean(axis=0)).T
    return found


class TextAlignment:
    """Each text's share of the debiased CKA of two layers: the shares of all texts sum to it."""

    outcome = "share"

    def __init__(self, ids: Sequence[str], first: Array, second: Array, made_of: Mapping[str, Any]) -> None:
        """`first` and `second`: (texts, width) of the texts `ids`, in this order. `made_of` says which models' layers they are and what was done to them."""
        self.places, self.arms, self.made_of = {name: place for place, name in enumerate(ids)}, (first, second), dict(made_of)

    def describe(self) -> dict[str, Any]:
        return {"measure": "share of the debiased linear CKA", **self.made_of}

    def chunks(self, items: Sequence[Any]) -> list[Sequence[Any]]:
        """All at once: a text is aligned beside the others."""
        return [items]

    def score(self, items: Sequence[Any]) -> list[dict[str, Any]]:
        order = [self.places[item.id] for item in items]
        one, other = (kernels(arm[None, order])[0] for arm in self.arms)
        return [{"item": item.id, "share": float(share)} for item, share in zip(items, (one * other).sum(axis=1), strict=True)]
