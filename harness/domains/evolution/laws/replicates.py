"""A run is its seed and its parameters: neither its place in a batch nor what ran before it."""

from __future__ import annotations

import numpy as np

from harness.domains.evolution.config import simulation
from harness.domains.evolution.laws.claim import Claim
from harness.domains.evolution.laws.law import Finding, Simulate, SimulatedHistory, Size, many

NAMES = ("fitness", "value", "value_tested", "deceptive", "diversity", "founders")
ALONE = Claim("replicates", "A run in a batch equals the same seed run alone, whatever stands before and beside it.")
FRESH = Claim("replicates", "Another configuration gives other runs: none is left over, and every parameter is read.")
APART = Claim("replicates", "Different seeds give different runs.")
BASE = {
    "models": 15,
    "beliefs": 80,
    "held": 5,
    "questions": 12,
    "generations": 5,
    "landscape": {"kind": "bivariate_normal", "rho": 0.4},
    "mutation": {"rate": 0.02},
}
OTHERS: dict[str, dict[str, object]] = {
    "rho": {"landscape": {"kind": "bivariate_normal", "rho": 0.6}},
    "beta": {"selection": {"beta": 50.0}},
    "mutation rate": {"mutation": {"rate": 0.3}},
    "models": {"models": 16},
    "beliefs": {"beliefs": 90},
    "held": {"held": 6},
    "questions": {"questions": 13},
    "density": {"activation": {"kind": "simple", "density": 0.3}},
    "noise": {"evaluators": {"noise": 3.0}},
    "reproduction": {"reproduction": "recombining"},
    "fitness": {"fitness": "additive"},
}


def replicates(simulate: Simulate, size: Size) -> list[Finding]:
    """Batches of several sizes and orders; then every parameter changed, one at a time."""
    seeds = list(range(many(6, size)))
    one = simulation(BASE)
    whole = rows(simulate(one, seeds))
    alone = np.concatenate([rows(simulate(one, [seed])) for seed in seeds])
    found = [
        ALONE.equal("a batch and its runs alone", whole, alone, len(seeds)),
        ALONE.equal("a batch backwards", rows(simulate(one, seeds[::-1])), whole[::-1], len(seeds)),
        APART.exact("pairs of seeds with equal runs", equal_pairs(whole), 0, len(seeds), "pairs"),
    ]
    for name, change in OTHERS.items():
        other = rows(simulate(simulation({**BASE, **change}), seeds))
        left = sum(np.array_equal(before, after, equal_nan=True) for before, after in zip(whole, other, strict=True))
        found.append(FRESH.exact(f"runs that are the same under another {name}", left, 0, len(seeds), "runs"))
    return [*found, ALONE.equal("the same batch once more", rows(simulate(one, seeds)), whole, len(seeds))]


def rows(found: SimulatedHistory) -> np.ndarray:
    """(runs, generations + 1, measures)."""
    return np.stack([found[name] for name in NAMES], axis=-1)


def equal_pairs(whole: np.ndarray) -> int:
    """Pairs of runs that are equal in everything measured."""
    return sum(np.array_equal(one, other, equal_nan=True) for place, one in enumerate(whole) for other in whole[:place])
