"""The state of a population at one generation, and what is measured of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Any

import numpy as np

from harness.domains.evolution.activations import Activations

EMPTY = -1


class Measure(IntEnum):
    """The columns of a history, measured before each selection. Means are over models, shares are of held beliefs."""

    FITNESS = 0  # mean F as selection sees it, without noise
    FITNESS_SD = 1  # over models, divisor P
    VALUE = 2  # mean sum of v over a model's beliefs: U(m)
    VALUE_TESTED = 3  # mean of the same average that fitness takes, of v instead of a: changes when only the test changes
    VALUE_USED = 4  # mean sum of usage * v: what is realised in the world
    DECEPTIVE = 5  # share with v < 0 and a signal above 0, by what the evaluators see now
    DECEPTIVE_FIRST = 6  # the same by what they saw at generation 0: changes by selection only, not by relabelling
    POOL = 7  # share of all beliefs that are deceptive by what the evaluators see now
    DIVERSITY = 8  # 1 - sum of n_b² / (P sum of n_b): probability that a belief of one model is not held by another, drawn with replacement
    FOUNDERS = 9  # founders with living descendants; none where beliefs recombine
    SIZE = 10  # mean number of held beliefs
    ALIVE = 11  # models above the catastrophe's threshold
    QUESTIONS = 12  # questions of the test
    BENEFICIAL = 13  # share of held beliefs with v > 0 and a signal above 0, by what the evaluators see now: good, and seen to be
    MISJUDGED = 14  # share with v > 0 and no signal above 0: good, and not seen to be
    COVERAGE = 15  # of a test that changes: share of beliefs that it activates at all; none of a fixed one, which is examined once (metrics.examine)
    ENTROPY = 16  # the same: entropy of its activation over beliefs, in nats
    CORRELATION = 17  # the same: mean Pearson correlation of two of its questions


MEASURES = tuple(measure.name.lower() for measure in Measure)
DERIVED = ("enrichment", "value_each", "value_used_each", "harmful")


def derive_measure(values: np.ndarray, name: str) -> np.ndarray:
    """One measure of histories (..., len(MEASURES)); `enrichment` is the deceptive share over that of the pool, `value_each` the value of a held belief,
    `value_used_each` the same as the world uses it, `harmful` the share that is neither beneficial nor misjudged nor deceptive: bad, and seen to be."""
    if name == "harmful":
        return np.asarray(1.0 - values[..., [Measure.BENEFICIAL, Measure.MISJUDGED, Measure.DECEPTIVE]].sum(axis=-1))
    quotients = {
        "enrichment": (Measure.DECEPTIVE, Measure.POOL),
        "value_each": (Measure.VALUE, Measure.SIZE),
        "value_used_each": (Measure.VALUE_USED, Measure.SIZE),
    }
    if name not in quotients:
        return np.asarray(values[..., Measure[name.upper()]])
    above, below = (values[..., column] for column in quotients[name])
    return np.asarray(np.divide(above, below, out=np.full(above.shape, np.nan), where=below > 0))


@dataclass(frozen=True)
class Population:
    """All that decides what comes next, besides the world and the generator of its course.

    `held` (P, slots) int32, EMPTY behind each model's `sizes` (P,); `founders` (P,) the founder each model descends from, EMPTY where beliefs recombine;
    `personalities` (P,); `genotypes` (P,) equal for neighbours that are copies; `test` the present activations; `written` (most questions,) 0 for the first
    questions, else one more than the generation in which each was added, EMPTY where there is none; `measured` is True once this generation has been measured.
    """

    generation: int
    held: np.ndarray
    sizes: np.ndarray
    founders: np.ndarray
    personalities: np.ndarray
    genotypes: np.ndarray
    test: Activations
    written: np.ndarray
    measured: bool = False

    def change(self, **parts: Any) -> Population:
        """The same with some parts changed."""
        return replace(self, **parts)

    @property
    def present(self) -> np.ndarray:
        """(P, slots) True where a belief is held."""
        return np.asarray(self.held != EMPTY)

    def sum_held(self, each: np.ndarray) -> np.ndarray:
        """(P,) sums over the held beliefs of something that each belief has."""
        return np.asarray(np.where(self.present, each[self.held], 0.0).sum(axis=1))

    def weigh_beliefs(self, weights: np.ndarray, beliefs: int) -> np.ndarray:
        """(beliefs,) sums of the weights (P,) of the models that hold each belief."""
        present = self.present
        return np.bincount(self.held[present], weights=np.broadcast_to(weights[:, None], present.shape)[present], minlength=beliefs)
