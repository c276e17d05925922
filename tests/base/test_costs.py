"""What cells cost is what was declared: by test, in sums that leave nothing out in silence, and held against the budget."""

from __future__ import annotations

import json

import pytest
from msgspec.structs import replace

from harness.costs import in_words, list_undeclared, total, total_of_judges
from harness.design.spec import CostSpec
from harness.records import Cost
from sample_universe import universe
from toy import Toy, harness

YAML = "evals/coins/experiment.yaml"
PRICE = "cell_cost: {seconds: 2, gpu_hours: 0.5, usd: 0.25}"
LIMIT = "primary: H1\nbudget: {gpu_hours: 10}\n"


def test_each_cell_costs_what_its_test_declares() -> None:
    """A gate of 10 s and two hypothesis cells of 2 s, one control of its own price: 10 + 2 * 2 + 3."""
    found = universe(Cost(seconds=2, usd=1), {"G1": Cost(seconds=10, usd=0), "C1": Cost(seconds=3, usd=0.5)})
    assert total(found, [("G1", "gate"), ("H1", "hypothesis"), ("H1", "hypothesis"), ("C1", "control")]) == Cost(seconds=17, usd=2.5, gpu_hours=None)


def test_what_judges_cost_is_a_part_of_the_dollars() -> None:
    """Of the tests that declare it; a part of what is not declared, or above it, is refused."""
    plain = {"cell_cost": {"usd": 1, "judge_usd": 0.25}, "costs": {"G1": {"usd": 2, "judge_usd": 0.5}, "C1": {"usd": 1}}}
    found = replace(universe(Cost(usd=1), {}), design={"scales": {"smoke": plain}}, scale="smoke")
    assert total_of_judges(found, [("G1", "gate"), ("H1", "hypothesis"), ("H1", "hypothesis"), ("C1", "control"), ("K1", "kill")]) == 1.0
    assert total_of_judges(found, [("C1", "control")]) is None
    for part in ({"judge_usd": 0.1}, {"usd": 0.1, "judge_usd": 0.2}):
        with pytest.raises(ValueError, match="judge_usd is the part of usd"):
            CostSpec(**part)


def test_the_plan_has_a_line_for_judges(toy: Toy) -> None:
    """Nine hypothesis cells of 25 cents, 10 of which a judge costs; without a declared part there is no such line."""
    assert "of which judges" not in harness(toy, "plan", "evals").stdout
    toy.edit(YAML, "usd: 0.25}", "usd: 0.25, judge_usd: 0.1}")
    shown = harness(toy, "plan", "evals").stdout
    assert "$1.5, 12 s" in shown and "  of which judges: $0.6" in shown, shown


def test_costs_by_id_replace_the_cost_of_a_cell() -> None:
    """A hypothesis under `costs` takes nothing from `cell_cost`: what it does not declare there is not declared."""
    found = universe(Cost(seconds=2, usd=1), {"H1": Cost(usd=4)})
    assert total(found, [("H1", "hypothesis")]) == Cost(usd=4)


def test_an_undeclared_hypothesis_leaves_no_sum() -> None:
    """10 s of a gate beside a hypothesis without a cost is no cost of 10 s; a gate without one is left out of the sum, and both are named."""
    half = universe(Cost(), {"G1": Cost(seconds=10)})
    assert total(half, [("G1", "gate"), ("H1", "hypothesis")]).seconds is None
    whole = universe(Cost(seconds=2), {})
    cells = [("G1", "gate"), ("H1", "hypothesis")]
    assert total(whole, cells).seconds == 2  # type: ignore[arg-type]
    assert list_undeclared(whole, cells) == {"gpu_hours": ["G1", "H1"], "usd": ["G1", "H1"], "seconds": ["G1"]}  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("cost", "gpus", "hours"),
    [({"seconds": 1800}, 2, 1.0), ({"seconds": 1800}, None, None), ({}, 1, None), ({}, 0, 0.0), ({"seconds": 1800, "gpu_hours": 7}, 2, 7)],
)
def test_gpu_hours_follow_from_seconds(cost: dict[str, float], gpus: int | None, hours: float | None) -> None:
    """What is declared stays; without a number of GPUs, or without seconds, nobody knows."""
    assert CostSpec(**cost).word(gpus).gpu_hours == hours


def test_no_cells_cost_nothing_and_zero_is_declared() -> None:
    """Nothing to do is a cost of 0 whatever is declared; a declared 0 stays 0 and is not called undeclared."""
    assert total(universe(Cost(), {}), []) == Cost(gpu_hours=0, usd=0, seconds=0)
    assert total(universe(Cost(usd=0), {}), [("H1", "hypothesis")]) == Cost(usd=0)


def test_what_is_not_declared_is_said_so() -> None:
    """None reads "not declared", never 0."""
    assert in_words(Cost(gpu_hours=0.5)) == "0.5 GPU-hours, dollars not declared, seconds not declared"


