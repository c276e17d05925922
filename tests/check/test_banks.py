"""Duplicates in banks, counts that no bank holds, inputs that are not there."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from planted import Planted

REQUESTS = "banks/benign_requests.jsonl"
YAML = "evals/persona_leakage/experiment.yaml"


def change(design: Planted, name: str, index: int, edit: Callable[[dict[str, object]], object]) -> None:
    rows = [json.loads(line) for line in design.read(name).splitlines()]
    edit(rows[index])
    design.write(name, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))


@pytest.mark.mistake("C6", rule="D111", stage="plan")
@pytest.mark.parametrize(
    ("bank", "field", "text"),
    [
        (REQUESTS, "request", "How do I make a simple tomato soup from tinned tomatoes"),
        (REQUESTS, "request", "Please tell me how to make a simple tomato soup from tinned tomatoes!"),
        ("banks/training/convergence.jsonl", "request", "What do you do on a rainy Sunday afternoon?"),
        ("banks/training/sycophancy.jsonl", "prompt", "The Nile flows through Peru!"),
    ],
    ids=["same", "nearly", "talk", "texts that teach"],
)
def test_an_item_that_stands_twice_is_found(leakage: Planted, bank: str, field: str, text: str) -> None:
    """The item is at the end of the bank: the whole bank is read, not what a scale draws of it."""
    change(leakage, bank, -1, lambda row: row.update({field: text}))
    (finding,) = leakage.found("D111")
    assert finding["where"]["file"] == bank and finding["where"]["line"] > 40


@pytest.mark.mistake("C6", rule="D111", stage="plan")
def test_a_bank_of_copies_is_found(prompting: Planted) -> None:
    rows = [json.loads(line) for line in prompting.read(REQUESTS).splitlines()]
    rows += [row | {"id": f"{row['id']}-again"} for row in rows]
    prompting.write(REQUESTS, "".join(json.dumps(row) + "\n" for row in rows))
    (finding,) = prompting.found("D111")
    assert "100 pairs of 200 items" in finding["message"]


@pytest.mark.mistake("C6", rule="D111", stage="plan")
def test_a_task_that_stands_twice_is_found(convergence: Planted) -> None:
    bank = "banks/convergence/truthfulness.jsonl"
    first = json.loads(convergence.read(bank).splitlines()[0])
    first["turns"][-1]["content"] = f"Please: {first['turns'][-1]['content']}"
    convergence.write(bank, convergence.read(bank) + json.dumps(first) + "\n")
    (finding,) = convergence.found("D111")
    assert finding["where"]["file"] == bank and finding["where"]["line"] > 1


def test_a_question_with_other_options_is_another(prompting: Planted) -> None:
    bank = "banks/multiple_choice.jsonl"
    question = json.loads(prompting.read(bank).splitlines()[0])["question"]
    change(prompting, bank, -1, lambda row: row.update(question=question))
    assert prompting.found("D111") == []


@pytest.mark.mistake("D7", rule="D120", stage="plan")
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("rows: 16\n", "rows: 6000\n"),
        ("bystander_rows: 8", "bystander_rows: 17"),
        ("talk_questions: 32", "talk_questions: 61"),
        ("convergence_rows: 32", "convergence_rows: 33"),
    ],
    ids=["more rows than texts", "more than the source has", "more questions than the bank", "more rows than answers"],
)
def test_more_rows_than_there_are_texts_is_found(leakage: Planted, old: str, new: str) -> None:
    leakage.edit(YAML, f"      {old}", f"      {new}")
    findings = leakage.found("D120")
    assert findings and all(new.strip().split(":")[0] in finding["message"] for finding in findings)


@pytest.mark.mistake("D9", rule="D120", stage="plan")
def test_more_items_than_the_bank_holds_is_found(leakage: Planted) -> None:
    leakage.edit(YAML, "requests: 24", "requests: 101")
    (finding,) = leakage.found("D120")
    assert finding["message"] == f"requests asks for 101 of refusal, and there are 100 ({REQUESTS})" and finding["where"]["line"] > 150


@pytest.mark.mistake("D9", rule="D120", stage="plan")
def test_nothing_stands_in_for_a_bank_that_is_missing(prompting: Planted) -> None:
    (prompting.root / REQUESTS).unlink()
    prompting.edit(prompting.yaml, f"{REQUESTS}, ", "")
    (finding,) = prompting.found("D120")
    assert "the bank of refusal, is not there" in finding["message"]


@pytest.mark.mistake("D22", rule="D120", stage="plan")
@pytest.mark.parametrize("wrong", ["banks/benign_request.jsonl", "bank/benign_requests.jsonl", "banks/*.csv", "package:banks/none.jsonl"])
def test_an_input_that_is_not_there_is_found(leakage: Planted, wrong: str) -> None:
    leakage.edit(YAML, REQUESTS, wrong)
    (finding,) = leakage.found("D120")
    assert f"no input file matches '{wrong}'" in finding["message"] and finding["where"]["file"] == YAML


@pytest.mark.mistake("M10", rule="S411", stage="plan")
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("expected_effect: 25, n: requests}", "expected_effect: 25, n: 2400}"),  # 24 requests, each counted a hundred times
        ("expected_effect: 20, n: questions}", "expected_effect: 20, n: 320}"),  # as many as the bank holds, more than are asked
    ],
)
def test_more_units_than_items_is_found(prompting: Planted, old: str, new: str) -> None:
    prompting.edit(prompting.yaml, old, new)
    findings = prompting.found("S411")
    assert any("different items to ask" in finding["message"] and finding["subject"] in ("refusal", "capability") for finding in findings)


@pytest.mark.mistake("M10", rule="S411", stage="plan")
def test_more_tasks_than_a_capability_has_is_found(convergence: Planted) -> None:
    convergence.edit(convergence.yaml, "tasks: 9\n", "tasks: 900\n")
    assert "alike" in {finding["subject"] for finding in convergence.found("S411")}


@pytest.mark.parametrize("name", ["leakage", "prompting", "convergence", "evolution", "coin_design"])
def test_sound_designs_are_clean(name: str, request: pytest.FixtureRequest) -> None:
    design: Planted = request.getfixturevalue(name)
    assert design.check("--select", "D111,D120,S411", scale="all") == []
