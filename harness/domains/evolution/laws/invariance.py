"""What must not matter: a constant added to fitness, the unit that signals are measured in, the test where nothing is selected."""

from __future__ import annotations

from typing import Any

import numpy as np

from harness.domains.evolution.config import Simulation, simulation
from harness.domains.evolution.laws.claim import Claim
from harness.domains.evolution.laws.law import Finding, Simulate, Size, many

SHIFT = Claim("invariance", "A constant added to every model's fitness changes nobody's chances.")
SCALE = Claim("invariance", "Signals of c times the spread under a pressure of beta / c select the same models.")
UNMOVED = Claim("invariance", "Value is what models hold: another test of the same models does not change it.")
BASE: dict[str, Any] = {"models": 20, "beliefs": 100, "held": 6, "questions": 20, "generations": 6}
NORMAL = {"kind": "bivariate_normal", "rho": 0.5}
HELD = ("value", "diversity", "founders", "size")


def invariance(simulate: Simulate, size: Size) -> list[Finding]:
    """Pairs of runs with equal seeds."""
    runs = many(6, size)
    return [*check_shift(simulate, runs), *check_scale(simulate, runs), *check_blind_selection(simulate, runs)]


def change_signal(signal: dict[str, float], **others: Any) -> Simulation:
    """A simulation with mutation whose signals are shifted or stretched."""
    return simulation({**BASE, "mutation": {"rate": 0.03}, "landscape": {**NORMAL, **signal}, **others})


def check_shift(simulate: Simulate, runs: int) -> list[Finding]:
    """Under the plain sum each of 6 beliefs is probed by 2 questions, so signals higher by 3/4 raise every model's fitness by 9."""
    one, other = (simulate(change_signal({"signal_mean": mean}, fitness="additive", selection={"beta": 0.5}), range(runs)) for mean in (0.0, 0.75))
    return [
        *(SHIFT.equal(f"{name} under shifted signals", other[name], one[name], runs) for name in HELD),
        SHIFT.near("fitness under shifted signals, less the shift", other["fitness"] - 9.0, one["fitness"], runs),
    ]


def check_scale(simulate: Simulate, runs: int) -> list[Finding]:
    """By powers of 2, so that products stay what they were."""
    found = []
    for factor in (4.0, 0.5):
        one, other = (simulate(change_signal({"signal_sd": by}, selection={"beta": 8.0 / by}), range(runs)) for by in (1.0, factor))
        found += [
            SCALE.equal(f"{name} under signals of {factor:g} times the spread", other[name], one[name], runs) for name in (*HELD, "deceptive", "value_tested")
        ]
        found.append(SCALE.near(f"fitness / {factor:g}", other["fitness"] / factor, one["fitness"], runs))
    return found


def check_blind_selection(simulate: Simulate, runs: int) -> list[Finding]:
    """Without selection the test is only looked at: more questions, denser ones, or fewer beliefs covered change neither models nor what they are worth."""
    tests: tuple[dict[str, Any], ...] = (
        {"questions": 35},
        {"activation": {"kind": "simple", "density": 0.4}},
        {"activation": {"kind": "coverage", "coverage": 0.5}},
    )
    base = {**BASE, "landscape": NORMAL, "selection": {"beta": 0.0}}
    one = simulate(simulation(base), range(runs), world_seed=111)
    found = []
    for number, test in enumerate(tests):
        other = simulate(simulation({**base, **test}), range(runs), world_seed=111)
        found += [UNMOVED.equal(f"{name} under test {number + 2}", other[name], one[name], runs) for name in (*HELD, "deceptive")]
        differ = float(np.any(other["value_tested"] != one["value_tested"]))
        found.append(UNMOVED.exact(f"the tested average does change under test {number + 2}", differ, 1.0, runs, "yes"))
    return found
