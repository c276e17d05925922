"""Selection so strong that only the best has children: what is left is the greatest of the founders."""

from __future__ import annotations

import numpy as np

from harness.domains.evolution.config import simulation
from harness.domains.evolution.laws.claim import Claim
from harness.domains.evolution.laws.founding import founding
from harness.domains.evolution.laws.law import Finding, Simulate, Size, many

BEST = Claim("clonal_limit", "Under a selection without bounds all models are copies of the best founder after one generation.")
GREATEST = Claim("clonal_limit", "The best of P independent founders is expected where the greatest of P normals is: 2.878 standard deviations up for P = 300.")
STRONGEST = 1e8


def clonal_limit(simulate: Simulate, size: Size) -> list[Finding]:
    """From fixed founders, and over independent worlds."""
    return [*best(simulate, many(5, size)), *(greatest(simulate, held, beliefs, many(60, size)) for held, beliefs in ((1, 20_000), (5, 10_000)))]


def best(simulate: Simulate, runs: int) -> list[Finding]:
    """The best founder's own traits, and no spread."""
    one = simulation({"models": 40, "beliefs": 200, "held": 8, "questions": 20, "generations": 2, "selection": {"beta": STRONGEST}})
    first, found = founding(one, 81, 82), simulate(one, range(runs), world_seed=81, founder_seed=82)
    winner = int(first["fitness"].argmax())
    findings = [
        BEST.near(f"{trait} of the best founder", found[trait][:, 1:], first[trait][winner], runs)
        for trait in ("fitness", "value", "value_tested", "deceptive")
    ]
    return [
        *findings,
        BEST.equal("founders left", found["founders"][:, 1:], np.ones((runs, 2)), runs),
        BEST.near("spread", found["fitness_sd"][:, 1:], 0.0, runs),
    ]


def normal_maximum(count: float, power: int = 1) -> float:
    """E of the greatest of so many standard normals, to a power: the integral of x**power d(Phi(x)^count)."""
    from scipy.integrate import quad
    from scipy.stats import norm

    return float(quad(lambda x: x**power * count * norm.pdf(x) * np.exp((count - 1) * norm.logcdf(x)), -12, 12, points=[0, 2, 3], limit=400)[0])


def greatest(simulate: Simulate, held: int, beliefs: int, runs: int, models: int = 300) -> Finding:
    """Additive fitness, one question: given what they hold, founders are jointly normal with sd sqrt(K) and, on average, a correlation of K / B.

    Of one belief each, founders are independent but for those that hold the same: the greatest is that of as many normals as there are distinct beliefs, on
    average. Of more, the common part lowers the greatest by a factor of sqrt(1 - K / B); that it is uneven matters less than that factor does, so all of its
    effect is allowed as error.
    """
    parts = {"models": models, "beliefs": beliefs, "held": held, "questions": 1, "generations": 1, "fitness": "additive", "selection": {"beta": STRONGEST}}
    found = simulate(simulation({**parts, "landscape": {"kind": "bivariate_normal", "rho": 0.0, "signal_sd": 2.0}}), range(runs))
    standard = found["fitness"][:, 1] / (2.0 * held**0.5)
    sd = (normal_maximum(models, 2) - normal_maximum(models) ** 2) ** 0.5
    if held == 1:
        distinct = beliefs * (1 - (1 - 1 / beliefs) ** models)
        return GREATEST.mean(f"best of {models} founders of one belief", standard, normal_maximum(distinct), sd=sd, unit="standard deviations")
    expected = normal_maximum(models)
    lowered = expected * (1 - held / beliefs) ** 0.5
    name = f"best of {models} founders of {held} beliefs"
    return GREATEST.mean(name, standard, lowered, sd=sd, allowance=expected - lowered, unit="standard deviations")
