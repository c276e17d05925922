"""Can a yes-or-no property of texts be read off one layer's hidden states? A linear probe, judged on texts that it did not learn from.

A probe over hundreds of dimensions finds something in any labels, so its accuracy counts against that of the same procedure on shuffled labels. With
`groups` whole domains are held out, so that a topic that goes with the label cannot give it away.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.errors import HarnessError
from harness.seeds import derive, generator

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

# Inverse strength of the L2 penalty; texts are few against dimensions, so it is strong. Chosen by reasoning; other values were not tried.
PENALTY_C = 0.01
FOLDS = 5
LEAST = 10


@dataclass(frozen=True, kw_only=True)
class ProbeResult:
    """Share of held-out texts whose label was told right (`right`, text by text), beside shuffled labels. `majority` is the share of the commoner label.

    `p` = (b + 1) / (B + 1), one-sided, over `permutations` = B shuffles; `held_out` says what was held out: "5 folds" or "one group of 4".
    """

    accuracy: float
    right: tuple[bool, ...]
    null_mean: float
    p: float
    permutations: int
    texts: int
    majority: float
    held_out: str


def probe(
    states: Array,
    labels: Sequence[bool],
    *seed: object,
    permutations: int = 100,
    strata: Sequence[str] | None = None,
    groups: Sequence[str] | None = None,
) -> ProbeResult:
    """Probes states (texts, width) for labels; shuffles stay within `strata`, and each of `groups` is held out in turn instead of random folds.

    Deterministic. Raises HarnessError for a single class, fewer than 10 texts of a class, labels that no shuffle can move, and lists that do not fit.
    """
    import numpy as np
    from threadpoolctl import threadpool_limits

    told = np.asarray(labels, dtype=bool)
    check(states, told, strata, groups)
    rng = generator("probe", *seed)
    with threadpool_limits(1):  # matrices are small, and sums come in one order
        found = held_out(states, told, groups, seed)
        null = np.array([held_out(states, shuffle_labels(told, strata, rng), groups, seed).mean() for _ in range(permutations)])
    return ProbeResult(
        accuracy=float(found.mean()),
        right=tuple(bool(one) for one in found),
        null_mean=float(null.mean()),
        p=(int((null >= found.mean() - 1e-12).sum()) + 1) / (permutations + 1),
        permutations=permutations,
        texts=len(told),
        majority=float(max(told.mean(), 1 - told.mean())),
        held_out=f"{FOLDS} folds" if groups is None else f"one group of {len(set(groups))}",
    )


def held_out(states: Array, labels: Array, groups: Sequence[str] | None, seed: tuple[object, ...]) -> Array:
    """(texts,): whether a probe tells a text's label right that did not learn from it. Where all it learns from has one label, it tells that one."""
    import numpy as np
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    right = np.zeros(len(labels), dtype=bool)
    for learned, asked in splits(states, labels, groups, seed):
        if labels[learned].all() or not labels[learned].any():
            right[asked] = labels[asked] == labels[learned][0]
            continue
        fitted = make_pipeline(StandardScaler(), LogisticRegression(C=PENALTY_C, max_iter=1000)).fit(states[learned], labels[learned])
        right[asked] = fitted.predict(states[asked]) == labels[asked]
    return right


def splits(states: Array, labels: Array, groups: Sequence[str] | None, seed: tuple[object, ...]) -> Iterator[tuple[Array, Array]]:
    """(learned, asked) indices: stratified folds by the seed, or each group against the others."""
    from sklearn.model_selection import LeaveOneGroupOut, StratifiedKFold

    if groups is not None:
        yield from LeaveOneGroupOut().split(states, labels, list(groups))
    else:
        yield from StratifiedKFold(FOLDS, shuffle=True, random_state=derive("folds", *seed) % 2**32).split(states, labels)


def shuffle_labels(labels: Array, strata: Sequence[str] | None, rng: np.random.Generator) -> Array:
    """The labels in another order, each within its stratum."""
    import numpy as np

    kinds = np.asarray(strata if strata is not None else [""] * len(labels))
    moved = labels.copy()
    for kind in sorted(set(kinds.tolist())):
        places = np.flatnonzero(kinds == kind)
        moved[places] = labels[rng.permutation(places)]
    return moved


def check(states: Array, labels: Array, strata: Sequence[str] | None, groups: Sequence[str] | None) -> None:
    """Refuses what cannot be probed."""
    if states.ndim != 2 or {len(states), *(len(names) for names in (strata, groups) if names is not None)} != {len(labels)}:
        raise HarnessError(f"states {states.shape} do not fit {len(labels)} labels", where="probe", mend="Give (texts, width), one label and name a text.")
    counts = {label: int((labels == label).sum()) for label in (True, False)}
    if min(counts.values()) < LEAST:
        raise HarnessError(f"{counts[True]} texts are labelled true and {counts[False]} false", where="probe", mend=f"Give {LEAST} or more of each.")
    if groups is not None and len(set(groups)) < 2:
        raise HarnessError("one group cannot be held out against others", where="probe", mend="Give two groups or more.")
    if groups is not None and any(one_label(labels, groups, name) for name in set(groups)):
        raise HarnessError("without one of the groups a single label is left to learn from", where="probe", mend="Spread both labels over the groups.")
    if strata is not None and all(mixed == 1 for mixed in Counter(kind for kind, _ in set(zip(strata, labels.tolist(), strict=True))).values()):
        raise HarnessError("each stratum has one label, so no shuffle can move them", where="probe", mend="Use coarser strata.")


def one_label(labels: Array, groups: Sequence[str], left: str) -> bool:
    """True where all texts outside the group `left` have the same label."""
    return len({bool(label) for label, group in zip(labels, groups, strict=True) if group != left}) == 1


class HeldOutPredictions:
    """Whether a probe that did not see a text's group tells its label, text by text."""

    outcome = "right"

    def __init__(self, right: Mapping[str, bool], made_of: Mapping[str, Any]) -> None:
        """`right` by the id of a text; `made_of` says what the probe read and was to tell."""
        self.right, self.made_of = dict(right), dict(made_of)

    def describe(self) -> dict[str, Any]:
        return {"measure": "held-out predictions of a linear probe", **self.made_of}

    def chunks(self, items: Sequence[Any]) -> list[Sequence[Any]]:
        return [items]

    def score(self, items: Sequence[Any]) -> list[dict[str, Any]]:
        return [{"item": item.id, "right": bool(self.right[item.id])} for item in items]
