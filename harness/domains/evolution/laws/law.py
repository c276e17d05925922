"""The words of the laws: what a law asks of a simulator, and what it found."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np

from harness.domains.evolution.config import Simulation

Size = Literal["smoke", "full"]


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One statistic held against its law. `se` is the standard error of observed - expected under the law, 0 where the law is exact; `n` the number of
    independent runs that it rests on."""

    law: str
    says: str
    statistic: str
    observed: float
    expected: float
    se: float
    n: int
    unit: str

    @property
    def z(self) -> float:
        """Standard errors between observed and expected: 0 or infinite where the law is exact."""
        if self.se == 0:
            return 0.0 if self.observed == self.expected else math.inf
        return (self.observed - self.expected) / self.se


class SimulatedHistory(Protocol):
    """What a simulator gives back: (runs, generations + 1) for each name of `history.MEASURED`."""

    def __len__(self) -> int: ...

    def __getitem__(self, name: str) -> np.ndarray: ...


class Simulate(Protocol):
    """A simulator, called as `runs.runs` is."""

    def __call__(self, simulation: Simulation, seeds: Sequence[int], *, world_seed: int | None = None, founder_seed: int | None = None) -> SimulatedHistory: ...


Law = Callable[[Simulate, Size], list[Finding]]


def many(smoke: int, size: Size) -> int:
    """How many runs: so many at smoke, sixteen times as many at full, which halves twice what goes unseen."""
    return smoke if size == "smoke" else 16 * smoke
