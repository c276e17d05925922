"""Tests that are what they are asked to be: how many beliefs they cover, how evenly, and how much their questions repeat each other."""

from __future__ import annotations

import math
from typing import Any

from harness.domains.evolution.config import Simulation, simulation
from harness.domains.evolution.laws.claim import Claim
from harness.domains.evolution.laws.law import Finding, Simulate, Size, many

SIMPLE = Claim("activation", "Simple activation probes every belief by the same number of questions: coverage 1, entropy ln B, covariances that sum to 0.")
COVERAGE = Claim("activation", "A test asked to cover a share C of the beliefs covers floor(C B + .5) of them.")
CORRELATION = Claim(
    "activation", "Questions asked to correlate by c on average do: Var k = Q p (1 - p) (1 + (Q - 1) c), k being how many questions probe a belief."
)
ONE = {"kind": "bivariate_normal", "rho": 0.0, "signal_mean": 1.0, "signal_sd": 2.0**-40}  # every signal is 1, so the sum counts activations


def activation(simulate: Simulate, size: Size) -> list[Finding]:
    """Seen through the fitness of models whose beliefs all have signal 1."""
    found = [*check_even_probing(simulate, many(3, size)), *(check_coverage(simulate, share, many(3, size)) for share in (0.1, 0.6, 0.95))]
    return found + [check_correlation(simulate, asked, many(40, size)) for asked in (0.1, 0.4, 0.8)]


def counting(held: int, models: int, **activation: Any) -> Simulation:
    """300 beliefs, 20 questions, additive fitness."""
    parts = {"models": models, "beliefs": 300, "held": held, "questions": 20, "generations": 0, "fitness": "additive", "landscape": ONE}
    return simulation({**parts, "activation": activation})


def check_even_probing(simulate: Simulate, runs: int) -> list[Finding]:
    """Every model of one belief scores n: no belief is probed more than another, which is what entropy ln B says."""
    found = simulate(counting(1, 50, kind="simple", density=0.15), range(runs))
    return [
        SIMPLE.near("activations of a belief (simple)", found["fitness"], 3.0, runs),
        SIMPLE.near("their spread over beliefs (simple)", found["fitness_sd"], 0.0, runs),
    ]


def check_coverage(simulate: Simulate, share: float, runs: int) -> Finding:
    """A model that holds all beliefs scores n times as many as are covered."""
    found = simulate(counting(300, 1, kind="coverage", coverage=share, density=0.15), range(runs))
    return COVERAGE.near(f"beliefs covered (asked: {share:g})", found["fitness"] / 3.0, math.floor(share * 300 + 0.5), runs)


def check_correlation(simulate: Simulate, asked: float, runs: int) -> Finding:
    """The share p from a model that holds everything, Var k from models of one belief, drawn from the same world.

    Allowed: 2 / B, what whole numbers of beliefs and unequal questions may take from it.
    """
    whole = simulate(counting(300, 1, kind="correlated", correlation=asked), range(1), world_seed=101)
    share = float(whole["fitness"][0, 0]) / (300 * 20)
    found = simulate(counting(1, 200, kind="correlated", correlation=asked), range(runs), world_seed=101)
    variance = found["fitness_sd"][:, 0] ** 2 * 200 / 199
    reached = (variance / (20 * share * (1 - share)) - 1) / 19
    return CORRELATION.mean(f"mean correlation of questions (asked: {asked:g})", reached, asked, allowance=2 / 300)