def test_the_plan_sums_the_costs_of_all_tests_and_names_the_rest(toy: Toy) -> None:
    """costs: by id for a gate over three personas and a kill: they count, and the tests without one are named in text and JSON."""
    toy.edit(YAML, PRICE, PRICE + "\n    costs: {G2: {seconds: 10, usd: 1}, K1: {seconds: 5}}")
    plan = json.loads(harness(toy, "plan", "evals", "--json").stdout)[0]
    assert plan["work"]["cost"] == {"gpu_hours": 3.0, "usd": 4.5, "seconds": 47.0}
    assert plan["work"]["undeclared"]["seconds"] == ["G1", "C1"]
    told = harness(toy, "plan", "evals").stdout
    assert "3 GPU-hours, $4.5, 47 s (without G1, G2, K1, C1: not declared)" in told


def test_an_undeclared_cost_is_null_in_the_plan(toy: Toy) -> None:
    """Without cell_cost the plan says "not declared" and null, not 0."""
    toy.edit(YAML, f"    {PRICE}\n", "")
    assert json.loads(harness(toy, "plan", "evals", "--json").stdout)[0]["cost"] == {"gpu_hours": None, "usd": None, "seconds": None}
    assert "cost of what is to do: GPU-hours not declared, dollars not declared, seconds not declared\n" in harness(toy, "plan", "evals").stdout


def test_a_budget_that_cannot_be_held_is_refused_in_one_line(toy: Toy) -> None:
    """A budget in GPU-hours and no GPU-hours declared: where, what and mend; nothing runs, and the plan has it as a finding."""
    toy.edit(YAML, PRICE, "cell_cost: {seconds: 2}")
    toy.edit(YAML, "primary: H1\n", LIMIT)
    done = toy.run()
    line = "experiment.yaml: the budget of 10 GPU-hours cannot be held: no gpu_hours is declared for a cell of H1. Declare it under scales.smoke.cell_cost"
    assert line in done.stdout + done.stderr
    assert done.returncode not in (0, 1) and not toy.thrown()
    plan = harness(toy, "plan", "evals")
    assert plan.returncode == 1 and "finding: the budget of 10 GPU-hours cannot be held" in plan.stdout


def test_a_budget_asks_nothing_of_cells_that_are_not_selected(toy: Toy) -> None:
    """Gates alone run under a budget although the hypothesis declares no cost."""
    toy.edit(YAML, PRICE, "cell_cost: {seconds: 2}")
    toy.edit(YAML, "primary: H1\n", LIMIT)
    toy.run("-m", "gate")
    assert "G1" in toy.thrown() and not any(line.startswith("H1") for line in toy.thrown())


def test_a_gate_counts_against_the_budget(toy: Toy) -> None:
    """3 GPU-hours of hypotheses and 9 of a gate over three personas: 12, beyond 10."""
    toy.edit(YAML, PRICE, PRICE + "\n    costs: {G2: {gpu_hours: 3}}")
    toy.edit(YAML, "primary: H1\n", LIMIT)
    done = toy.run()
    assert "the plan costs 12 GPU-hours, the budget is 10" in done.stdout + done.stderr and not toy.thrown()


@pytest.mark.parametrize("scale", ["smoke", "full"])
def test_a_cost_of_no_test_is_a_mistake(toy: Toy, scale: str) -> None:
    """An id that no test has, at the scale in force or another: its line and the nearest id."""
    seeds = {"smoke": "    seeds: [1]\n", "full": "    seeds: [1, 2, 3]\n"}[scale]
    toy.edit(YAML, seeds, seeds + "    costs: {G22: {seconds: 1}}\n")
    done = harness(toy, "plan", "evals")
    place = next(number for number, line in enumerate((toy.root / YAML).read_text().splitlines(), 1) if "G22" in line)
    assert done.returncode == 2
    assert f"experiment.yaml:{place}: there is a cost of 'G22', which no test is. Did you mean 'G2'?" in done.stderr


def test_saved_costs_are_told_as_declared(toy: Toy) -> None:
    """A failed gate spares two cells whose GPU-hours are declared and whose dollars are not: null in results.json, "not declared" in both tellings."""
    toy.edit(YAML, PRICE, "costs: {H1: {gpu_hours: 0.5, seconds: 2}}")
    done = toy.reporting().run(env={"COIN_BAD": "comedian"})
    assert toy.results()["stopped"]["cost"] == {"gpu_hours": 1.0, "usd": None, "seconds": 4.0}
    assert "saved 1 GPU-hours, dollars not declared, 4 s" in done.stdout
    latest = toy.root / "reports/coins/latest"
    assert "dollars not declared" in (latest / "clean_result.md").read_text()
    assert "dollars not declared" in (latest / "index.html").read_text()


def test_an_expected_cost_runs_nothing_again_but_is_a_deviation(toy: Toy) -> None:
    """A cell's key does not hold what it was expected to cost; the promise does."""
    harness(toy, "lock", "evals/coins")
    toy.run()
    before = toy.thrown()
    toy.edit(YAML, PRICE, "cell_cost: {seconds: 3, gpu_hours: 0.5, usd: 0.25}\n    costs: {G1: {seconds: 9}}")
    toy.run()
    assert toy.thrown() == before
    told = [(deviation["what"], deviation["found"]) for deviation in toy.results()["promise"]["deviations"]]
    assert ("scales/smoke/cell_cost/seconds", "3.0") in told and ("scales/smoke/costs/G1/seconds", "9.0") in told
