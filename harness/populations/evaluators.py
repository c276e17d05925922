"""Evaluators: what signal of a belief they see, how well it goes with true value, and how that changes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from pydantic import Field, model_validator

from harness.errors import HarnessError
from harness.populations.form import Form
from harness.populations.grid import on_signal_grid
from harness.populations.stream import Purpose, Stream

Correlation = Annotated[float, Field(ge=-1, le=1)]
# Places of the traits from which every signal is a weighted sum.
SIGNAL, VALUE, ONE, OTHERS = 0, 1, 2, 3
FLAT = 1e-9


class Evaluator(Form):
    """One evaluator. Without `correlation` it sees the landscape's own signal; with it, a signal of the same mean and spread whose correlation with true value
    over the pool is exactly that, moving evenly to `last` at the last generation."""

    correlation: Correlation | None = None
    last: Correlation | None = None
    weight: Annotated[float, Field(gt=0, le=1e6)] = 1.0

    @model_validator(mode="after")
    def _starts_somewhere(self) -> Evaluator:
        if self.last is not None and self.correlation is None:
            raise ValueError("last says where the correlation ends: say where it starts, too (correlation)")
        return self

    def course(self, generations: int, every: int) -> np.ndarray:
        """(generations + 1,) correlation at each measurement; it moves at every `every`-th one and stands between."""
        start, end = float(self.correlation or 0.0), float(self.correlation or 0.0) if self.last is None else float(self.last)
        steps = np.arange(generations + 1) // every * every
        return start + (end - start) * steps / max(1, generations)


class Evaluators(Form):
    """Several evaluators, whose signals are averaged by weight. `noise` is the SD of what is added to each model's fitness before selection, anew each time."""

    each: Annotated[tuple[Evaluator, ...], Field(min_length=1, max_length=16)] = (Evaluator(),)
    every: Annotated[int, Field(ge=1)] = 1
    noise: Annotated[float, Field(ge=0, le=1e6)] = 0.0

    @property
    def own(self) -> bool:
        """True where all see the landscape's own signal, so that no other trait is needed."""
        return all(one.correlation is None for one in self.each)


def residuals(values: np.ndarray, signals: np.ndarray, evaluators: Evaluators, stream: Stream) -> list[np.ndarray]:
    """What each evaluator sees beside value: mean 0, SD 1, uncorrelated with it over the pool. The first one's is the landscape's own, where it has any."""
    found = []
    for number in range(len(evaluators.each)):
        rest = beside(signals, values)
        if number or rest is None:
            rest = beside(stream.normals(Purpose.EVALUATORS, len(values), generation=number), values)
        if rest is None or not values.std() > FLAT:
            told = f"{len(values)} beliefs of values that do not vary, or too few of them, cannot have a signal of a given correlation with value"
            raise HarnessError(told, where="evaluators", mend="Add beliefs, or leave correlation and scored_with out")
        found.append(rest)
    return found


def beside(signals: np.ndarray, values: np.ndarray) -> np.ndarray | None:
    """The part of signals that value does not explain, standardised over the pool; None where there is none."""
    centred, own = values - values.mean(), signals - signals.mean()
    spread = float(centred @ centred)
    rest = own - centred * (float(own @ centred) / spread if spread else 0.0)
    size = float(np.sqrt(rest @ rest / len(rest)))
    return None if size < FLAT else rest / size


@dataclass(frozen=True)
class Mixer:
    """Means and SDs of a pool, by which value and a residual are mixed into a signal."""

    value_mean: float
    value_sd: float
    signal_mean: float
    signal_sd: float

    @classmethod
    def of(cls, values: np.ndarray, signals: np.ndarray) -> Mixer:
        return cls(float(values.mean()), float(values.std()), float(signals.mean()), float(signals.std()))

    def mixture(self, correlation: float) -> tuple[float, float, float]:
        """(weight of value, weight of the residual, constant) that give a signal of the landscape's mean and SD with that correlation with value."""
        slope = self.signal_sd * correlation / self.value_sd  # values vary: `residuals` has seen to it
        return slope, self.signal_sd * float(np.sqrt(1.0 - correlation**2)), self.signal_mean - slope * self.value_mean


def traits(values: np.ndarray, signals: np.ndarray, evaluators: Evaluators, corrected: bool, stream: Stream) -> np.ndarray:
    """(R, B) on the grid: the landscape's signal, true value, and, where any evaluator or question asks for a correlation, 1 and the residuals."""
    basic = [signals, values]
    if corrected or not evaluators.own:
        basic += [np.ones_like(values), *residuals(values, signals, evaluators, stream)]
    return np.ascontiguousarray(on_signal_grid(np.stack(basic)))


def coefficients(values: np.ndarray, signals: np.ndarray, evaluators: Evaluators, scored_with: float | None, generations: int, traits: int) -> np.ndarray:
    """(generations + 1, 2, R): at each measurement the signal that scores the first questions, and the one that scores questions added later."""
    found, mixer = np.zeros((generations + 1, 2, traits)), Mixer.of(values, signals)
    total = sum(one.weight for one in evaluators.each)
    for number, one in enumerate(evaluators.each):
        share = one.weight / total
        if one.correlation is None:
            found[:, 0, SIGNAL] += share
            continue
        for when, correlation in enumerate(one.course(generations, evaluators.every)):
            found[when, 0] += share * mixed(mixer.mixture(float(correlation)), OTHERS + number, traits)
    found[:, 1] = found[:, 0] if scored_with is None else mixed(mixer.mixture(scored_with), OTHERS, traits)
    return found


def mixed(mixture: tuple[float, float, float], residual: int, traits: int) -> np.ndarray:
    """(R,) a mixture as weights of traits."""
    found = np.zeros(traits)
    found[VALUE], found[residual], found[ONE] = mixture
    return found
