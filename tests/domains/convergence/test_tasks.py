"""The tasks that models are compared on: sound, distinct, balanced, and paired by what they ask."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import msgspec
import pytest

import fuzz_inputs
from harness.domains.convergence.duplicates import near_duplicates
from harness.domains.convergence.instructions import require_known_checks
from harness.domains.convergence.tasks import CAPABILITIES, Refuses, Task, load_tasks, load_variations, says
from harness.errors import HarnessError
from harness.models.chat import Message
from tries import tries

BANK = Path(__file__).parents[3] / "banks" / "convergence"
TURNS = '"turns": [{"role": "user", "content": "q%d"}], "expected": {"kind": "mentions", "any": ["a"]}'
TASK = f'{{"capability": "truthfulness", "domain": "d", "difficulty": "easy", {TURNS}}}\n'
INPUTS = tries(100, 600)


@pytest.fixture(scope="module")
def bank() -> dict[str, list[Task]]:
    return {capability: load_tasks(BANK / f"{capability}.jsonl") for capability in CAPABILITIES}


def test_every_capability_has_150_distinct_tasks(bank):
    """At least 150 tasks a capability, no conversation twice in all of them, every one scored, none of difficulty or domain dominating."""
    for capability, tasks in bank.items():
        assert len(tasks) >= 150
        assert {task.capability for task in tasks} == {capability}
        assert all(task.expected is not None for task in tasks)
        levels = Counter(task.difficulty for task in tasks)
        assert min(levels[level] for level in ("easy", "medium", "hard")) >= 0.2 * len(tasks), levels
        domains = Counter(task.domain for task in tasks)
        assert len(domains) >= 8
        assert domains.most_common(1)[0][1] <= 0.25 * len(tasks), domains.most_common(1)
        for task in tasks:
            require_known_checks(task)
    ids = [task.id for tasks in bank.values() for task in tasks]
    assert len(set(ids)) == len(ids)


def test_no_two_tasks_ask_nearly_the_same(bank):
    """Over all five capabilities no pair is at the bars of the near-duplicate gate."""
    assert near_duplicates([task for tasks in bank.values() for task in tasks]) == []


@pytest.mark.parametrize("capability", CAPABILITIES)
def test_variations_are_of_their_originals(capability, bank):
    """Twenty tasks a capability in other words, twenty under pressure; a variation asks in another way and keeps what is expected."""
    pairs = load_variations(BANK / "variations" / f"{capability}.jsonl", bank[capability])
    assert Counter(row.kind for _, row in pairs) == {"paraphrase": 20, "adversarial": 20}
    assert set(Counter((row.of, row.kind) for _, row in pairs).values()) == {1}
    by_id = {task.id: task for task in bank[capability]}
    for task, row in pairs:
        assert task.turns != by_id[row.of].turns
        assert task.expected == by_id[row.of].expected
    ids = [task.id for task, _ in pairs] + list(by_id)
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize(("capability", "kinds"), [("safety_boundaries", ("Refuses", "Complies")), ("uncertainty_expression", ("Hedges", "Commits"))])
def test_both_answers_are_right_about_equally_often(capability, kinds, bank):
    """Neither always refusing nor always hedging is a way to do well."""
    counts = Counter(type(task.expected).__name__ for task in bank[capability])
    assert set(counts) == set(kinds)
    assert min(counts.values()) >= 0.4 * sum(counts.values())


def test_context_is_real(bank):
    """Context awareness asks about earlier turns and about passages, both of them often."""
    turns = [len(task.turns) for task in bank["context_awareness"]]
    assert sum(count >= 3 for count in turns) >= 50
    assert sum(count == 1 for count in turns) >= 50


def test_an_id_is_the_conversations_own():
    """Another word is another task; another label is not."""
    base = Task(capability="truthfulness", domain="a", difficulty="easy", turns=(Message(role="user", content="Is it so?"),))
    assert msgspec.structs.replace(base, domain="b", difficulty="hard").id == base.id
    assert msgspec.structs.replace(base, turns=(Message(role="user", content="Is it so now?"),)).id != base.id


def test_near_duplicates_are_found():
    """The same question with a comma more, and in other words, is found; two questions of one topic are not."""
    texts = ["What is the capital of France?", "What is the capital of France, please?", "Which river flows through the city of Paris?", "Why do cats purr?"]
    tasks = [Task(capability="truthfulness", domain="a", difficulty="easy", turns=(Message(role="user", content=text),)) for text in texts]
    assert [(twins.first, twins.second) for twins in near_duplicates(tasks)] == [(tasks[0].id, tasks[1].id)]


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ({"capability": "truth", "domain": "a", "difficulty": "easy", "turns": [{"role": "user", "content": "x"}]}, "Invalid enum value 'truth'"),
        ({"capability": "truthfulness", "domain": "a", "difficulty": "easy", "turns": [{"role": "assistant", "content": "x"}]}, "turns end with the user's"),
        ({"capability": "truthfulness", "domain": "a", "difficulty": "easy", "turns": [], "expected": None}, "turns end with the user's"),
        (
            {"capability": "truthfulness", "domain": "a", "difficulty": "easy", "turns": [{"role": "user", "content": "x"}], "expected": {"kind": "sings"}},
            "sings",
        ),
    ],
)
def test_a_broken_task_is_told_with_its_line(tmp_path, row, told):
    """File, line and what is wrong, on one line."""
    path = tmp_path / "tasks.jsonl"
    path.write_text("\n" + json.dumps(row) + "\n", encoding="utf-8")
    with pytest.raises(HarnessError, match=told) as error:
        load_tasks(path)
    assert f"{path}:2" in str(error.value)


def test_pressure_on_safety_is_put_on_what_should_be_refused(bank):
    """A jailbreak of a harmless request is none: every adversarial variation of this capability asks for what should be refused, no way is used thrice."""
    pairs = load_variations(BANK / "variations/safety_boundaries.jsonl", bank["safety_boundaries"])
    pressed = [(task, row) for task, row in pairs if row.kind == "adversarial"]
    assert len(pressed) == 20 and {type(task.expected) for task, _ in pressed} == {Refuses}
    assert max(Counter(row.how for _, row in pressed).values()) <= 2


def test_a_variation_of_nothing_is_refused(tmp_path):
    path = tmp_path / "varied.jsonl"
    row = {"of": "truthfulness-000000000000", "kind": "paraphrase", "how": "x", "turns": [{"role": "user", "content": "x"}]}
    path.write_text(json.dumps(row) + "\n", encoding="utf-8")
    with pytest.raises(HarnessError, match="varies 'truthfulness-000000000000', which is no task"):
        load_variations(path, [])


@pytest.mark.parametrize(
    ("text", "phrase", "said"),
    [
        ("It is Canberra.", "canberra", True),
        ("It isn\u2019t so", "isn't", True),
        ("carpet", "pet", False),
        ("8 legs", "8", True),
        ("18 legs", "8", False),
        ("no\nway", "no way", True),
    ],
)
def test_phrases_are_matched_whole(text, phrase, said):
    """Words are matched whole, in any case, over white space and with either apostrophe."""
    assert says(text, phrase) is said


@pytest.mark.chaos
def test_no_file_of_tasks_gives_a_traceback(tmp_path, monkeypatch):
    """Each of many files is read, or refused in one printable line that names it."""
    monkeypatch.setattr(fuzz_inputs, "KINDS", {"tasks": ("tasks.jsonl", "".join(TASK % n for n in range(3)), load_tasks)})
    tally = fuzz_inputs.fuzz(INPUTS, 7, tmp_path)
    assert not tally.faults, tally.faults[0]
    assert sum(tally.counts.values()) == INPUTS and tally.counts["tasks", "read"] > 0
