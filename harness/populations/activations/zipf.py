"""Heavy-tailed activations: most pairs of belief and question none at all, a few strong, more of them where the two are near in meaning."""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import Field, model_validator

from harness.populations.activations.places import places
from harness.populations.form import Form
from harness.populations.grid import on_activation_grid
from harness.populations.stream import Purpose, Stream

LEVELS = 256  # of the exponent, so that one table serves all pairs


class Zipf(Form):
    """A rank k of 1 … ranks with P(k) proportional to k**-alpha, read out as the fixed score (k - 1) / (ranks - 1): rank 1, the commonest, is no activation.

    alpha goes from alpha_near to alpha_far with the distance (1 - cos) / 2 of belief and question on a sphere, in 255 even steps.
    """

    kind: Literal["zipf"] = "zipf"
    ranks: int = Field(default=16, ge=2, le=4096)
    alpha_near: float = Field(default=0.5, ge=0, le=20)
    alpha_far: float = Field(default=4.0, ge=0, le=20)
    dimensions: int = Field(default=8, ge=2, le=1024)

    @model_validator(mode="after")
    def _nearer_is_stronger(self) -> Zipf:
        if self.alpha_near > self.alpha_far:
            raise ValueError(f"alpha_near must not be above alpha_far, or far questions would activate more (found {self.alpha_near:g} and {self.alpha_far:g})")
        return self

    def table(self) -> np.ndarray:
        """(LEVELS, ranks) cumulative chances of the ranks, by level of alpha."""
        alphas = np.linspace(self.alpha_near, self.alpha_far, LEVELS)
        sums = np.cumsum(np.arange(1, self.ranks + 1.0) ** -alphas[:, None], axis=1)
        return np.asarray(sums / sums[:, -1:])

    def levels(self, beliefs: int, questions: int, stream: Stream) -> np.ndarray:
        """(beliefs, questions) levels of alpha."""
        near = places(beliefs, self.dimensions, Purpose.BELIEF_PLACES, stream) @ places(questions, self.dimensions, Purpose.QUESTION_PLACES, stream).T
        return np.asarray(np.rint((1.0 - np.clip(near, -1.0, 1.0)) / 2.0 * (LEVELS - 1)))

    def draw(self, beliefs: int, questions: int, stream: Stream) -> np.ndarray:
        """(1, beliefs, questions): ranks by inverse distribution, one word a pair. The rows of the table lie end to end, so one search serves all."""
        level = self.levels(beliefs, questions, stream).ravel()
        ends = (self.table() + np.arange(LEVELS)[:, None]).ravel()
        chance = stream.words(Purpose.ACTIVATION, beliefs * questions) * 2.0**-32
        rank = np.searchsorted(ends, level + chance, side="right") - level * self.ranks  # counted from 0
        return np.asarray(on_activation_grid(rank / (self.ranks - 1))).reshape(1, beliefs, questions)
