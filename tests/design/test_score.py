"""The gate-keeper's score: computed, kept in the lock, and in the way of a full-scale run while a point is open."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.design.score import WEIGHTS, compute_label, read_score, template
from harness.errors import HarnessError
from harness.history import read_events
from toy import Toy, harness

PLACE = "evals/coins/score.yaml"


def scored(*values: int, more: str = "") -> str:
    lines = [f"  {name}: {{score: {value}, why: because}}" for name, value in zip(WEIGHTS, values, strict=True)]
    return "\n".join(["scored_by: Ann", "scores:", *lines, more, ""])


@pytest.mark.parametrize(
    ("values", "total", "decision"),
    [
        ((5, 5, 5, 5, 5), 5.0, "RUN"),
        ((4, 3, 4, 3, 3), 3.5, "RUN"),
        ((4, 3, 3, 3, 2), 3.15, "MODIFY"),
        ((3, 2, 3, 2, 2), 2.5, "MODIFY"),
        ((1,) * 5, 1.0, "SKIP"),
    ],
)
def test_the_weighted_sum_decides(tmp_path: Path, values: tuple[int, ...], total: float, decision: str) -> None:
    """The weights are .30, .20, .20, .15 and .15; RUN from 3.5, MODIFY from 2.5."""
    (tmp_path / "score.yaml").write_text(scored(*values))
    score = read_score(tmp_path)
    assert score is not None and (score.total, score.decision) == (total, decision) and sum(WEIGHTS.values()) == pytest.approx(1)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (scored(6, 1, 1, 1, 1), "score.yaml:3: scores.information_value.score"),
        (scored(1, 1, 1, 1, 1) + "total: 2.90\n", "unknown key 'total'"),
        (scored(1, 1, 1, 1, 1).replace("why: because", "why: ''", 1), "score.yaml:3"),
        ("- a\n", "must be a mapping"),
        (template(), "has blanks in the lines 2, 5, 6, 8, 9, 11, 12, 14, 15, 17, 18"),
    ],
)
def test_a_wrong_score_is_one_line_with_its_place(tmp_path: Path, text: str, told: str) -> None:
    """A typed total is refused like any unknown key: the sum is computed."""
    (tmp_path / "score.yaml").write_text(text)
    with pytest.raises(HarnessError) as caught:
        read_score(tmp_path)
    assert told in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize(("hours", "label"), [(None, "not declared"), (0.0, "small"), (5.0, "small"), (36.0, "medium"), (50.0, "large")])
def test_the_label_follows_the_gpu_hours(hours: float | None, label: str) -> None:
    assert compute_label({"gpu_hours": hours}) == label


def test_the_command_writes_a_form_and_reads_it(toy: Toy) -> None:
    """Without a score a form is written; with one the arithmetic, the cost and the checklist are shown, and what is new is in the history."""
    done = harness(toy, "score", "evals/coins")
    assert done.returncode == 1 and "fill in the scores" in done.stdout and (toy.root / PLACE).is_file()
    assert harness(toy, "plan", "evals/coins").returncode == 0  # a form that is not filled in is no score, and in nobody's way
    assert "coins: not scored" in harness(toy, "score", "evals").stdout
    question = 'questions:\n  - {question: "Which coin first?", answer: ""}\n'
    toy.write(PLACE, scored(4, 4, 4, 3, 3, more=question))
    done = harness(toy, "score", "evals/coins")
    assert done.returncode == 1 and "[ ] question: Which coin first?" in done.stdout
    assert ".30 x 4 + .20 x 4 + .20 x 4 + .15 x 3 + .15 x 3 = 3.70: RUN" in done.stdout
    toy.write(PLACE, scored(4, 4, 4, 3, 3, more=question.replace('answer: ""', "answer: the villain's")))
    assert harness(toy, "score", "evals/coins").returncode == 0
    assert harness(toy, "score", "evals/coins").returncode == 0
    events = [(event.event, event.note) for event in read_events(toy.root / "evals/coins")]
    assert events == [("scored", "3.70: RUN, 1 point open"), ("scored", "3.70: RUN"), ("clarified", "questions answered: 1")]


def test_open_points_block_a_full_scale_run_and_no_other(toy: Toy) -> None:
    """The line names the first, the count and how to settle it; smaller scales run, and the plan lists what is open."""
    toy.write(PLACE, scored(3, 3, 3, 3, 3, more='required_changes: [{change: run the pilot, done: ""}]\nfindings: [{finding: too few throws, resolved: ""}]\n'))
    done = toy.run("--harness-scale", "full")
    assert done.returncode != 0 and toy.thrown() == []
    assert "a full-scale run waits for an open required change: 'run the pilot' and 1 more" in done.stdout and "done:" in done.stdout
    plan = harness(toy, "plan", "evals/coins", "--scale", "full")
    assert plan.returncode == 1 and "finding: open finding: too few throws" in plan.stdout and "score: 3.00: MODIFY, 2 points open" in plan.stdout
    assert toy.run("--collect-only", "--harness-scale", "full").returncode == 0
    toy.run("-k", "villain", "--harness-run-dir", "run")
    assert toy.cells("run")["H1[villain-heads]"] == "supported"


def test_the_score_is_in_the_lock_and_answers_are_not(toy: Toy) -> None:
    """Another score after the lock is a deviation; an answered question is none, and neither runs a cell again."""
    question = "questions: [{question: 'Which?', answer: %s}]\n"
    toy.write(PLACE, scored(4, 4, 4, 4, 4, more=question % "''"))
    assert harness(toy, "lock", "evals/coins").returncode == 0
    toy.run("-k", "villain", "--harness-run-dir", "one")
    toy.write(PLACE, scored(4, 4, 4, 4, 4, more=question % "both"))
    toy.run("-k", "villain", "--harness-run-dir", "two")
    assert toy.results("two")["promise"]["deviations"] == [] and len(toy.results("two")["execution"]["reused"]) == len(
        toy.results("two")["execution"]["seconds"]
    )
    toy.write(PLACE, scored(5, 4, 4, 4, 4))
    toy.run("-k", "villain", "--harness-run-dir", "three")
    assert {one["what"] for one in toy.results("three")["promise"]["deviations"]} == {"score/information_value", "score/total"}
    assert reused_all(toy, "three")


def reused_all(toy: Toy, folder: str) -> bool:
    execution = toy.results(folder)["execution"]
    return len(execution["reused"]) == len(execution["seconds"])


def test_the_queue_is_sorted_by_decision_and_score(toy: Toy) -> None:
    """RUN before MODIFY, higher sums first, what nobody scored last."""
    for name, values in (("second", (4, 4, 4, 4, 4)), ("first", (5, 5, 5, 5, 5)), ("third", (3, 3, 3, 3, 3))):
        toy.write(f"evals/{name}/experiment.yaml", (toy.root / "evals/coins/experiment.yaml").read_text().replace("id: coins", f"id: {name}"))
        toy.write(f"evals/{name}/test_{name}.py", (toy.root / "evals/coins/test_coins.py").read_text())
        toy.write(f"evals/{name}/score.yaml", scored(*values))
    done = harness(toy, "score", "evals", "--json")
    assert [one["experiment"] for one in json.loads(done.stdout)["queue"]] == ["first", "second", "third", "coins"]
    assert done.returncode == 1


def test_the_history_of_an_experiment_leads_into_the_timeline_of_its_run(toy: Toy) -> None:
    """Scored and locked stand in the timeline before the run started."""
    toy.write(PLACE, scored(4, 4, 4, 4, 4))
    harness(toy, "score", "evals/coins")
    harness(toy, "lock", "evals/coins")
    toy.run("-k", "villain", "--harness-run-dir", "run")
    events = [event["event"] for event in toy.results("run")["execution"]["timeline"]]
    assert events[:2] == ["scored", "locked"] and events.count("locked") == 1 and events.index("locked") < events.index("started") < events.index("results")


def test_modify_without_a_change_is_open_and_skip_is_a_warning(toy: Toy) -> None:
    """A MODIFY that asks for nothing cannot be done; a SKIP blocks nothing and is told."""
    toy.write(PLACE, scored(3, 3, 3, 3, 3))
    assert "MODIFY names no change" in toy.run("--harness-scale", "full").stdout
    toy.write(PLACE, scored(1, 1, 1, 1, 1))
    assert "warning: the gate-keeper's score is 1.00: SKIP" in harness(toy, "plan", "evals/coins").stdout


def test_own_files_are_no_inputs(toy: Toy) -> None:
    """A pattern that matches lock, score or history would make a lock deviate from itself."""
    toy.edit("evals/coins/experiment.yaml", "inputs: [banks/*.jsonl]", "inputs: [banks/*.jsonl, evals/coins/*.json*]")
    toy.write("evals/coins/items.jsonl", '{"id": 1}\n')
    harness(toy, "lock", "evals/coins")
    toy.run("-k", "villain", "--harness-run-dir", "run")
    assert toy.results("run")["promise"]["deviations"] == []
    assert [one["path"] for one in toy.results("run")["inputs"]] == ["banks/coins.jsonl", "evals/coins/items.jsonl"]
