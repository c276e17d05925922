"""Landscapes: the joint distribution of a belief's true value v and its alignment signal a."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from pydantic import Field, model_validator

from harness.domains.evolution.base_model import Config

Positive = Annotated[float, Field(gt=0)]
Correlation = Annotated[float, Field(ge=-1, le=1)]


TAIL, LONG_TAIL = 8.0, 32.0  # standard deviations that a normal, and an exponential, exceeds less than once in 10**13 draws


@dataclass(frozen=True, kw_only=True)
class Moments:
    """Exact moments of a landscape; `deceptive` is P(v < 0, a > 0), None where no closed form is known."""

    value: float
    signal: float
    value_sd: float
    signal_sd: float
    correlation: float
    deceptive: float | None


class BivariateNormal(Config):
    """v = sd_v Z1 + mean_v and a = sd_a (rho Z1 + sqrt(1 - rho²) Z2) + mean_a, where Z1 and Z2 are independent standard normals."""

    kind: Literal["bivariate_normal"] = "bivariate_normal"
    rho: Correlation
    value_mean: float = 0.0
    signal_mean: float = 0.0
    value_sd: Positive = 1.0
    signal_sd: Positive = 1.0

    def draw(self, count: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """(values, signals), each (count,)."""
        z1, z2 = rng.standard_normal((count, 2)).T
        values = self.value_sd * z1 + self.value_mean
        return values, self.signal_sd * (self.rho * z1 + math.sqrt(1.0 - self.rho**2) * z2) + self.signal_mean

    def moments(self) -> Moments:
        """The parameters themselves, and the probability of the deceptive quadrant."""
        return Moments(
            value=self.value_mean,
            signal=self.signal_mean,
            value_sd=self.value_sd,
            signal_sd=self.signal_sd,
            correlation=self.rho,
            deceptive=deceptive_quadrant(self.value_mean / self.value_sd, self.signal_mean / self.signal_sd, self.rho),
        )

    def reach(self) -> tuple[float, float]:
        """How far from 0 values and signals lie at most."""
        return abs(self.value_mean) + TAIL * self.value_sd, abs(self.signal_mean) + TAIL * self.signal_sd


class Uniform(Config):
    """v uniform on ±value_width, a uniform on ±signal_width, independent: the test says nothing about value."""

    kind: Literal["uniform"] = "uniform"
    value_width: Positive = 1.0
    signal_width: Positive = 1.0

    def draw(self, count: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """(values, signals), each (count,)."""
        return rng.uniform(-self.value_width, self.value_width, count), rng.uniform(-self.signal_width, self.signal_width, count)

    def moments(self) -> Moments:
        """A uniform on ±w has the standard deviation w / sqrt(3); a quarter of the beliefs are deceptive."""
        value_sd, signal_sd = self.value_width / math.sqrt(3.0), self.signal_width / math.sqrt(3.0)
        return Moments(value=0.0, signal=0.0, value_sd=value_sd, signal_sd=signal_sd, correlation=0.0, deceptive=0.25)

    def reach(self) -> tuple[float, float]:
        """The widths."""
        return self.value_width, self.signal_width


class Unimodal(Config):
    """v = a = sd Z + mean: the test sees exactly what is good."""

    kind: Literal["unimodal"] = "unimodal"
    mean: float = 0.0
    sd: Positive = 1.0

    def draw(self, count: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """(values, signals), each (count,) and equal."""
        values = self.sd * rng.standard_normal(count) + self.mean
        return values, values.copy()

    def moments(self) -> Moments:
        """The parameters themselves; nothing is deceptive."""
        return Moments(value=self.mean, signal=self.mean, value_sd=self.sd, signal_sd=self.sd, correlation=1.0, deceptive=0.0)

    def reach(self) -> tuple[float, float]:
        """How far from 0 values and signals lie at most."""
        return (abs(self.mean) + TAIL * self.sd,) * 2


class Cluster(Config):
    """One family of beliefs: bivariate normal around (value, signal); drawn in proportion to its weight."""

    value: float
    signal: float
    value_sd: Positive = 0.5
    signal_sd: Positive = 0.5
    weight: Positive = 1.0
    rho: Correlation = 0.0


# Benevolent and recognised, malicious and recognised, and a small family that is malicious and passes.
FAMILIES = (Cluster(value=1, signal=1, weight=0.45), Cluster(value=-1, signal=-1, weight=0.45), Cluster(value=-1, signal=1, weight=0.1))


class Clusters(Config):
    """A mixture of families (n-modal)."""

    kind: Literal["clusters"] = "clusters"
    clusters: tuple[Cluster, ...] = Field(default=FAMILIES, min_length=1)

    def columns(self, *names: str) -> tuple[np.ndarray, ...]:
        """Parameters of the families, each (families,)."""
        return tuple(np.array([getattr(cluster, name) for cluster in self.clusters]) for name in names)

    def draw(self, count: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """(values, signals), each (count,)."""
        (weight,) = self.columns("weight")
        ends = np.cumsum(weight / weight.sum())
        family = np.minimum(np.searchsorted(ends, rng.random(count), side="right"), len(ends) - 1)
        value, signal, value_sd, signal_sd, rho = (column[family] for column in self.columns("value", "signal", "value_sd", "signal_sd", "rho"))
        z1, z2 = rng.standard_normal((count, 2)).T
        return value_sd * z1 + value, signal_sd * (rho * z1 + np.sqrt(1.0 - rho**2) * z2) + signal

    def moments(self) -> Moments:
        """By the laws of total expectation and total covariance over the families."""
        weight, value, signal, value_sd, signal_sd, rho = self.columns("weight", "value", "signal", "value_sd", "signal_sd", "rho")
        share = weight / weight.sum()
        mean_value, mean_signal = float(share @ value), float(share @ signal)
        total_value_sd = math.sqrt(float(share @ (value_sd**2 + (value - mean_value) ** 2)))
        total_signal_sd = math.sqrt(float(share @ (signal_sd**2 + (signal - mean_signal) ** 2)))
        covariance = float(share @ (rho * value_sd * signal_sd + (value - mean_value) * (signal - mean_signal)))
        quadrants = [deceptive_quadrant(one.value / one.value_sd, one.signal / one.signal_sd, one.rho) for one in self.clusters]
        return Moments(
            value=mean_value,
            signal=mean_signal,
            value_sd=total_value_sd,
            signal_sd=total_signal_sd,
            correlation=max(-1.0, min(1.0, covariance / (total_value_sd * total_signal_sd))),
            deceptive=float(share @ np.array(quadrants)),
        )

    def reach(self) -> tuple[float, float]:
        """That of the family that lies farthest out."""
        value, signal, value_sd, signal_sd = self.columns("value", "signal", "value_sd", "signal_sd")
        return float((np.abs(value) + TAIL * value_sd).max()), float((np.abs(signal) + TAIL * signal_sd).max())


class Asymmetric(Config):
    """v Boltzmann: p(v) proportional to exp(-E(v) / T) for v >= mu - sigma T, with E(v) = (v - mu) / sigma. So v = mu + sigma T (X - 1), X exponential.

    mu is the mean, sigma the value of a unit of energy, T the temperature; the floor lies where the mean is mu. A quadratic energy would be another normal.
    Signal: a = mean_a + sd_a (rho (X - 1) + sqrt(1 - rho²) Z), whose correlation with v is rho; it is normal at rho = 0 only.
    """

    kind: Literal["asymmetric"] = "asymmetric"
    value_mean: float = 0.0
    value_scale: Positive = 1.0
    temperature: Positive = 1.0
    signal_mean: float = 0.0
    signal_sd: Positive = 1.0
    rho: Correlation = 0.0

    @model_validator(mode="after")
    def _check_tail(self) -> Asymmetric:
        if not self.value_scale * self.temperature > 1e-100:
            raise ValueError(f"value_scale * temperature is {self.value_scale * self.temperature:g}, too small to tell values apart")
        if self.value_scale * self.temperature > 2.0:
            raise ValueError(f"value_scale * temperature must be at most 2, not {self.value_scale * self.temperature:g}: the tail would be cut at 64")
        return self

    def draw(self, count: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """(values, signals), each (count,)."""
        energy = rng.standard_exponential(count) - 1.0
        signals = self.signal_sd * (self.rho * energy + math.sqrt(1.0 - self.rho**2) * rng.standard_normal(count)) + self.signal_mean
        return self.value_scale * self.temperature * energy + self.value_mean, signals

    def moments(self) -> Moments:
        """An exponential has mean and standard deviation 1. The quadrant is known where value and signal are independent."""
        value_sd = self.value_scale * self.temperature
        negative_value = -math.expm1(-max(0.0, 1.0 - self.value_mean / value_sd))  # P(X < 1 - mu / (sigma T))
        positive_signal = 0.5 * math.erfc(-self.signal_mean / (self.signal_sd * math.sqrt(2.0)))
        return Moments(
            value=self.value_mean,
            signal=self.signal_mean,
            value_sd=value_sd,
            signal_sd=self.signal_sd,
            correlation=self.rho,
            deceptive=negative_value * positive_signal if self.rho == 0.0 else None,
        )

    def reach(self) -> tuple[float, float]:
        """As far as the tail of the exponential reaches, on its side, and the normal part of the signal beside it."""
        spread, normal = self.value_scale * self.temperature, TAIL * math.sqrt(1.0 - self.rho**2)
        value = max(abs(self.value_mean - spread), abs(self.value_mean + LONG_TAIL * spread))
        return value, abs(self.signal_mean) + self.signal_sd * (LONG_TAIL * abs(self.rho) + normal)


AnyLandscape = Annotated[BivariateNormal | Uniform | Unimodal | Clusters | Asymmetric, Field(discriminator="kind")]


def deceptive_quadrant(value_mean: float, signal_mean: float, rho: float) -> float:
    """P(v < 0, a > 0) of two normals with these means, in units of their standard deviations, and this correlation.

    1/4 - arcsin(rho) / 2 pi at zero means (Sheppard, 1899); scipy's bivariate normal distribution function (Genz, 2004) elsewhere.
    """
    from scipy.stats import multivariate_normal, norm

    if value_mean == 0.0 and signal_mean == 0.0:
        return 0.25 - math.asin(rho) / (2 * math.pi)
    if abs(rho) == 1.0:  # v < 0 is Z < -value_mean; a > 0 is Z > -signal_mean at 1 and Z < signal_mean at -1
        low, high = norm.cdf([-signal_mean, -value_mean]) if rho > 0 else (0.0, norm.cdf(min(-value_mean, signal_mean)))
        return max(0.0, float(high - low))
    return float(multivariate_normal.cdf([-value_mean, signal_mean], cov=[[1.0, -rho], [-rho, 1.0]]))
