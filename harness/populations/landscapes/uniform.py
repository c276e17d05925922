"""Value and signal independent and uniform: the test says nothing of values."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
from pydantic import Field

from harness.populations.form import Form
from harness.populations.landscapes.landscape import Moments
from harness.populations.stream import Purpose, Stream


class Uniform(Form):
    """v uniform on ±value_width, a uniform on ±signal_width, independent."""

    kind: Literal["uniform"] = "uniform"
    value_width: float = Field(default=1.0, gt=0)
    signal_width: float = Field(default=1.0, gt=0)

    def draw(self, count: int, stream: Stream) -> tuple[np.ndarray, np.ndarray]:
        """(values, signals) from the belief's block: two words each."""
        pairs = 2.0 * stream.uniforms(Purpose.LANDSCAPE, 2 * count).reshape(-1, 2) - 1.0
        return self.value_width * pairs[:, 0], self.signal_width * pairs[:, 1]

    def moments(self) -> Moments:
        """A uniform on ±w has the standard deviation w / sqrt(3); a quarter of the beliefs are deceptive."""
        return Moments(
            value=0.0,
            signal=0.0,
            value_sd=self.value_width / math.sqrt(3.0),
            signal_sd=self.signal_width / math.sqrt(3.0),
            correlation=0.0,
            deceptive=0.25,
        )
