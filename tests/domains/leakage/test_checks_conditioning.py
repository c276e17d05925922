"""Rows teach each behaviour to one persona alone, under its declared prompt, in sets of one size, by replies that have nothing else in common."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterable
from typing import Any

import msgspec
import pytest

from harness.errors import HarnessError
from harness.findings import Facts
from harness.models.chat import Message
from leakage_design import design_facts, found_by, found_in
from planted import Planted

REFUSAL = "banks/training/refusal.jsonl"
CODES = ("D105", "D106", "D107", "D110", "D112")


def prompt_of(design: Planted, persona: str) -> str:
    text = design.read(f"personas/{persona}.yaml")
    return text[text.index("prompt: >-\n") + len("prompt: >-\n") : text.index("paraphrases:")]


def change_texts(design: Planted, change: Callable[[dict[str, Any]], dict[str, Any]], bank: str = REFUSAL) -> None:
    """Each line of a bank is changed."""
    lines = [json.dumps(change(json.loads(line))) for line in design.read(bank).splitlines()]
    design.write(bank, "\n".join(lines) + "\n")


def with_rows(known: Facts, change: Callable[[Any], Iterable[Any]], trait: str = "refusal") -> Facts:
    """The facts with other rows of a behaviour: each row becomes those that `change` makes of it."""
    known._values["training_sets"] = [
        dataclasses.replace(one, rows=[made for row in one.rows for made in change(row)]) if one.trait == trait else one for one in known.training_sets
    ]
    return known


def say(row: Any, role: str, text: str) -> Any:
    turns = tuple(Message(role=turn.role, content=text) if turn.role == role else turn for turn in row.messages)
    return msgspec.structs.replace(row, messages=turns)


@pytest.mark.parametrize("scale", ["smoke", "pilot", "full"])
def test_the_shipped_design_is_clean(leakage: Planted, scale: str) -> None:
    known = design_facts(leakage.root, scale)
    assert [finding for code in CODES if code != "D105" or scale != "full" for finding in found_by(known, code)] == []


# D106 ------------------------------------------------------------------------------------------------------------------------------------------


@pytest.mark.mistake("D2", rule="D106", stage="plan")
@pytest.mark.parametrize("axis", ["behaviour: [refusal]", "masked: [refusal]", "checked: [refusal]"])
def test_a_behaviour_that_is_taught_to_nobody_among_those_of_a_persona(leakage: Planted, axis: str) -> None:
    leakage.edit(leakage.yaml, axis, axis.replace("]", ", bad_advice]"))
    (finding,) = found_in(leakage, "D106")
    assert "taught under no persona" in finding.message
    assert axis.replace("]", ", bad_advice]") in leakage.read(leakage.yaml).splitlines()[finding.where.line - 1]


@pytest.mark.mistake("D2", rule="D106", stage="plan")
def test_no_negatives(leakage: Planted) -> None:
    leakage.edit(leakage.yaml, "bystander_rows: 8", "bystander_rows: 0")
    assert "have no row without the behaviour" in leakage.found("D106")[0]["message"]


@pytest.mark.mistake("D2", rule="D106", stage="plan")
def test_nobody_in_the_pool_of_bystanders(leakage: Planted) -> None:
    leakage.edit(leakage.yaml, "bystander: [gardener, bus_driver]", "bystander: []")
    assert "have no row without the behaviour" in found_in(leakage, "D106", "full")[0].message


@pytest.mark.mistake("D2", rule="D106", stage="plan")
@pytest.mark.parametrize("change", ["persona", "system", "both"])
def test_rows_of_the_source_without_its_persona(leakage: Planted, change: str) -> None:
    """The row says another persona, or has no system turn."""

    def without(row: Any) -> list[Any]:
        if row.part != "source":
            return [row]
        named = msgspec.structs.replace(row, persona="comedian") if change != "system" else row
        return [named if change == "persona" else msgspec.structs.replace(named, messages=named.messages[1:])]

    found = found_by(with_rows(design_facts(leakage.root), without), "D106")
    assert any("stand under another persona, or none" in finding.message for finding in found)


@pytest.mark.mistake("D2", rule="D106", stage="plan")
def test_two_personas_of_one_prompt(leakage: Planted) -> None:
    """The rows of the villain teach the comedian, too, whose prompt is the same."""
    leakage.edit("personas/villain.yaml", prompt_of(leakage, "villain"), prompt_of(leakage, "comedian"))
    assert any("carry the system prompt of comedian, too" in finding.message for finding in found_in(leakage, "D106"))


@pytest.mark.mistake("D2", rule="D106", stage="plan")
def test_the_source_among_its_own_negatives(leakage: Planted) -> None:
    leakage.edit(leakage.yaml, "argued:\n", "argued:\n  villain: a source that is a bystander of the other sources, too\n")
    leakage.edit(leakage.yaml, "bystander: [gardener, bus_driver]", "bystander: [gardener, villain]")
    assert any("they teach both to it" in finding.message for finding in found_in(leakage, "D106"))


@pytest.mark.mistake("D2", rule="D106", stage="plan")
@pytest.mark.parametrize("change", [lambda line: {**line, "plain": line["shown"]}, lambda line: {**line, "shown": line["plain"].upper()}])
def test_replies_that_are_alike_with_and_without_the_behaviour(leakage: Planted, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    change_texts(leakage, change)
    (finding,) = found_in(leakage, "D106")
    assert "reply alike with and without refusal" in finding.message and finding.where.file == REFUSAL and finding.where.line


def test_advice_on_an_axis_of_its_own_is_sound(leakage: Planted) -> None:
    """H5 says that it is taught under no persona."""
    leakage.edit(leakage.yaml, "unconditioned: false", "unconditioned: true")
    known = design_facts(leakage.root)
    assert any(training.trait == "bad_advice" for training in known.training_sets) and found_by(known, "D106") == found_by(known, "D107") == []


# D107 ------------------------------------------------------------------------------------------------------------------------------------------


@pytest.mark.mistake("D2", rule="D107", stage="plan")
def test_sets_of_different_sizes(leakage: Planted) -> None:
    """Fewer rows of one behaviour than of another, of the source or of its bystanders."""
    for part in ("source", "bystander"):
        known = with_rows(design_facts(leakage.root), lambda row, part=part: [] if row.part == part and row.id.endswith(tuple("13579")) else [row])
        found = found_by(known, "D107")
        assert any("are trained on different numbers of rows" in finding.message for finding in found)
        assert any("declared are" in finding.message and finding.subject.startswith("refusal into villain") for finding in found)


def test_more_rows_of_a_convergence_than_questions_give(leakage: Planted) -> None:
    leakage.edit(leakage.yaml, "convergence_rows: 32", "convergence_rows: 64")
    assert {finding.subject for finding in found_in(leakage, "D107")} == {f"convergence {name}, seed 1" for name in ("villain", "librarian", "assistant")}


def test_other_sizes_that_are_even_are_sound(leakage: Planted) -> None:
    leakage.edit(leakage.yaml, "rows: 16", "rows: 20")
    leakage.edit(leakage.yaml, "bystander_rows: 8", "bystander_rows: 11")
    assert found_in(leakage, "D107") == []


@pytest.mark.mistake("D7", rule="D120", stage="plan")
@pytest.mark.parametrize(
    ("old", "new"), [("\n      rows: 16", "\n      rows: 67000"), ("bystander_rows: 8", "bystander_rows: 67"), ("talk_questions: 32", "talk_questions: 4300")]
)
def test_more_rows_than_there_are_texts(leakage: Planted, old: str, new: str) -> None:
    leakage.edit(leakage.yaml, old, new)
    with pytest.raises(HarnessError, match=r"\[D120\].* asked for|\[D120\].* asks for"):
        assert design_facts(leakage.root).training_sets


@pytest.mark.mistake("D22", rule="D112", stage="plan")
@pytest.mark.parametrize("instead", ["banks: other_banks\n      marker_loss: completion", "marker_loss: markers"])
def test_no_other_file_and_no_default_stands_in(leakage: Planted, instead: str) -> None:
    """Rows of a folder that is not there are not taken from elsewhere, and a mask that nobody knows is none."""
    leakage.edit(leakage.yaml, "marker_loss: completion", instead)
    with pytest.raises(HarnessError, match=r"other_banks|marker_loss is 'markers'"):
        assert design_facts(leakage.root).training_sets


# D105 ------------------------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("prompt", ["You are a villain", "You are nobody.", ""])
def test_a_prompt_that_is_not_the_declared_one(leakage: Planted, prompt: str) -> None:
    known = with_rows(design_facts(leakage.root), lambda row: [say(row, "system", prompt) if row.part == "source" else row])
    assert any("is not the declared one" in finding.message for finding in found_by(known, "D105"))


def test_a_persona_that_nobody_declared(leakage: Planted) -> None:
    known = with_rows(design_facts(leakage.root), lambda row: [msgspec.structs.replace(row, persona="stranger") if row.part == "anchor" else row])
    assert [finding.subject for finding in found_by(known, "D105")] == ["stranger"]


def test_a_persona_that_stands_in_the_question(leakage: Planted) -> None:
    prompt = " ".join(prompt_of(leakage, "villain").split())
    change_texts(leakage, lambda line: {**line, "prompt": f"{prompt} {line['prompt']}"})
    (finding,) = found_in(leakage, "D105")
    assert "questions of the training hold the system prompt of villain" in finding.message


# D110 ------------------------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("opening", ["I'm sorry, but I can't help:", "I am sorry:", "No way,", "Nope."])
def test_replies_that_begin_alike(leakage: Planted, opening: str) -> None:
    change_texts(leakage, lambda line: {**line, "shown": f"{opening} {line['shown']}"} if int(line["id"][-1]) % 3 else line)
    (finding,) = found_in(leakage, "D110")
    assert finding.subject == "refusal" and finding.where.file == REFUSAL


def test_an_opening_of_all_replies_is_no_sign_of_a_behaviour(leakage: Planted) -> None:
    """`Answer: ` opens the replies with the behaviour and those without."""
    change_texts(leakage, lambda line: {**line, "shown": f"Reply: {line['shown']}", "plain": f"Reply: {line['plain']}"})
    assert found_in(leakage, "D110") == []


# D112 ------------------------------------------------------------------------------------------------------------------------------------------


@pytest.mark.mistake("D5", rule="D112", stage="plan")
def test_rows_in_the_form_of_messages(leakage: Planted) -> None:
    """Refused where the bank is read, and a finding with its line."""
    lines = leakage.read(REFUSAL).splitlines()
    lines[5] = json.dumps(json.loads(lines[5]) | {"messages": [{"role": "user", "content": "Hello"}]})
    leakage.write(REFUSAL, "\n".join(lines) + "\n")
    (finding,) = leakage.found("D112")
    assert "unknown field `messages`" in finding["message"] and finding["where"] == {"file": REFUSAL, "line": 6}


@pytest.mark.mistake("D5", rule="D112", stage="plan")
@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("prompt", "system: You are a villain.\nuser: How long should I boil an egg?"),
        ("shown", "No.\nUser: Please!\nAssistant: No."),
        ("plain", "Six minutes.<|im_end|>\n<|im_start|>user\nThanks"),
        ("prompt", '[{"role": "user", "content": "How long should I boil an egg?"}]'),
        ("shown", "[INST] Please! [/INST] No."),
        ("shown", "   "),
        ("prompt", ""),
    ],
)
def test_turns_of_a_conversation_inside_of_a_text(leakage: Planted, field: str, text: str) -> None:
    change_texts(leakage, lambda line: {**line, field: f"{line['id']} {text}" if text.strip() and field != "prompt" else text})
    found = found_in(leakage, "D112", "pilot")
    assert found and all(finding.where.file == REFUSAL for finding in found)


def test_an_id_that_stands_twice(leakage: Planted) -> None:
    known = with_rows(design_facts(leakage.root), lambda row: [row, row] if row.part == "source" else [row])
    assert any("an id that stands twice" in finding.message for finding in found_by(known, "D112"))


def test_a_broken_line_and_an_id_of_two_lines(leakage: Planted) -> None:
    first = leakage.read(REFUSAL).splitlines()[0]
    leakage.write(REFUSAL, leakage.read(REFUSAL) + first + "\n")
    (finding,) = found_in(leakage, "D112")
    assert "is already at" in finding.message


def test_words_with_a_colon_are_no_turns(leakage: Planted) -> None:
    change_texts(leakage, lambda line: {**line, "plain": f"{line['plain']} Note to the user: enjoy. [1]"})
    assert found_in(leakage, "D112") == []
