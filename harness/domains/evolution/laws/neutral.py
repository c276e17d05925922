"""Drift alone: without selection means stay, and only chance decides who is left."""

from __future__ import annotations

import numpy as np

from harness.domains.evolution.config import Simulation, simulation
from harness.domains.evolution.laws.claim import Claim
from harness.domains.evolution.laws.founding import founding
from harness.domains.evolution.laws.law import Finding, Simulate, Size, many

TRAITS = ("fitness", "value", "deceptive")
GENERATIONS = (1, 4, 12)
MEAN = Claim("neutral", "At beta 0 the mean of every trait is expected to stay what it was among the founders.")
SPREAD = Claim("neutral", "The variance of the mean over repeats is s² (1 - (1 - 1 / P)^t), s² being that over the founders.")
LEFT = Claim("neutral", "After one generation P (1 - (1 - 1 / P)^P) founders are expected to have descendants.")
DIVERSITY = Claim("neutral", "Diversity is expected to fall by a factor of 1 - 1 / P a generation.")
FIXED = Claim("neutral", "Each founder takes over with the chance 1 / P.")


def neutral(simulate: Simulate, size: Size) -> list[Finding]:
    """From fixed founders, many times."""
    return [*check_drift(simulate, many(150, size)), *check_fixation(simulate, many(120, size))]


def drift(models: int, generations: int) -> Simulation:
    """A small simulation without selection or mutation."""
    parts = {"models": models, "beliefs": 100, "held": 6, "questions": 20, "generations": generations, "diversity_every": 1, "selection": {"beta": 0.0}}
    return simulation({**parts, "landscape": {"kind": "bivariate_normal", "rho": 0.3}})


def check_drift(simulate: Simulate, runs: int) -> list[Finding]:
    """Means, their variance, founders left and diversity."""
    one, models = drift(12, GENERATIONS[-1]), 12
    first, found = founding(one, 61, 62), simulate(one, range(runs), world_seed=61, founder_seed=62)
    findings = []
    for when in GENERATIONS:
        share = 1 - (1 - 1 / models) ** when
        for trait in TRAITS:
            mean, variance, after = float(first[trait].mean()), float(first[trait].var()) * share, found[trait][:, when]
            findings.append(MEAN.mean(f"mean {trait} after {when} generations", after, mean, sd=variance**0.5))
            findings.append(SPREAD.variance(f"variance of mean {trait} after {when} generations", after, mean, variance))
        start = found["diversity"][0, 0]
        findings.append(DIVERSITY.mean(f"diversity after {when} generations", found["diversity"][:, when], start * (1 - 1 / models) ** when))
    return [*findings, founders_left(found["founders"][:, 1], models)]


def founders_left(counted: np.ndarray, models: int) -> Finding:
    """P balls thrown into P boxes: mean and variance of how many boxes are hit."""
    missed, both = (1 - 1 / models) ** models, (1 - 2 / models) ** models
    variance = models * missed + models * (models - 1) * both - (models * missed) ** 2
    return LEFT.mean("founders left after one generation", counted, models * (1 - missed), sd=variance**0.5, unit="founders")


def check_fixation(simulate: Simulate, runs: int, models: int = 3, generations: int = 45) -> list[Finding]:
    """Run until one founder is left (all but twice in 10⁸ runs); its fitness tells which."""
    one = drift(models, generations)
    first, found = founding(one, 71, 72), simulate(one, range(runs), world_seed=71, founder_seed=72)
    won = np.abs(found["fitness"][:, -1, None] - first["fitness"]) < 1e-5
    return [
        FIXED.exact("runs in which exactly one founder's fitness is left", int((won.sum(axis=1) == 1).sum()), runs, runs, "runs"),
        FIXED.counts("which founder took over", won.sum(axis=0).astype(float), np.full(models, runs / models)),
    ]
