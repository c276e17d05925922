"""A threshold is held against the noise between seeds before a seed is spent."""

from __future__ import annotations

import json
from typing import Any

import pytest

from harness.design.decision_simulation import NOISY, simulate_decisions
from harness.design.plan import seed_noise
from harness.design.spec import ExperimentSpec, ThresholdSpec
from harness.verdict.between_seed_sd import detectable, seed_interval, seed_p, seed_sd
from toy import Toy, harness

YAML = "evals/coins/experiment.yaml"
BAR = "heads: {value: 5, unit: pp,"


def spec(seed_sd: float | None, seeds: tuple[int, ...] = (1,), cells: tuple[str, ...] = ("who",)) -> ExperimentSpec:
    bar = {"value": 10, "unit": "pp", "direction": "increase", "expected_baseline": 0.4, "expected_effect": 20, "n": 400, "seed_sd": seed_sd}
    plain: dict[str, Any] = {
        "id": "x",
        "title": "t",
        "question": "q",
        "axes": {"who": ["a"]},
        "thresholds": {"bar": bar},
        "hypotheses": {"H1": {"cells": list(cells), "rule": {"at_least": 1, "of": "who"}, "thresholds": ["bar"]}},
        "primary": "H1",
        "scales": {"smoke": {"seeds": list(seeds)}},
    }
    return ExperimentSpec.model_validate(plain)


def test_seed_noise_costs_power_and_makes_false_passes() -> None:
    """An SD of 15 pp beside a bar of 10: nothing passes for something in about a quarter of the runs, and the effect of 20 is missed far more often."""
    quiet, noisy = simulate_decisions(spec(None), "smoke")["H1"], simulate_decisions(spec(15), "smoke")["H1"]
    assert quiet["false_pass"] < 0.02 and quiet["power"] > 0.98
    assert 0.2 < noisy["false_pass"] < 0.32 and noisy["power"] < 0.85
    assert noisy["assumptions"].endswith(NOISY) and NOISY not in quiet["assumptions"]


def test_more_seeds_average_the_noise_away_unless_each_is_a_cell() -> None:
    """Nine seeds in a cell leave a third of the SD; nine seeds as an axis leave each cell with all of it, and every seed must hold."""
    seeds = tuple(range(1, 10))
    averaged = simulate_decisions(spec(15, seeds), "smoke")["H1"]
    assert averaged["false_pass"] < 0.06 and averaged["power"] > simulate_decisions(spec(15), "smoke")["H1"]["power"]
    assert simulate_decisions(spec(15, seeds, ("who", "seed")), "smoke")["H1"]["power"] < 0.2


def test_the_smallest_effect_is_students_t_of_the_seeds() -> None:
    """t_2(.975) = 4.303: an SD of 2 pp and three seeds tell 4.97 pp; one seed tells nothing."""
    bar = ThresholdSpec(value=5, unit="pp", direction="increase", seed_sd=2)
    assert detectable(2, 3) == pytest.approx(4.302653 * 2 / 3**0.5, rel=1e-5)
    assert seed_noise(bar, 3) == {"value": 5, "unit": "pp", "seed_sd": 2, "ratio": 2.5, "seeds": 3, "smallest": detectable(2, 3)}
    assert seed_noise(bar, 1)["smallest"] is None


def test_an_effect_at_the_smallest_size_has_an_interval_that_just_leaves_zero() -> None:
    """Seeds of SD 2 around the smallest effect: the interval's lower end is 0 and p is .05."""
    size = detectable(2, 3)
    effects = [size - 2, size, size + 2]
    assert seed_sd(effects) == pytest.approx(2)
    assert seed_interval(effects).low == pytest.approx(0, abs=1e-9) and seed_p(effects) == pytest.approx(0.05)


def test_the_plan_holds_thresholds_against_seed_noise(toy: Toy) -> None:
    """seed_sd of 2 pp: 5 pp is 2.5 SDs, not measurable with the one seed of the scale; other thresholds have no line."""
    toy.edit(YAML, BAR, BAR + " seed_sd: 2,")
    plan = json.loads(harness(toy, "plan", "evals", "--json").stdout)[0]
    assert list(plan["seed_noise"]) == ["heads"] and plan["seed_noise"]["heads"]["smallest"] is None
    (warning,) = [line for line in plan["warnings"] if " S407 " in line]
    assert "[warning] the threshold heads (5 pp) is decided on one seed" in warning
    told = toy.run("--harness-plan").stdout
    assert "threshold heads: 5 pp is 2.5 times the SD between seeds (2); not measurable with one seed" in told
    three = toy.run("--harness-plan", "--harness-seeds", "1,2,3").stdout
    assert "3 seeds tell effects of 4.97 pp or more from seed noise alone" in three


def test_a_threshold_below_one_seed_sd_is_warned_of(toy: Toy) -> None:
    """5 pp beside an SD of 6: a warning; and a finding, since the decision then passes too often."""
    toy.edit(YAML, BAR, BAR + " seed_sd: 6,")
    plan = harness(toy, "plan", "evals")
    assert "S407 [warning] the threshold heads (5 pp) is smaller than the SD between seeds (6): a single seed can cross it by chance" in plan.stdout
    assert plan.returncode == 1 and "S404 [error] H1 passes" in plan.stdout


def test_the_plan_in_results_is_that_of_the_seeds_that_ran(toy: Toy) -> None:
    """The plan kept for one seed is not told of a run with two."""
    toy.edit(YAML, BAR, BAR + " seed_sd: 2,")
    toy.run("-m", "gate")
    toy.run("-m", "gate", "--harness-seeds", "1,2")
    assert toy.results()["plan"]["seed_noise"]["heads"]["seeds"] == 2


def test_a_seed_sd_of_zero_is_a_mistake(toy: Toy) -> None:
    """No effect is the same for every seed: an SD of 0 is a wrong number, told with its line."""
    toy.edit(YAML, BAR, BAR + " seed_sd: 0,")
    done = harness(toy, "plan", "evals")
    assert done.returncode == 2 and "experiment.yaml:10" in done.stderr and "seed_sd: input should be greater than 0" in done.stderr
