"""How alike two models see the same texts: linear centred kernel alignment between their layers (Kornblith et al., 2019).

HSIC is estimated without bias (Song et al., 2012). The usual estimator calls random features alike as soon as they are wide against the number of
texts (Murphy et al., 2024), which is what hidden states always are; it is here to be compared with, and for nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.errors import HarnessError
from harness.seeds import generator

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

# The unbiased estimator divides by n (n - 3).
LEAST = 4
# Products of equal numbers in another order differ by rounding only; such a tie counts as extreme.
ROUNDING = 1e-12


@dataclass(frozen=True, kw_only=True)
class Alignment:
    """CKA of every layer of one model (rows) with every layer of another (columns), all arrays (layers a, layers b).

    `p`: one-sided, that pairing the texts at random gives as much. `null_mean`: the mean CKA under random pairing. `peak`: the largest CKA; `peak_p`
    holds for it though it was sought over all pairs of layers (the null is the largest of each permutation).
    """

    cka: Array
    p: Array
    null_mean: Array
    peak: float
    peak_p: float
    permutations: int
    texts: int


def alignment(first: Array, second: Array, *seed: object, permutations: int = 1000, strata: Sequence[str] | None = None) -> Alignment:
    """CKA of two models' states, (layers, texts, width) each with the texts in the same order, against texts of the second permuted.

    Texts are permuted within `strata` where these are given: the topic of a text then stays.

    p = (b + 1) / (B + 1). Raises HarnessError as `cka` does.
    """
    import numpy as np

    one, other = kernels(first), kernels(second)
    require_same_texts(one, other)
    found = products(one, other)
    rng, kinds = generator("cka", *seed), np.asarray(strata if strata is not None else [""] * one.shape[1])
    groups = [np.flatnonzero(kinds == kind) for kind in sorted(set(kinds.tolist()))]
    above, total, peaks = np.zeros(found.shape, dtype=int), np.zeros(found.shape), 0
    for _ in range(permutations):
        order = np.arange(one.shape[1])
        for group in groups:
            order[group] = rng.permutation(group)
        drawn = products(one, other[:, order][:, :, order])
        above += drawn >= found - ROUNDING
        total += drawn
        peaks += bool(drawn.max() >= found.max() - ROUNDING)
    return Alignment(
        cka=found,
        p=(above + 1) / (permutations + 1),
        null_mean=total / permutations,
        peak=float(found.max()),
        peak_p=(peaks + 1) / (permutations + 1),
        permutations=permutations,
        texts=one.shape[1],
    )


def cka(first: Array, second: Array, *, debiased: bool = True) -> Array:
    """Linear CKA (layers a, layers b) of states (layers, texts, width), widths may differ. Debiased: 1 for equal, about 0 for unrelated, may be negative.

    Raises HarnessError for other shapes, different numbers of texts, fewer than 4, values that are not finite, and a layer that says the same of all texts.
    """
    one, other = kernels(first, debiased=debiased), kernels(second, debiased=debiased)
    require_same_texts(one, other)
    return products(one, other)


def kernels(states: Array, *, debiased: bool = True) -> Array:
    """Each layer's kernel of the texts with each other, centred and of length one: (layers, texts, texts), so that CKA is a sum of products."""
    import numpy as np

    data = np.asarray(states, dtype=np.float64)
    if data.ndim != 3 or data.shape[1] < LEAST or not np.isfinite(data).all():
        raise HarnessError(f"states of shape {data.shape} cannot be aligned", where="cka", mend=f"Give finite (layers, texts, width) of {LEAST} texts or more.")
    data = data - data.mean(axis=1, keepdims=True)
    whole = data @ data.transpose(0, 2, 1)
    centred = u_centred(whole) if debiased else whole
    lengths = np.sqrt((centred**2).sum(axis=(1, 2)))
    # What is left of a layer without differences is rounding, of the size of its diagonal times the machine's epsilon.
    if (lengths <= 1e-12 * np.abs(np.asarray(states, dtype=np.float64)).max(axis=(1, 2)) ** 2 * data.shape[1]).any():
        raise HarnessError("a layer has the same state for all texts", where=f"cka, layer {int(lengths.argmin())}", mend="Leave the layer or the texts out.")
    return np.asarray(centred / lengths[:, None, None])


def u_centred(whole: Array) -> Array:
    """U-centred kernels with zero diagonal (Székely and Rizzo, 2014): their sum of products is n (n - 3) times the HSIC of Song et al. (2012), eq. 5."""
    import numpy as np

    n = whole.shape[1]
    off = ~np.eye(n, dtype=bool)
    hollow = whole * off
    rows = hollow.sum(axis=2)
    total = rows.sum(axis=1)[:, None, None]
    return np.asarray((hollow - (rows[:, :, None] + rows[:, None, :]) / (n - 2) + total / ((n - 1) * (n - 2))) * off)


def products(one: Array, other: Array) -> Array:
    """Sums of products of every kernel of one with every kernel of the other: (layers a, layers b)."""
    found: Array = one.reshape(len(one), -1) @ other.reshape(len(other), -1).T
    return found


def require_same_texts(one: Array, other: Array) -> None:
    if one.shape[1] != other.shape[1]:
        raise HarnessError(f"{one.shape[1]} texts against {other.shape[1]}", where="cka", mend="Give both models the same texts in the same order.")
