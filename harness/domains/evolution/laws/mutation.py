"""Mutation: each slot is replaced with probability mu by a belief that the child lacks, so the mean of any belief's trait moves towards that of the pool."""

from __future__ import annotations

import numpy as np

from harness.domains.evolution.config import Simulation, simulation
from harness.domains.evolution.laws.claim import Claim
from harness.domains.evolution.laws.founding import Founding, founding
from harness.domains.evolution.laws.law import Finding, Simulate, Size, many

RATES = (0.2, 0.5, 1.0)
WORLDS = (51, 52)
MOVE = Claim("mutation", "Without selection the mean per slot moves from v to (1 - mu) v + mu (B vbar - K v) / (B - K).")
START = Claim("mutation", "Generation 0 is measured before anything has mutated.")
SIZE = Claim("mutation", "A slot that mutates takes another belief: no model grows or shrinks.")


def mutation(simulate: Simulate, size: Size) -> list[Finding]:
    """One generation at beta 0 from fixed founders that lie far from the pool's mean, or a rate would not show."""
    found = []
    for world in WORLDS:
        founder = max(range(20), key=lambda seed, world=world: distance(founding(mutation_only(0.0), world, seed)))  # type: ignore[misc]
        for rate in RATES:
            found += check_one_step(simulate, mutation_only(rate), world, founder, many(200, size))
    return found


def mutation_only(rate: float) -> Simulation:
    """Two models of 8 beliefs from a pool of 20: what a model lacks differs from what the pool holds."""
    parts = {"models": 2, "beliefs": 20, "held": 8, "questions": 10, "generations": 1, "selection": {"beta": 0.0}, "mutation": {"rate": rate}}
    return simulation({**parts, "fitness": "additive", "landscape": {"kind": "bivariate_normal", "rho": 0.2}})


def distance(first: Founding) -> float:
    """How far the founders' mean belief lies from the pool's, in value."""
    return abs(float(first.values[first.held].mean() - first.values.mean()))


def check_one_step(simulate: Simulate, one: Simulation, world: int, founder: int, runs: int) -> list[Finding]:
    """Value, signal (the additive fitness counts each belief's signal once a question) and deceptive share after one generation."""
    first, found = founding(one, world, founder), simulate(one, range(runs), world_seed=world, founder_seed=founder)
    pool, held, rate = one.beliefs, one.held, one.mutation.rate
    deceptive = ((first.values < 0) & (first.signals > 0)).astype(float)
    findings = [SIZE.equal(f"size (mu {rate:g})", found["size"], np.full((runs, 2), float(held)), runs)]
    for trait, each, scale in (("value", first.values, held), ("fitness", first.signals, held), ("deceptive", deceptive, 1)):
        now, mean = float(each[first.held].mean()), float(each.mean())
        after = (1 - rate) * now + rate * (pool * mean - held * now) / (pool - held)
        told = f"mean {trait} per slot (mu {rate:g}, world {world})"
        findings.append(START.near(f"generation 0 of {told}", found[trait][:, 0] / scale, now, runs))
        findings.append(MOVE.mean(told, found[trait][:, 1] / scale, after))
    return findings
