"""The plan's simulation is held to real decisions: the same effects drawn as data, measured and decided by the code of a run."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from harness.design.decision_simulation import SIMULATIONS, simulate_decisions
from harness.design.spec import ExperimentSpec
from harness.run.contrasts import shift_of
from harness.verdict.criterion import answers

RUNS = 400


def spec(threshold: dict[str, Any], hypothesis: dict[str, Any] | None = None, cells: int = 1, others: dict[str, Any] | None = None) -> ExperimentSpec:
    plain = {
        "id": "x",
        "title": "t",
        "question": "q",
        "axes": {"who": [f"p{number}" for number in range(cells)]},
        "thresholds": {
            "t": threshold,
            "small": {"value": 10, "unit": "pp", "direction": "either", "n": 100, "sd": 30},
            "silent": {"value": 10, "unit": "pp", "direction": "increase", "not_simulated": "nobody knows"},
        },
        "hypotheses": {"H1": {"cells": ["who"], "rule": {"at_least": 1, "of": "who"}, "thresholds": ["t"], **(hypothesis or {})}, **(others or {})},
        "primary": "H1",
        "scales": {"smoke": {}},
    }
    return ExperimentSpec.model_validate(plain)


def rates(value: float, n: int, baseline: float, effect: float, **more: Any) -> dict[str, Any]:
    return {"value": value, "unit": "pp", "direction": "increase", "expected_baseline": baseline, "expected_effect": effect, "n": n, **more}


def real_passes(value: float, n: int, baseline: float, effect: float) -> float:
    """How often a paired difference of rates reaches the threshold, with its interval above zero and p at most .05, in data."""
    rng = np.random.default_rng(7)
    items, passed = [f"item {number}" for number in range(n)], 0
    for _ in range(RUNS):
        before, after = (dict(zip(items, (rng.random(n) < rate).tolist(), strict=True)) for rate in (baseline, baseline + effect / 100))
        found = shift_of(after, before, items, "", (sum(after.values()) / n, sum(before.values()) / n))
        yes, _ = answers(np.array([found.value]), np.array([found.interval.low]), np.array([found.interval.high]), value, "increase")
        passed += bool(yes[0]) and found.p <= 0.05
    return passed / RUNS


@pytest.mark.parametrize(("value", "n", "baseline", "effect"), [(20, 60, 0.2, 30), (5, 100, 0.5, 15), (10, 40, 0.1, 20)])
def test_power_is_that_of_real_decisions(value: float, n: int, baseline: float, effect: float) -> None:
    """Within four standard errors of both."""
    planned = simulate_decisions(spec(rates(value, n, baseline, effect, floor=0.0, ceiling=1.0)), "smoke")["H1"]["power"]
    real = real_passes(value, n, baseline, effect)
    assert abs(planned - real) < 4 * (real * (1 - real) / RUNS + planned * (1 - planned) / SIMULATIONS) ** 0.5 + 0.01


def test_a_judge_costs_power_and_its_counts_too() -> None:
    """72 % sensitivity and few labelled answers: the correction widens the interval, so the same effect is seen less often."""
    common = {"value": 5, "n": 100, "baseline": 0.3, "effect": 22}
    sharp = {"sensitivity": [500, 500], "specificity": [500, 500]}
    dull, few = {"sensitivity": [360, 500], "specificity": [450, 500]}, {"sensitivity": [7, 10], "specificity": [9, 10]}
    without, perfect, weak, unsure = (
        simulate_decisions(spec(rates(**common, **({"calibration": counts} if counts else {}))), "smoke")["H1"]["power"] for counts in (None, sharp, dull, few)
    )
    assert abs(without - perfect) < 0.05 and perfect - weak > 0.05 and weak - unsure > 0.02


def test_every_criterion_of_a_cell_counts() -> None:
    """A second criterion with noise of its own makes the cell pass less often; `within` of a small spread is met."""
    one = simulate_decisions(spec(rates(10, 100, 0.3, 25)), "smoke")["H1"]["power"]
    arms = {"after": 1, "before": -1, "other after": -1, "other before": 1}
    two = simulate_decisions(spec(rates(10, 100, 0.3, 25), {"criteria": [{"name": "shift"}, {"name": "beyond", "arms": arms}]}), "smoke")["H1"]["power"]
    kept = simulate_decisions(spec(rates(10, 100, 0.3, 25), {"criteria": [{"name": "same", "threshold": "small", "asks": "within"}]}), "smoke")["H1"]
    assert one - two > 0.1 and kept["power"] > 0.8 and kept["false_pass"] < 0.05


def test_criteria_keep_their_order_in_a_record() -> None:
    """The first criterion that does not hold decides; a journal sorts keys, and the order is not one."""
    criteria = [{"name": "z"}, {"name": "a", "threshold": "small", "asks": "within"}]
    design = spec(rates(20, 30, 0.3, 40), {"criteria": criteria})
    kept = ExperimentSpec.model_validate(json.loads(json.dumps(design.model_dump(mode="json", exclude_unset=True), sort_keys=True)))
    turned = spec(rates(20, 30, 0.3, 40), {"criteria": criteria[::-1]})
    decided, again, other = (simulate_decisions(one, "smoke")["H1"]["decided"] for one in (design, kept, turned))
    assert decided == again != other


def test_holm_counts_hypotheses_that_are_not_simulated() -> None:
    """Two confirmatory hypotheses ask more of one p than it alone."""
    beside = {"H2": {"cells": ["who"], "rule": {"at_least": 1, "of": "who"}, "thresholds": ["silent"]}}
    alone, both = (spec(rates(5, 60, 0.4, 18), others=others) for others in ({}, beside))
    found = [simulate_decisions(one, "smoke")["H1"]["power"] for one in (alone, both)]
    assert found[0] - found[1] > 0.05


def test_decided_counts_what_is_falsified_too() -> None:
    """Many items decide either way; few leave open what a single cell says."""
    many = simulate_decisions(spec(rates(20, 400, 0.3, 40)), "smoke")["H1"]["decided"]
    few = simulate_decisions(spec(rates(20, 15, 0.3, 40)), "smoke")["H1"]["decided"]
    assert min(many) > 0.99 and few[0] < 0.7


def test_a_threshold_may_say_why_it_has_no_power() -> None:
    """The reason is `argued`; what is merely not declared is not (tests/check/test_simulated_decisions.py holds the rule S406 to it)."""
    argued = simulate_decisions(spec(rates(20, 60, 0.2, 30, not_simulated="nobody has measured it")), "smoke")
    lacking = simulate_decisions(spec({"value": 20, "unit": "points", "direction": "increase", "n": 30, "expected_effect": 30}), "smoke")
    assert argued["H1"] == {"not_simulated": "nobody has measured it", "argued": True}
    assert lacking["H1"] == {"not_simulated": "the threshold t declares no sd", "argued": False}
