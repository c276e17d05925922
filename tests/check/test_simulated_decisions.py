"""What the plan simulates is reported under codes: a p that cannot be reached, false passes, power, decisions nobody simulated, noise between seeds."""

from __future__ import annotations

import json
import sys

import pytest

from fork_server import run_python
from planted import Planted, environment

HEADS = "heads: {value: 5, unit: pp,"
EXPECTED = "expected_baseline: 0.5, expected_effect: 20, n: items"
CODES = "S403,S404,S405,S406,S407"


@pytest.mark.parametrize("scale", ["smoke", "full"])
def test_a_sound_design_has_no_finding(coin_design: Planted, scale: str) -> None:
    assert coin_design.check("--select", CODES, scale=scale) == []


@pytest.mark.parametrize(("old", "new"), [("n: items", "n: 4"), ("items: 200", "items: 4")])
def test_a_p_above_alpha_is_reported(coin_design: Planted, old: str, new: str) -> None:
    coin_design.edit(coin_design.yaml, old, new, count=0)
    (finding,) = coin_design.found("S403")
    assert finding["message"].startswith("H1 cannot reach alpha 0.05: its smallest p is 0.") and finding["severity"] == "error" and finding["subject"] == "H1"


def test_a_p_above_alpha_is_reported_also_where_no_power_can_be_given(coin_design: Planted) -> None:
    coin_design.edit(coin_design.yaml, "n: items", "n: 4, not_simulated: nobody has thrown such coins before", count=0)
    assert coin_design.codes("--select", CODES) == {"S403"}


def test_false_passes_of_a_confirmatory_hypothesis_are_an_error(coin_design: Planted) -> None:
    """Noise between seeds three times the threshold."""
    coin_design.edit(coin_design.yaml, HEADS, HEADS + " seed_sd: 15,")
    found = coin_design.found("S404")
    assert found and all("more often than alpha 0.05" in one["message"] and one["severity"] == "error" for one in found)
    coin_design.edit(coin_design.yaml, "    threshold_axis: behaviour", "    threshold_axis: behaviour\n    family: exploratory")
    assert {one["severity"] for one in coin_design.found("S404")} == {"warning"}


@pytest.mark.mistake("M10", rule="S405", stage="plan")
@pytest.mark.parametrize(("old", "new"), [("items: 200", "items: 12"), ("n: items", "n: 12"), ("expected_effect: 20", "expected_effect: 6")])
def test_few_items_have_little_power(coin_design: Planted, old: str, new: str) -> None:
    """Twelve items reach alpha, and would find the effect once in a while."""
    coin_design.edit(coin_design.yaml, old, new, count=0)
    (finding,) = coin_design.found("S405")
    assert finding["severity"] == "warning" and "less often than 0.8" in finding["message"]


@pytest.mark.mistake("C8", rule="S405", stage="plan")
def test_power_is_simulated_and_not_typed_in(coin_design: Planted) -> None:
    """`power` is the bound that is asked for, which no simulated power takes from the declaration."""
    coin_design.edit(coin_design.yaml, "items: 200", "items: 40")
    coin_design.edit(coin_design.yaml, "primary: H1", "primary: H1\npower: 0.95")
    (finding,) = coin_design.found("S405")
    assert "less often than 0.95" in finding["message"]
    coin_design.edit(coin_design.yaml, "power: 0.95", "power: 0.01")
    assert coin_design.found("S405") == []


@pytest.mark.mistake("R11", rule="S405", stage="plan")
def test_power_is_that_of_the_whole_decision(coin_design: Planted) -> None:
    """A cell that also asserts the effect beyond other arms passes less often than its first criterion alone: the plan's power is that of both."""
    coin_design.edit(coin_design.yaml, "items: 200", "items: 60")
    coin_design.edit(coin_design.yaml, "at_least: 2, of: persona", "at_least: 3, of: persona")
    arms = "{after: 1, before: -1, other after: -1, other before: 1}"
    more = f"    threshold_axis: behaviour\n    criteria: [{{name: shift}}, {{name: beyond, arms: {arms}}}]"
    coin_design.edit(coin_design.yaml, "    threshold_axis: behaviour", more)
    (finding,) = coin_design.found("S405")
    assert float(finding["message"].split("only ")[1].split(" ")[0]) < 0.5


