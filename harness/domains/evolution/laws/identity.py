"""Where the signal is value itself, the test measures value."""

from __future__ import annotations

import numpy as np

from harness.domains.evolution.config import simulation
from harness.domains.evolution.laws.claim import Claim
from harness.domains.evolution.laws.law import Finding, Simulate, Size, many

SAME = Claim("identity", "Where signal and value are one, U equals F in every generation, and nothing is deceptive.")
OPPOSED = Claim("identity", "At rho -1 U equals -F, and everything that the test likes is deceptive.")
LANDSCAPES = {
    "rho 1": ({"kind": "bivariate_normal", "rho": 1.0, "value_sd": 0.7, "signal_sd": 0.7}, 1.0),
    "unimodal": ({"kind": "unimodal", "mean": 0.25, "sd": 1.5}, 1.0),
    "rho -1": ({"kind": "bivariate_normal", "rho": -1.0}, -1.0),
}


def identity(simulate: Simulate, size: Size) -> list[Finding]:
    """Bit for bit, with mutation, in both kinds of fitness."""
    runs = many(10, size)
    found = []
    for name, (landscape, sign) in LANDSCAPES.items():
        for fitness, beta in (("mean", 5.0), ("additive", 0.2)):
            parts = {"models": 20, "beliefs": 100, "held": 6, "questions": 15, "generations": 8, "fitness": fitness, "selection": {"beta": beta}}
            measured = simulate(simulation({**parts, "landscape": landscape, "mutation": {"rate": 0.05}}), range(runs))
            claim = SAME if sign > 0 else OPPOSED
            found.append(claim.equal(f"U and F ({name}, {fitness})", measured["value_tested"], sign * measured["fitness"], runs))
            if sign > 0:
                found.append(claim.equal(f"deceptive share ({name}, {fitness})", measured["deceptive"], np.zeros((runs, 9)), runs))
    return found
