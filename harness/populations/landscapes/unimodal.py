"""Value and signal one and the same normal: the test sees exactly what is good."""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import Field

from harness.populations.form import Form
from harness.populations.landscapes.landscape import Moments
from harness.populations.stream import Purpose, Stream


class Unimodal(Form):
    """v = a = sd Z + mean."""

    kind: Literal["unimodal"] = "unimodal"
    mean: float = 0.0
    sd: float = Field(default=1.0, gt=0)

    def draw(self, count: int, stream: Stream) -> tuple[np.ndarray, np.ndarray]:
        """(values, signals), equal."""
        values = self.sd * stream.normals(Purpose.LANDSCAPE, count) + self.mean
        return values, values.copy()

    def moments(self) -> Moments:
        """The parameters themselves; nothing is deceptive."""
        return Moments(value=self.mean, signal=self.mean, value_sd=self.sd, signal_sd=self.sd, correlation=1.0, deceptive=0.0)
