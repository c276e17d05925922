"""What a question brings up depends on who is asked: A_c(b, q), the chance that belief b is in what personality c says to q."""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import Field

from harness.populations.activations.places import places, unit_length
from harness.populations.form import Form
from harness.populations.grid import on_activation_grid
from harness.populations.stream import Purpose, Stream


class Personality(Form):
    """As Similarity, with the question moved towards the personality: the place probed is (1 - influence) q + influence p_c, put back on the sphere.

    At influence 0 all personalities are alike; at 1 the question no longer matters.
    """

    kind: Literal["personality"] = "personality"
    personalities: int = Field(default=3, ge=1, le=64)
    influence: float = Field(default=0.3, ge=0, le=1)
    dimensions: int = Field(default=8, ge=2, le=1024)
    sharpness: float = Field(default=8.0, gt=0)

    def draw(self, beliefs: int, questions: int, stream: Stream) -> np.ndarray:
        """(personalities, beliefs, questions)."""
        held = places(beliefs, self.dimensions, Purpose.BELIEF_PLACES, stream)
        asked = places(questions, self.dimensions, Purpose.QUESTION_PLACES, stream)
        who = places(self.personalities, self.dimensions, Purpose.PERSONALITY, stream)
        probed = unit_length((1.0 - self.influence) * asked[None] + self.influence * who[:, None])
        near = np.minimum(held[None] @ probed.transpose(0, 2, 1), 1.0)
        return np.asarray(on_activation_grid(np.exp(self.sharpness * (near - 1.0))))
