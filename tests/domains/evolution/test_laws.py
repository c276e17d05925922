"""The laws: the engine keeps them, so does another simulator, and every planted fault breaks the law that is named for it."""

from __future__ import annotations

import math

import numpy as np
import pytest

from harness.domains.evolution.adversary import adversary
from harness.domains.evolution.config import simulation
from harness.domains.evolution.laws.bound import bound
from harness.domains.evolution.laws.claim import Claim
from harness.domains.evolution.laws.clonal_limit import normal_maximum
from harness.domains.evolution.laws.every_law import EVERY_LAW, OF_ANY, judge_findings
from harness.domains.evolution.laws.founders import weight
from harness.domains.evolution.laws.law import Finding
from harness.domains.evolution.runs import simulate
from harness.domains.evolution.world import draw_world
from harness.errors import HarnessError
from tests.domains.evolution.plain_simulator import PlainSimulator

CAUGHT = {
    "beta 15 % too strong": "price",
    "selects on value": "price",
    "parents without replacement": "price",
    "parents evenly spread": "price",
    "logged after selection": "price",
    "silent questions skipped": "price",
    "noise ignored": "price",
    "catastrophe ignored": "price",
    "value follows the test": "price",
    "mutation before logging": "mutation",
    "mutation 20 % too rare": "mutation",
    "mutation to held beliefs": "mutation",
    "mutation in half the pool": "mutation",
    "rho squared": "response",
    "U unweighted": "identity",
    "deceptive as if independent": "founders",
    "beliefs held twice": "founders",
    "drift too strong": "neutral",
    "beta bounded": "clonal_limit",
    "recombining evenly": "recombination",
    "coverage by question": "activation",
    "correlation squared": "activation",
    "signal spread ignored": "invariance",
    "seeds by place": "replicates",
    "stale run": "replicates",
    "density ignored": "replicates",
}


def broken(findings: list[Finding]) -> list[str]:
    """The laws that do not hold."""
    return sorted({one.finding.law for one in judge_findings(findings) if not one.holds})


def found(observed: float, expected: float, se: float) -> Finding:
    return Finding(law="law", says="It holds.", statistic="statistic", observed=observed, expected=expected, se=se, n=10**6, unit="")


def test_the_engine_obeys_every_law() -> None:
    """All laws, judged as one family."""
    findings = [found for law in EVERY_LAW.values() for found in law(simulate, "smoke")]
    assert broken(findings) == [] and {one.law for one in findings} == set(EVERY_LAW)


@pytest.mark.parametrize("name", OF_ANY)
def test_another_simulator_obeys_the_law(name: str) -> None:
    """The laws are those of the model, not of our code: a plain simulator with random numbers of its own passes."""
    findings = OF_ANY[name](PlainSimulator(), "smoke")
    assert broken(findings) == [] and len(findings) > 1


@pytest.mark.parametrize(("fault", "law"), CAUGHT.items())
def test_a_planted_fault_breaks_its_law(fault: str, law: str) -> None:
    """The same plain simulator with one fault is caught."""
    assert broken(OF_ANY[law](PlainSimulator(fault), "smoke")) == [law]


def test_every_fault_is_one_that_the_simulator_knows() -> None:
    """A fault whose name nothing reads would be no fault."""
    from pathlib import Path

    source = Path(__file__).with_name("plain_simulator.py").read_text(encoding="utf-8")
    assert [fault for fault in CAUGHT if f'"{fault}"' not in source] == []


def test_the_bound_lets_a_correct_simulator_pass_as_often_as_it_says() -> None:
    """Of 2,000 families of 40 true statistics at an error of .05, about 5 % have any beyond the bound; by Student's t where errors come from 8 runs."""
    rng = np.random.default_rng(0)
    for n in (None, 8):
        samples = rng.normal(size=(2000, 40)) if n is None else rng.normal(size=(2000, 40, n))
        z = samples if n is None else samples.mean(axis=2) / (samples.std(axis=2, ddof=1) / n**0.5)
        alarms = (np.abs(z).max(axis=1) > bound(40, 0.05, n)).sum()
        assert abs(alarms - 100) < 4 * math.sqrt(2000 * 0.05 * 0.95)


def test_a_family_is_judged_together() -> None:
    """More statistics, a wider bound; exact ones take no part; what is not a number does not hold."""
    z = 4.0
    assert judge_findings([found(z, 0.0, 1.0)])[0].holds is False
    assert judge_findings([found(3.0, 0.0, 1.0)])[0].holds
    assert all(one.holds for one in judge_findings([found(z, 0.0, 1.0)] * 100))
    assert [one.holds for one in judge_findings([found(1.0, 1.0, 0.0)] * 100 + [found(z, 0.0, 1.0)])] == [True] * 100 + [False]
    assert [one.holds for one in judge_findings([found(1.0, 1.0 + 1e-12, 0.0), found(math.nan, 0.0, 1.0)])] == [False, False]


