"""The form of an activation: how strongly each question activates each belief."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from harness.populations.stream import Stream


class Activation(Protocol):
    """Draws A(b, q) as a (personalities, beliefs, questions) float64 array on the grid of activations, in [0, 1], one slice where there is one personality.

    Raises HarnessError where what is asked for cannot be reached with so many beliefs and questions.
    """

    def draw(self, beliefs: int, questions: int, stream: Stream) -> np.ndarray: ...
