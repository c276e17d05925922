"""Questions activate the beliefs they are near to in meaning."""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import Field

from harness.populations.activations.places import places
from harness.populations.form import Form
from harness.populations.grid import on_activation_grid
from harness.populations.normals import exponential
from harness.populations.stream import Purpose, Stream


class Similarity(Form):
    """A = exp(sharpness (cos - 1)) with cos between belief and question on a sphere: 1 where they coincide; below 2**-13 it falls to 0 on the grid."""

    kind: Literal["similarity"] = "similarity"
    dimensions: int = Field(default=8, ge=2, le=1024)
    sharpness: float = Field(default=8.0, gt=0)

    def draw(self, beliefs: int, questions: int, stream: Stream) -> np.ndarray:
        """(1, beliefs, questions)."""
        near = np.zeros((beliefs, questions))
        for one, other in zip(self.believed(beliefs, stream).T, self.asked(questions, stream).T, strict=True):  # in this order, as compiled code adds them
            near += one[:, None] * other[None, :]
        return np.asarray(on_activation_grid(exponential(self.sharpness * (np.minimum(near, 1.0) - 1.0))))[None]

    def believed(self, beliefs: int, stream: Stream) -> np.ndarray:
        """(beliefs, dimensions) where beliefs lie."""
        return places(beliefs, self.dimensions, Purpose.BELIEF_PLACES, stream)

    def asked(self, questions: int, stream: Stream) -> np.ndarray:
        """(questions, dimensions) where questions lie."""
        return places(questions, self.dimensions, Purpose.QUESTION_PLACES, stream)
