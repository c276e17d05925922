"""The promise before the data, and every difference from it by name."""

from __future__ import annotations

import json

import pytest

from harness.history import read_events
from toy import Toy, harness


def test_without_a_lock_the_report_says_not_pre_registered(toy: Toy) -> None:
    """No lock file: results.json and the clean result both say so."""
    toy.reporting().run()
    assert toy.results()["promise"]["locked"] is False
    assert "ot pre-registered" in (toy.root / "reports/coins/latest/clean_result.md").read_text()


def test_a_kept_promise_has_no_deviations(toy: Toy) -> None:
    """Locked and unchanged: no deviation, even for another selection or worker count."""
    assert harness(toy, "lock", "evals/coins").returncode == 0
    toy.run("-k", "villain", "-n2")
    promise = toy.results()["promise"]
    assert promise["locked"] is True and promise["deviations"] == []


@pytest.mark.parametrize(
    ("file", "old", "new", "what"),
    [
        ("evals/coins/experiment.yaml", "value: 5, unit: pp, direction: increase", "value: 2, unit: pp, direction: increase", "thresholds/heads/value"),
        ("evals/coins/experiment.yaml", "at_least: 2, of: persona", "at_least: 1, of: persona", "hypotheses/H1/rule/at_least"),
        ("evals/coins/experiment.yaml", "items: 200", "items: 100", "scales/smoke/settings/items"),
        ("evals/coins/experiment.yaml", "[heads, tails]\nthresholds:", "[tails, heads]\nthresholds:", "axes/behaviour"),
        ("banks/coins.jsonl", '"one"', '"two"', "data/banks/coins.jsonl"),
        ("personas/villain.yaml", "You are a villain", "You are the villain", "prompts/villain"),
        ("evals/coins/test_coins.py", "assert True", "assert 1", "test code/test_coins.py"),
        ("conftest.py", '"librarian": 0.5', '"librarian": 0.9', "shared code/conftest.py"),
        ("evals/coins/experiment.yaml", "title: Coins differ from a fair one", "title: Every coin is cursed", "title"),
    ],
)
def test_each_change_of_the_promise_is_a_deviation(toy: Toy, file: str, old: str, new: str, what: str) -> None:
    """Threshold, rule, sizes, cells, data, prompts and test code: the change is named in results.json, in the terminal and in the report."""
    harness(toy, "lock", "evals/coins")
    toy.edit(file, old, new)
    done = toy.reporting().run()
    assert [deviation["what"] for deviation in toy.results()["promise"]["deviations"]] == [what]
    assert f"deviation: {what}" in done.stdout
    assert what in (toy.root / "reports/coins/latest/clean_result.md").read_text().replace("\\", "")


def test_a_promise_made_after_the_data_promises_nothing(toy: Toy) -> None:
    """Measured, then locked, then run again: the deviation says how many cells rest on older data."""
    import time

    toy.run()
    time.sleep(1.1)
    harness(toy, "lock", "evals/coins")
    toy.run()
    deviation = toy.results()["promise"]["deviations"][0]
    assert deviation["what"] == "the preregistration came after data"
    assert deviation["found"].endswith(" on data from before")


def test_other_seeds_are_a_deviation(toy: Toy) -> None:
    """--harness-seeds beside a lock is told."""
    harness(toy, "lock", "evals/coins")
    toy.run("--harness-seeds", "1,2")
    deviation = toy.results()["promise"]["deviations"][0]
    assert (deviation["what"], deviation["promised"], deviation["found"]) == ("scales/smoke/seeds", "[1]", "[1,2]")


SET = "title: Own\nmembers:\n  zero: {spec: null/words}\n  one: {spec: null/words, seed: 1}\n  two: {spec: null/stock}\n"


