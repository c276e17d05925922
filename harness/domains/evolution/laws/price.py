"""Price's equation without transmission bias: what one round of selection does to the mean of any trait, and how much of it is chance."""

from __future__ import annotations

import numpy as np

from harness.domains.evolution.config import Simulation, simulation
from harness.domains.evolution.laws.claim import Claim
from harness.domains.evolution.laws.founding import founding
from harness.domains.evolution.laws.law import Finding, Simulate, Size, many

TRAITS = ("fitness", "value", "deceptive")
SMALL = {"models": 30, "beliefs": 120, "held": 8, "questions": 20, "generations": 1}
START = Claim("price", "Generation 0 of every run is what the formulas give for its founders.")
MEAN = Claim("price", "The mean of any trait after selection is expected to be the sum of p_i z_i with p_i = softmax(beta F_i) (Price, 1970).")
SPREAD = Claim("price", "The variance of that mean over repeats is the sum of p_i (z_i - z_p)² over P: children are drawn independently.")
NOISY = Claim("price", "With noise in the evaluation the chances p_i are those averaged over the noise.")
CATASTROPHE = Claim("price", "Models below the catastrophe's threshold have no children; among the others Price's equation holds.")


def price(simulate: Simulate, size: Size) -> list[Finding]:
    """One round of selection from fixed founders, many times."""
    found = []
    for number, (beta, fitness) in enumerate(((2.0, "mean"), (6.0, "additive"), (-4.0, "mean"))):
        factor = 1.0 if fitness == "mean" else 1.0 / 16.0  # the sum over 8 beliefs, each probed by 2 questions
        found += check_selection(simulate, plain(beta * factor, fitness), 11 + number, many(120, size))
    return found + noisy(simulate, many(120, size)) + catastrophic(simulate, many(120, size))


def plain(beta: float, fitness: str = "mean", **others: object) -> Simulation:
    """A small simulation with nothing but selection."""
    return simulation({**SMALL, "fitness": fitness, "selection": {"beta": beta}, "landscape": {"kind": "bivariate_normal", "rho": 0.3}, **others})


def check_selection(simulate: Simulate, one: Simulation, seed: int, runs: int) -> list[Finding]:
    """Where it starts, and mean and variance after one selection, trait by trait."""
    first, found = founding(one, seed, seed + 1), simulate(one, range(runs), world_seed=seed, founder_seed=seed + 1)
    chances, told = first.weights(one.selection.beta), f"beta {one.selection.beta:g}, {one.fitness}"
    findings = [START.near(f"generation 0 of value_tested ({told})", found["value_tested"][:, 0], first["value_tested"].mean(), runs)]
    for trait in TRAITS:
        each, after = first[trait], found[trait][:, 1]
        mean = float(chances @ each)
        variance = float(chances @ (each - mean) ** 2)
        # The fourth moment of a mean of P independent draws, from that of one.
        kurtosis = 3.0 + (float(chances @ (each - mean) ** 4) / variance**2 - 3.0) / one.models
        findings += [
            START.near(f"generation 0 of {trait} ({told})", found[trait][:, 0], each.mean(), runs),
            MEAN.mean(f"mean {trait} after selection ({told})", after, mean, sd=(variance / one.models) ** 0.5),
            SPREAD.variance(f"variance of mean {trait} after selection ({told})", after, mean, variance / one.models, kurtosis),
        ]
    return findings


def noisy(simulate: Simulate, runs: int, draws: int = 40_000) -> list[Finding]:
    """The noise's average is taken over draws of our own, and their error is in the standard error."""
    one = plain(6.0, evaluators={"noise": 0.3})
    first, found = founding(one, 31, 32), simulate(one, range(runs), world_seed=31, founder_seed=32)
    seen = 6.0 * (first["fitness"] + 0.3 * np.random.default_rng(0).normal(size=(draws, one.models)))
    chances = np.exp(seen - seen.max(axis=1, keepdims=True))
    chances /= chances.sum(axis=1, keepdims=True)
    return [
        NOISY.mean(f"mean {trait} after noisy selection", found[trait][:, 1], means.mean(), allowance=float(means.std() / draws**0.5))
        for trait in TRAITS
        for means in [chances @ first[trait]]
    ]


def catastrophic(simulate: Simulate, runs: int) -> list[Finding]:
    """About half of the founders lie below a threshold of 0."""
    one = plain(4.0, catastrophe=0.0)
    first, found = founding(one, 41, 42), simulate(one, range(runs), world_seed=41, founder_seed=42)
    alive = first["value"] >= 0.0
    chances = first.weights(4.0, alive)
    findings = [CATASTROPHE.equal("models above the threshold", found["alive"], np.repeat([[alive.sum(), one.models]], runs, axis=0), runs)]
    for trait in TRAITS:
        mean = float(chances @ first[trait])
        sd = float((chances @ (first[trait] - mean) ** 2 / one.models) ** 0.5)
        findings.append(CATASTROPHE.mean(f"mean {trait} after a catastrophe", found[trait][:, 1], mean, sd=sd))
    return findings
