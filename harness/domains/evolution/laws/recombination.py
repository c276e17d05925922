"""Inheritance: a belief is in a child with the chance sum of w_i [b in m_i], whether children copy one parent or recombine."""

from __future__ import annotations

import numpy as np

from harness.domains.evolution.config import Simulation, simulation
from harness.domains.evolution.laws.claim import Claim
from harness.domains.evolution.laws.founding import Founding, founding
from harness.domains.evolution.laws.law import Finding, Simulate, Size, many

WORLDS = range(91, 95)
CHANCES = Claim(
    "recombination", "A child holds belief b with the chance P(b) = sum of w_i [b in m_i], so sums over held beliefs are expected at sum of P(b) x(b)."
)
INDEPENDENT = Claim("recombination", "Children inherit independently of each other: E n_b² = P P(b) (1 - P(b)) + P² P(b)².")
SIZE = Claim("recombination", "Children hold as many beliefs as their parents.")


def recombination(simulate: Simulate, size: Size) -> list[Finding]:
    """In several worlds with the same founders: each is another weighing of the same beliefs, so a wrong chance of any belief shows in some of them."""
    found = []
    for kind in ("recombining", "clonal"):
        for world in WORLDS:
            found += check_inheritance(simulate, mating(kind), world, many(120, size))
    return found


def mating(kind: str) -> Simulation:
    """Founders that share beliefs (a pool of 30), so that their chances are sums over several."""
    parts = {"models": 16, "beliefs": 30, "held": 6, "questions": 12, "generations": 1, "fitness": "additive", "selection": {"beta": 0.2}}
    return simulation({**parts, "landscape": {"kind": "bivariate_normal", "rho": 0.3}, "reproduction": kind})


def chances(first: Founding, beta: float) -> np.ndarray:
    """(B,) P(b)."""
    found = np.zeros(len(first.values))
    np.add.at(found, first.held, np.broadcast_to(first.weights(beta)[:, None], first.held.shape))
    return found


def check_inheritance(simulate: Simulate, one: Simulation, world: int, runs: int) -> list[Finding]:
    """Value, signal, deceptive share; diversity, which counts squares; and sizes."""
    first, found = founding(one, world, 98), simulate(one, range(runs), world_seed=world, founder_seed=98)
    held, models, told = one.held, one.models, f"{one.reproduction}, world {world}"
    each = chances(first, one.selection.beta)
    deceptive = ((first.values < 0) & (first.signals > 0)) / held
    findings = [SIZE.equal(f"size ({told})", found["size"], np.full((runs, 2), float(held)), runs)]
    for trait, weighed in (("value", first.values), ("fitness", first.signals), ("deceptive", deceptive)):
        mean = float(each @ weighed)
        # Of whole copies the spread is known, too (see price); of recombining children it is the runs' own.
        copied = float((first.weights(one.selection.beta) @ (first[trait] - mean) ** 2 / models) ** 0.5) if one.reproduction == "clonal" else None
        findings.append(CHANCES.mean(f"mean {trait} of children ({told})", found[trait][:, 1], mean, sd=copied))
    squares = float((models * each * (1 - each) + (models * each) ** 2).sum())
    findings.append(INDEPENDENT.mean(f"diversity of children ({told})", found["diversity"][:, 1], 1.0 - squares / (models * models * held)))
    return findings
