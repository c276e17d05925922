"""Founders of a known world, scored by the formulas written out: what the engine's own scoring is held against."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from harness.domains.evolution.config import Simulation
from harness.domains.evolution.world import draw_founders, draw_world


@dataclass(frozen=True, kw_only=True)
class Founding:
    """`held` (P, K); of each belief (B,) `values`, `signals`, `deceptive`; of each founder (P,) everything else, named as measures are."""

    held: np.ndarray
    values: np.ndarray
    signals: np.ndarray
    traits: dict[str, np.ndarray]

    def __getitem__(self, name: str) -> np.ndarray:
        """(P,) one trait of the founders: fitness, value, value_tested or deceptive."""
        return self.traits[name]

    def weights(self, beta: float, alive: np.ndarray | None = None) -> np.ndarray:
        """(P,) p_i = softmax(beta F_i), over those that are alive."""
        weighed = np.exp(beta * self["fitness"] - (beta * self["fitness"]).max())
        if alive is not None:
            weighed = np.where(alive, weighed, 0.0)
        return np.asarray(weighed / weighed.sum())


def founding(simulation: Simulation, world_seed: int, founder_seed: int) -> Founding:
    """The founders that `simulate(…, world_seed=…, founder_seed=…)` starts from. One personality, no network, the landscape's own signal."""
    land = draw_world(simulation, world_seed)
    held = draw_founders(land, founder_seed).held[:, : simulation.held]
    signals, values = land.traits[0], land.traits[1]
    active = land.activations.dense()[0][held]  # (P, K, Q)
    traits = {
        "fitness": mean_score(active, signals[held], simulation.fitness),
        "value": values[held].sum(axis=1),
        "value_tested": mean_score(active, values[held], simulation.fitness),
        "deceptive": ((values < 0) & (signals > 0))[held].mean(axis=1),
    }
    return Founding(held=held, values=values, signals=signals, traits=traits)


def mean_score(active: np.ndarray, each: np.ndarray, fitness: str) -> np.ndarray:
    """(P,) from (P, K, Q) activations and (P, K) signals: the mean over questions of the weighted mean, 0 where nothing answers; or the plain sum."""
    sums = (active * each[:, :, None]).sum(axis=1)
    if fitness == "additive":
        return np.asarray(sums.sum(axis=1))
    mass = active.sum(axis=1)
    return np.asarray(np.where(mass > 0, sums / np.where(mass > 0, mass, 1.0), 0.0).mean(axis=1))
