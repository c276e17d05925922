"""Does a probe that learned on one model's states tell the same of another's, once these are mapped over? The map is learned on other texts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from harness.errors import HarnessError
from harness.measures.probing import PENALTY_C, splits

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]


def transferred(states: Array, mapped: Array, labels: Sequence[bool], groups: Sequence[str]) -> tuple[bool, ...]:
    """Whether each text's label is told right from `mapped`, another model's states in the space of `states` (texts, width), by a probe of the latter
    that saw no text of its group. Raises HarnessError for shapes that differ and where a probe would see one label alone."""
    import numpy as np
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from threadpoolctl import threadpool_limits

    told, right = np.asarray(labels, dtype=bool), np.zeros(len(labels), dtype=bool)
    if states.shape != mapped.shape or not len(states) == len(told) == len(groups):
        told_shapes = f"states {states.shape}, mapped {mapped.shape}, {len(told)} labels and {len(groups)} groups do not fit"
        raise HarnessError(told_shapes, where="transferred", mend="Give states of the same texts and width, a label and a group each.")
    with threadpool_limits(1):  # matrices are small, and sums come in one order
        for learned, asked in splits(states, told, groups, ()):
            if told[learned].all() or not told[learned].any():
                raise HarnessError("without one of the groups a single label is left", where="transferred", mend="Spread both labels over the groups.")
            fitted = make_pipeline(StandardScaler(), LogisticRegression(C=PENALTY_C, max_iter=1000)).fit(states[learned], told[learned])
            right[asked] = fitted.predict(mapped[asked]) == told[asked]
    return tuple(bool(one) for one in right)
