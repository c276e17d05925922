"""Families of beliefs, each with its own mean value and signal (n-modal)."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
from pydantic import Field

from harness.populations.form import Form
from harness.populations.landscapes.landscape import Moments
from harness.populations.landscapes.quadrant import deceptive
from harness.populations.stream import Purpose, Stream


class Cluster(Form):
    """One family: bivariate normal about (value, signal), with one standard deviation and a correlation within; drawn in proportion to its weight."""

    value: float
    signal: float
    sd: float = Field(default=0.5, gt=0)
    weight: float = Field(default=1.0, gt=0)
    rho: float = Field(default=0.0, ge=-1, le=1)


# Benevolent and seen as such, malicious and seen as such, and a small family that is malicious and passes.
FAMILIES = (Cluster(value=1, signal=1, weight=0.45), Cluster(value=-1, signal=-1, weight=0.45), Cluster(value=-1, signal=1, weight=0.1))


class Clusters(Form):
    """A mixture of families. The normals are the purpose's blocks 0 to count - 1; the family is chosen by one uniform a belief, from the blocks after them."""

    kind: Literal["clusters"] = "clusters"
    clusters: tuple[Cluster, ...] = Field(default=FAMILIES, min_length=1)

    def shares(self) -> np.ndarray:
        """(n,) chances of the families."""
        weights = np.array([each.weight for each in self.clusters])
        return np.asarray(weights / weights.sum())

    def draw(self, count: int, stream: Stream) -> tuple[np.ndarray, np.ndarray]:
        """(values, signals)."""
        numbers = stream.normals(Purpose.LANDSCAPE, 2 * count)
        chances = stream.uniforms(Purpose.LANDSCAPE, 2 * count + -(-count // 2) * 2)[2 * count :][:count]
        family = np.minimum(np.searchsorted(np.cumsum(self.shares()), chances, side="right"), len(self.clusters) - 1)
        value, signal, sd, rho = (np.array([getattr(each, name) for each in self.clusters])[family] for name in ("value", "signal", "sd", "rho"))
        one, other = numbers[0::2], numbers[1::2]
        return sd * one + value, sd * (rho * one + np.sqrt(1.0 - rho * rho) * other) + signal

    def moments(self) -> Moments:
        """By the laws of total expectation and total covariance over the families."""
        share = self.shares()
        value, signal, sd, rho = (np.array([getattr(each, name) for each in self.clusters]) for name in ("value", "signal", "sd", "rho"))
        mean_value, mean_signal = float(share @ value), float(share @ signal)
        value_sd = math.sqrt(float(share @ (sd**2 + (value - mean_value) ** 2)))
        signal_sd = math.sqrt(float(share @ (sd**2 + (signal - mean_signal) ** 2)))
        together = float(share @ (rho * sd**2 + (value - mean_value) * (signal - mean_signal)))
        quadrants = [deceptive(each.value / each.sd, each.signal / each.sd, each.rho) for each in self.clusters]
        return Moments(
            value=mean_value,
            signal=mean_signal,
            value_sd=value_sd,
            signal_sd=signal_sd,
            correlation=max(-1.0, min(1.0, together / (value_sd * signal_sd))),
            deceptive=float(share @ np.array(quadrants)),
        )
