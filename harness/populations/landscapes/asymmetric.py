"""Value and signal of different shapes: value Boltzmann, signal normal."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
from pydantic import Field, model_validator

from harness.populations.form import Form
from harness.populations.landscapes.landscape import Moments
from harness.populations.stream import Purpose, Stream


class Asymmetric(Form):
    """v Boltzmann: p(v) proportional to exp(-E(v) / T) for v >= mu - sigma T, with E(v) = (v - mu) / sigma. So v = mu + sigma T (X - 1), X exponential.

    The ladder of Boltzmann (and Gibbs) with a floor: mu is the mean, sigma the value of a unit of energy, T the temperature; the floor stands where the
    mean is mu. A square energy would be just another normal. sigma and T enter as a product here as in every energy that is a power of v.
    Signal: a = mean_a + sd_a (rho (X - 1) + sqrt(1 - rho²) Z), whose correlation with v is rho whatever the shapes; it is normal at rho = 0 alone.
    """

    kind: Literal["asymmetric"] = "asymmetric"
    value_mean: float = 0.0
    value_scale: float = Field(default=1.0, gt=0)
    temperature: float = Field(default=1.0, gt=0)
    signal_mean: float = 0.0
    signal_sd: float = Field(default=1.0, gt=0)
    rho: float = Field(default=0.0, ge=-1, le=1)

    @model_validator(mode="after")
    def _within_the_grid(self) -> Asymmetric:
        if self.value_scale * self.temperature > 2.0:
            raise ValueError(f"value_scale * temperature must be at most 2, not {self.value_scale * self.temperature:g}: the tail would be cut at 64")
        return self

    def draw(self, count: int, stream: Stream) -> tuple[np.ndarray, np.ndarray]:
        """(values, signals): X by inverse distribution from one uniform a belief, behind the blocks of the normals."""
        behind = -(-count // 2) * 2
        normals = stream.normals(Purpose.LANDSCAPE, count)
        energy = -np.log1p(-stream.uniforms(Purpose.LANDSCAPE, behind + count)[behind:]) - 1.0
        signals = self.signal_sd * (self.rho * energy + math.sqrt(1.0 - self.rho * self.rho) * normals) + self.signal_mean
        return self.value_scale * self.temperature * energy + self.value_mean, signals

    def moments(self) -> Moments:
        """An exponential has mean and standard deviation 1. The quadrant is known where the two are independent."""
        spread = self.value_scale * self.temperature
        below = -math.expm1(-max(0.0, 1.0 - self.value_mean / spread))  # P(X < 1 - mu / (sigma T))
        above = 0.5 * math.erfc(-self.signal_mean / (self.signal_sd * math.sqrt(2.0)))
        return Moments(
            value=self.value_mean,
            signal=self.signal_mean,
            value_sd=spread,
            signal_sd=self.signal_sd,
            correlation=self.rho,
            deceptive=below * above if self.rho == 0.0 else None,
        )