@pytest.mark.mistake("R11", rule="S406", stage="plan")
@pytest.mark.parametrize("lacking", [", n: items", "expected_effect: 20, ", "expected_baseline: 0.5, "])
def test_a_decision_that_nobody_simulated_is_reported(coin_design: Planted, lacking: str) -> None:
    coin_design.edit(coin_design.yaml, lacking, "", count=0)
    (warning,), (error,) = coin_design.found("S406"), coin_design.found("S406", scale="full")
    assert "neither a power nor a reason" in warning["message"] and (warning["severity"], error["severity"]) == ("warning", "error")


@pytest.mark.mistake("R11", rule="S406", stage="plan")
def test_a_reason_of_one_word_is_none(coin_design: Planted) -> None:
    """One that says why is accepted, as `not_simulated` of the threshold."""
    coin_design.edit(coin_design.yaml, EXPECTED, "not_simulated: unknown", count=0)
    assert len(coin_design.found("S406")) == 1
    coin_design.edit(coin_design.yaml, "not_simulated: unknown", "not_simulated: nobody has thrown such coins before", count=0)
    assert coin_design.found("S406") == []


@pytest.mark.mistake("R5", rule="S407", stage="plan")
@pytest.mark.parametrize(("sd", "told"), [(2, "is decided on one seed"), (6, "smaller than the SD between seeds")])
def test_one_seed_is_reported_where_seeds_are_known_to_differ(coin_design: Planted, sd: int, told: str) -> None:
    coin_design.edit(coin_design.yaml, HEADS, f"{HEADS} seed_sd: {sd},")
    (finding,) = coin_design.found("S407")
    assert told in finding["message"] and finding["subject"] == "heads" and finding["where"]["line"] == 10


@pytest.mark.mistake("R5", rule="S407", stage="plan")
def test_the_one_seed_of_a_large_scale_is_reported(coin_design: Planted) -> None:
    coin_design.edit(coin_design.yaml, HEADS, HEADS + " seed_sd: 2,")
    assert coin_design.found("S407", scale="full") == []
    coin_design.edit(coin_design.yaml, "seeds: [1, 2, 3]", "seeds: [7]")
    assert len(coin_design.found("S407", scale="full")) == 1


def test_a_threshold_that_no_hypothesis_uses_has_no_seed_noise(coin_design: Planted) -> None:
    coin_design.edit(coin_design.yaml, "still: {value: 20,", "still: {seed_sd: 30, value: 20,")
    assert coin_design.found("S407") == []


def test_the_plan_shows_what_the_rules_find(coin_design: Planted) -> None:
    """Warnings and errors with their codes; what is allowed with its reason."""
    coin_design.edit(coin_design.yaml, HEADS, HEADS + " seed_sd: 15,")
    allow = "\nallow: {S407: {why: the noise between seeds is what is asked about}}\n"
    coin_design.write(coin_design.yaml, coin_design.read(coin_design.yaml) + allow)
    done = run_python([sys.executable, "-m", "harness.cli", "plan", "evals", "--json"], cwd=coin_design.root, env=environment())
    plan = json.loads(done.stdout)[0]
    assert done.returncode == 1 and all(" S404 [error] " in line for line in plan["findings"])
    assert not any("S407" in line for line in plan["warnings"]) and "S407" in plan["allowed"][0] and "what is asked about" in plan["allowed"][0]
    shown = run_python([sys.executable, "-m", "harness.cli", "plan", "evals"], cwd=coin_design.root, env=environment()).stdout
    assert "  allowed: evals/coins/experiment.yaml:10 S407 " in shown and "  finding: evals/coins/experiment.yaml:14 S404 " in shown