def test_findings_measure_chance_as_it_is() -> None:
    """Means, variances and counts of true samples give z scores of spread 1, skewed samples included."""
    claim, rng = Claim("law", "It holds."), np.random.default_rng(1)
    samples = rng.gamma(4.0, size=(500, 300))
    means = [claim.mean("mean", one, 4.0).z for one in samples]
    spreads = [claim.variance("variance", one, 4.0, 4.0, kurtosis=4.5).z for one in samples]
    counts = [claim.counts("counts", one, np.full(6, 50.0)).z for one in rng.multinomial(300, np.full(6, 1 / 6), size=500).astype(float)]
    for scores in (means, spreads, counts):
        assert abs(np.mean(scores)) < 0.2 and 0.88 < np.std(scores) < 1.12


def test_the_founders_variance_is_that_of_activations_drawn_by_hand() -> None:
    """K E c² by the formula and by 2,000 activations; at K 50, Q 100, n 10 it is 1.0148 / K."""
    rng = np.random.default_rng(2)
    for held, questions, probing in ((6, 30, 3), (4, 5, 1), (12, 10, 10)):
        active = (rng.random((2000, held, questions)).argsort(axis=2) < probing).astype(float)
        mass = active.sum(axis=1, keepdims=True)
        weights = (active / np.where(mass > 0, mass, 1.0)).sum(axis=2) / questions
        squares = (weights**2).sum(axis=1)
        assert abs(weight(held, questions, probing) - squares.mean()) <= 4 * squares.std() / 2000**0.5 + 1e-12
    assert 50 * weight(50, 100, 10) == pytest.approx(1.01476, abs=1e-5)


def test_the_greatest_of_normals_is_known() -> None:
    """1 / sqrt(pi) of two, 3 / (2 sqrt(pi)) of three (Teichroew, 1956), 2.878 of 300."""
    assert normal_maximum(2) == pytest.approx(math.pi**-0.5, abs=1e-7)
    assert normal_maximum(3) == pytest.approx(1.5 * math.pi**-0.5, abs=1e-7)
    assert normal_maximum(300) == pytest.approx(2.87777, abs=1e-5)


@pytest.mark.parametrize("personality", [0, 1])
def test_the_adversary_beats_every_other_set(personality: int) -> None:
    """All 4,096 sets of 12 beliefs, for several prices and sizes, with several evaluators and personalities."""
    parts = {"models": 1, "beliefs": 12, "held": 3, "questions": 6, "activation": {"kind": "personality", "sharpness": 2.0}}
    land = draw_world(simulation({**parts, "evaluators": {"each": [{"correlation": 0.3}, {"weight": 2.0}]}}), 3)
    sets = (np.arange(4096)[:, None] >> np.arange(12)) & 1
    signal, dense = land.signals(0)[0], land.activations.dense()
    tested = np.array([sum(dense[personality, belief, question] * signal[belief] for question in range(6)) for belief in range(12)])
    for price in (-2.0, 0.0, 1.0, 50.0):
        worth = sets @ tested - price * (sets @ land.values)
        for held in (None, 0, 1, 5, 12):
            for exactly in (False, True)[: 1 if held is None else 2]:
                chosen = adversary(land, price, held, exactly=exactly, personality=personality)
                allowed = np.ones(4096, dtype=bool) if held is None else (sets.sum(axis=1) == held if exactly else sets.sum(axis=1) <= held)
                assert chosen.objective == pytest.approx(worth[allowed].max(), abs=1e-9)
                assert chosen.objective == pytest.approx(chosen.signal - price * chosen.value, abs=1e-9)
                assert held is None or (chosen.chosen.sum() == held if exactly else chosen.chosen.sum() <= held)


def test_the_adversary_says_what_it_cannot_solve() -> None:
    """A network makes beliefs worth more or less in company; no set holds more beliefs than there are."""
    plain, linked = ({"models": 1, "beliefs": 12, "held": 3, "questions": 6, **more} for more in ({}, {"network": {"degree": 2}}))
    with pytest.raises(HarnessError, match="network"):
        adversary(draw_world(simulation(linked), 3), 1.0)
    for held in (13, -1):
        with pytest.raises(HarnessError, match="of 12 beliefs"):
            adversary(draw_world(simulation(plain), 3), 1.0, held)
