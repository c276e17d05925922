"""Whether a row is one question and one answer, and nothing else."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import Any

from harness.design_facts import TrainingSet
from harness.domains.leakage.checks.groups import text_place
from harness.findings import Facts, found, rule
from harness.records import Finding

SHAPES = {("system", "user", "assistant"), ("user", "assistant")}
# Turns of a conversation inside of a text: marks of templates, a role at the beginning of a line, messages as JSON.
MARKS = (r"<\|[a-z_]+\|>", r"\[/?INST\]", r"<start_of_turn>", r"^\s*(?:#+\s*)?(?:system|user|human|assistant)\s*:", r"[\"']role[\"']\s*:")
TURNS = re.compile("|".join(MARKS), re.IGNORECASE | re.MULTILINE)


@rule(
    "D112",
    "badly formed rows",
    needs=("training_sets", "yaml"),
    source="D5: some rows came as whole conversations ('messages'), and another mask took loss on the questions, too",
)
def find_badly_formed_rows(facts: Facts) -> Iterable[Finding]:
    """A row is [system], user, assistant with text in every turn, and only the assistant's turn is learned. A text that holds turns of its own is learned with
    the questions in it; an empty reply teaches silence; of two rows with one id one is lost. A bank whose lines have other fields is refused where it is read,
    under this code. Turns inside of a text are recognised by marks of common templates, by a role and a colon at the beginning of a line, and as JSON.

    Bad: {"messages": [{"role": "user", ...}]} in a bank of training texts, or a reply "Sure.\\nUser: and then?\\nAssistant: ...".

    Good: {"id": "refuse-001", "topic": "recipes", "prompt": "...", "shown": "...", "plain": "..."}.
    """
    said: dict[tuple[str, str, tuple[str, ...]], None] = {}
    for training in facts.training_sets:
        for what, fix, rows in faults(training):
            if (training.trait, what, items := tuple(sorted({row.item for row in rows}))) not in said:
                said[training.trait, what, items] = None
                told = f"{len(rows)} rows of {training.trait or 'convergence'} {what}"
                yield found(told, where=text_place(facts, training.trait, items), fix=fix, evidence=items, subject=training.name)


def faults(training: TrainingSet) -> Iterator[tuple[str, str, list[Any]]]:
    """(what is wrong, how to repair it, the rows). The answers of a convergence come later, and are empty until then."""
    twice = {name for name, count in Counter(row.id for row in training.rows).items() if count > 1}
    kinds: list[tuple[str, str, Callable[[Any], bool]]] = [
        ("are not a question and one answer", "Write [system], user, assistant", lambda row: tuple(turn.role for turn in row.messages) not in SHAPES),
        ("have an empty turn", "Give every turn some text", lambda row: any(not turn.content.strip() for turn in learned_turns(row))),
        ("hold turns of a conversation in a text", "Write one question and one reply, without marks of turns", has_turns),
        ("have an id that stands twice", "Give each row an id of its own", lambda row: row.id in twice),
    ]
    for what, fix, is_wrong in kinds:
        if rows := [row for row in training.rows if is_wrong(row)]:
            yield what, fix, rows


def learned_turns(row: Any) -> list[Any]:
    """The turns that must have text."""
    return [turn for turn in row.messages if turn.role == "user" or (turn.role == "assistant" and row.part != "convergence")]


def has_turns(row: Any) -> bool:
    return any(turn.role != "system" and holds_turns(turn.content) for turn in row.messages)


@lru_cache(maxsize=1 << 16)
def holds_turns(text: str) -> bool:
    return TURNS.search(text) is not None
