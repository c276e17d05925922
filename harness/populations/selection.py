"""Selection: softmax weights of fitness under a pressure beta that is constant or follows a course."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from pydantic import Field, model_validator

from harness.populations.form import Form
from harness.populations.normals import exponential

Beta = Annotated[float, Field(ge=-1e9, le=1e9)]


class Selection(Form):
    """Pressure beta; with `last` it moves from `beta` at the first selection to `last` at the last one, linearly or by equal factors."""

    beta: Beta = 5.0
    last: Beta | None = None
    course: Literal["linear", "geometric"] = "linear"

    @model_validator(mode="after")
    def _positive_if_geometric(self) -> Selection:
        if self.course == "geometric" and (self.last is None or self.beta <= 0 or self.last <= 0):
            raise ValueError("a geometric course needs beta and last above 0")
        return self

    def betas(self, generations: int) -> np.ndarray:
        """(generations,) beta of each round of selection."""
        if self.last is None or generations < 2:
            return np.full(generations, float(self.beta))
        if self.course == "geometric":
            return np.geomspace(self.beta, self.last, generations)
        return np.linspace(self.beta, self.last, generations)


def grain(models: int) -> float:
    """How finely weights are told apart: multiples of 1 / grain, so that sums over all models are exact whatever their order."""
    return 2.0 ** (52 - max(1, models - 1).bit_length())


def weights(fitness: np.ndarray, alive: np.ndarray, beta: float) -> np.ndarray:
    """(P,) unnormalised exp(beta F), the greatest 1, and 0 for models that are not alive. No beta overflows it."""
    highest, fine = (beta * fitness)[alive].max(), grain(len(fitness))
    found = np.where(alive, exponential(np.minimum(beta * fitness - highest, 0.0)), 0.0)
    weighed: np.ndarray = np.rint(found * fine) / fine
    return weighed


def parents(weighed: np.ndarray, uniforms: np.ndarray) -> np.ndarray:
    """(P,) parents drawn with replacement, each model with the chance of its weight, listed in the order of the models: children have no order of their own."""
    summed = np.cumsum(weighed)
    drawn = np.searchsorted(summed, uniforms * summed[-1], side="right")
    return np.sort(np.minimum(drawn, np.flatnonzero(weighed)[-1]))
