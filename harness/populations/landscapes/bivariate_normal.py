"""Value and signal jointly normal: the landscape by which the others are judged."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
from pydantic import Field

from harness.populations.form import Form
from harness.populations.landscapes.landscape import Moments
from harness.populations.landscapes.quadrant import deceptive
from harness.populations.stream import Purpose, Stream


class BivariateNormal(Form):
    """v = sd_v Z1 + mean_v and a = sd_a (rho Z1 + sqrt(1 - rho²) Z2) + mean_a, where Z1 and Z2 are the two normals of the belief's block."""

    kind: Literal["bivariate_normal"] = "bivariate_normal"
    rho: float = Field(ge=-1, le=1)
    value_mean: float = 0.0
    signal_mean: float = 0.0
    value_sd: float = Field(default=1.0, gt=0)
    signal_sd: float = Field(default=1.0, gt=0)

    def draw(self, count: int, stream: Stream) -> tuple[np.ndarray, np.ndarray]:
        """(values, signals). The order of operations is part of the result: compiled code repeats it bit for bit."""
        normals = stream.normals(Purpose.LANDSCAPE, 2 * count)
        one, other = normals[0::2], normals[1::2]
        values = self.value_sd * one + self.value_mean
        signals = self.signal_sd * (self.rho * one + math.sqrt(1.0 - self.rho * self.rho) * other) + self.signal_mean
        return values, signals

    def moments(self) -> Moments:
        """The parameters themselves, and the quadrant's chance."""
        return Moments(
            value=self.value_mean,
            signal=self.signal_mean,
            value_sd=self.value_sd,
            signal_sd=self.signal_sd,
            correlation=self.rho,
            deceptive=deceptive(self.value_mean / self.value_sd, self.signal_mean / self.signal_sd, self.rho),
        )