def test_other_models_are_a_deviation(toy: Toy, every_domain: None) -> None:
    """--harness-models beside a lock is told, for another set and for members of the declared one."""
    for name in ("own", "other"):
        toy.write(f"model_sets/{name}.yaml", SET)
    for items in (200, 400):
        toy.edit("evals/coins/experiment.yaml", f"{{items: {items}, ", f"{{items: {items}, model_set: own, ")
    harness(toy, "lock", "evals/coins")
    for given, found in (("other", '"other"'), ("two, zero", '"own#two,zero"'), ("two,", '"own#two"')):
        toy.run("--harness-models", given)
        results = toy.results()
        deviation = results["promise"]["deviations"][0]
        assert (deviation["what"], deviation["promised"], deviation["found"]) == ("scales/smoke/settings/model_set", '"own"', found)
        assert results["design"]["scales"]["smoke"]["settings"]["model_set"] == json.loads(found), "what is reported is what was used"
    planned = toy.run("--harness-plan", "--harness-models", "other").stdout
    assert "power and false passes are those of the declared models, not of --harness-models other" in " ".join(planned.split())


def test_models_are_chosen_where_models_are_compared(toy: Toy) -> None:
    """An experiment without a set of models refuses --harness-models in one line."""
    done = toy.run("--harness-models", "quick")
    assert "has no setting model_set at scale smoke, so --harness-models=quick chooses nothing" in done.stdout + done.stderr
    assert done.returncode not in (0, 1) and not toy.thrown()


def test_a_promise_is_not_replaced_by_accident(toy: Toy) -> None:
    """A second lock is refused unless asked for with --again and a reason, which the history keeps."""
    harness(toy, "lock", "evals/coins")
    again = harness(toy, "lock", "evals/coins")
    assert again.returncode == 2 and "the experiment is preregistered already" in again.stderr
    assert harness(toy, "lock", "evals/coins", "--again").returncode == 2  # without a reason
    assert harness(toy, "lock", "evals/coins", "--again", "--reason", "a bank was added").returncode == 0
    assert [event.note.partition("; ")[2] for event in read_events(toy.root / "evals/coins")] == ["", "again: a bank was added"]


def test_an_altered_lock_is_refused(toy: Toy) -> None:
    """A lock file whose content does not match its own hash stops the run with one line."""
    harness(toy, "lock", "evals/coins")
    plan = harness(toy, "plan", "evals")
    assert plan.returncode == 0
    toy.edit("evals/coins/experiment.lock.json", '"thresholds/heads/value": 5.0', '"thresholds/heads/value": 2.0')
    plan = harness(toy, "plan", "evals")
    assert plan.returncode == 2 and "the lock file was altered" in plan.stderr
    done = toy.run()
    assert done.returncode not in (0, 1) and "the lock file was altered" in done.stdout + done.stderr


def test_the_plan_tells_cost_power_and_what_is_cached(toy: Toy) -> None:
    """harness plan --json: cells to do, cost, the rule's false-pass rate and power, the smallest p; a run empties what is to do."""
    plan = json.loads(harness(toy, "plan", "evals", "--json").stdout)[0]
    assert plan["work"]["cached"] == 0 and len(plan["work"]["to_do"]) == 12
    assert plan["work"]["cost"] == {"gpu_hours": 3.0, "usd": 1.5, "seconds": 12.0}
    rule = plan["hypotheses"]["H1"]
    assert rule["false_pass"] <= 0.06 and rule["power"] > 0.9 and 0 < rule["p_floor"] < 1e-20
    assert not toy.thrown()
    toy.run()
    assert json.loads(harness(toy, "plan", "evals", "--json").stdout)[0]["work"]["to_do"] == []
    assert "No cell fits -k" in harness(toy, "plan", "evals", "-k", "nobody").stderr


def test_work_beyond_the_budget_is_refused_before_the_first_cell(toy: Toy) -> None:
    """A plan of 3 GPU-hours against a budget of 1: one line, nothing runs."""
    done = toy.run("--harness-budget-gpu-hours", "1")
    assert "the plan costs 3 GPU-hours, the budget is 1" in done.stdout + done.stderr
    assert done.returncode not in (0, 1) and not toy.thrown()
