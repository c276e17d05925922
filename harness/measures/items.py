"""What a model can be asked and how an answer is known to be right: items of a bank (JSON lines), of a test, and in the forms of multiple choice."""

from __future__ import annotations

import string
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from harness.errors import HarnessError, nearest
from harness.fingerprint import fingerprint
from harness.measures.banks import number_lines, parse_row, require_distinct_ids
from harness.measures.questions import ID_DIGITS, Question, from_arc, validate_questions
from harness.models.chat import Message
from harness.models.inspect_log import is_log
from harness.models.inspect_recording import items_of_log
from harness.models.recording import RecordedItem
from harness.models.status import is_blank
from harness.strict_json import value_of

Target = str | int | float


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """A conversation that ends with the user's turn, in which the choices stand as they are asked. `targets` are the right answers (none: nothing that could be
    scored without a judge); where there are `choices`, the one target is one of their `labels`."""

    id: str
    turns: tuple[Message, ...]
    targets: tuple[Target, ...] = ()
    labels: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()

    @property
    def prompt(self) -> str:
        """The user's last turn."""
        return self.turns[-1].content

    @property
    def target(self) -> Target | None:
        """The right answer, the first where there are several."""
        return self.targets[0] if self.targets else None


class BankRow(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A line of a bank: `prompt` or `messages`; `target` is a text, a number, or a list of those that are right; `choices` are shown with letters."""

    id: str = ""
    prompt: str | None = None
    messages: tuple[Message, ...] | None = None
    target: Target | tuple[Target, ...] | None = None
    choices: tuple[str, ...] = ()


KEYS = BankRow.__struct_fields__


def load_items(path: Path) -> list[Item]:
    """The items of a JSON lines file, in file order: rows of `BankRow`, or multiple-choice questions as `load_questions` reads them (own form or ARC's); or
    those of a log of Inspect.

    Raises HarnessError with file and line for a broken line, an unknown key, a blank prompt, a target that is no choice, an id that is missing or stands twice.
    """
    if is_log(path):
        return [item_of_record(one) for one in items_of_log(path)]
    rows = [(f"{path}:{number}", item_of_line(text, path, number)) for number, text in number_lines(path)]
    require_distinct_ids((where, item.id) for where, item in rows)
    return [item for _, item in rows]


def item_of_line(text: str, path: Path, line: int) -> Item:
    where, value = f"{path}:{line}", value_of(text, path, line)
    keys = set(value) if isinstance(value, dict) else set()
    if {"choice_labels", "labels"} & keys:
        question = from_arc(text, path, line) if "choice_labels" in keys else parse_row(text, Question, path, line)
        return item_of_question(validate_questions([(where, question)])[0])
    refuse_unknown_keys(keys, where)
    row = parse_row(text, BankRow, path, line)
    if is_blank(row.id):
        raise HarnessError("the row has no id", where=where, mend="Give each row an id of its own: answers are paired by it", code="D112")
    return make_item(row, where)


def to_items(prompts: Sequence[Any]) -> list[Item]:
    """Items of what a test spells out: texts, mappings with the keys of a bank's row, or items. What has no id is named by its content.

    Raises HarnessError with the place in the sequence.
    """
    if isinstance(prompts, str | Mapping) or not isinstance(prompts, Sequence):
        raise HarnessError(f"prompts are {type(prompts).__name__}", where="ask", mend="Give a path, or a list of texts, mappings or items")
    rows = [(f"prompts[{place}]", item_of_value(value, f"prompts[{place}]")) for place, value in enumerate(prompts)]
    if not rows:
        raise HarnessError("there are no prompts", where="ask", mend="Give at least one: an empty list measures nothing", code="D120")
    require_distinct_ids((where, item.id) for where, item in rows)
    return [item for _, item in rows]


def item_of_value(value: Any, where: str) -> Item:
    if isinstance(value, Item):
        return value
    if isinstance(value, str):
        return make_item(BankRow(prompt=value), where)
    if not isinstance(value, Mapping):
        raise HarnessError(f"{type(value).__name__} is no prompt", where=where, mend=f"Give a text, an item, or a mapping with some of {', '.join(KEYS)}")
    refuse_unknown_keys(value.keys(), where)
    try:
        return make_item(msgspec.convert(dict(value), BankRow), where)
    except msgspec.ValidationError as error:
        raise HarnessError(f"no prompt: {error}", where=where, mend=f"Its keys are {', '.join(KEYS)}") from None


def refuse_unknown_keys(keys: Any, where: str) -> None:
    if unknown := sorted(str(key) for key in keys if key not in KEYS):
        mend = f"{nearest(unknown[0], KEYS)} Or take it out: what is asked stands in prompt, what is right in target"
        raise HarnessError(f"unknown key {unknown[0]!r}", where=where, mend=mend, code="D112")


def make_item(row: BankRow, where: str) -> Item:
    """The item of a row. Raises HarnessError for anything that could not be asked, or not be scored as it stands."""
    turns = turns_of(row, where)
    labels = tuple(string.ascii_uppercase[: len(row.choices)])
    targets = row.target if isinstance(row.target, tuple) else () if row.target is None else (row.target,)
    if any(isinstance(target, str) and is_blank(target) for target in targets) or row.target == ():
        raise HarnessError("the target is blank", where=where, mend="Write what is right, or leave target out", code="D112")
    if row.choices:
        targets = (label_of_target(targets, labels, row.choices, where),) if targets else ()
        turns = with_choices(turns, labels, row.choices)
    name = row.id or fingerprint([[turn.role, turn.content] for turn in turns])[:ID_DIGITS]
    return Item(id=name, turns=turns, targets=targets, labels=labels, choices=row.choices)


def turns_of(row: BankRow, where: str) -> tuple[Message, ...]:
    if (row.prompt is None) == (row.messages is None):
        raise HarnessError("the row needs prompt or messages, and not both", where=where, mend="Write what is asked as prompt", code="D112")
    turns = row.messages if row.messages is not None else (Message(role="user", content=row.prompt or ""),)
    if not turns or turns[-1].role != "user" or any(turn.role == "system" for turn in turns[1:]):
        raise HarnessError("messages end with the user's, and a system message comes first", where=where, mend="Put them in that order", code="D112")
    if any(is_blank(turn.content) for turn in turns):
        raise HarnessError("the prompt is blank", where=where, mend="Write what is asked, or take the row out", code="D112")
    return turns


def label_of_target(targets: Sequence[Target], labels: Sequence[str], choices: Sequence[str], where: str) -> str:
    """The label of the right choice, which the target names by its letter or its text."""
    named = [choice.strip().casefold() for choice in choices]
    if len(choices) < 2 or len(choices) > len(string.ascii_uppercase) or not all(named) or len(set(named)) < len(named):
        raise HarnessError("choices are 2 to 26 different texts", where=where, mend="Mend the row or take it out", code="D112")
    target = str(targets[0]).strip()
    right = {label for label in labels if target == label} | {labels[place] for place, choice in enumerate(named) if choice == target.casefold()}
    if len(targets) != 1 or len(right) != 1:
        told = "several of the choices" if len(targets) > 1 or right else "none of the choices"
        raise HarnessError(f"the target {', '.join(map(str, targets))!r:.60} is {told}", where=where, mend="Name one by its letter or its text", code="D112")
    return right.pop()


def item_of_question(question: Question) -> Item:
    turns = with_choices((Message(role="user", content=question.question),), question.labels, question.choices)
    return Item(id=question.id, turns=turns, targets=(question.answer,), labels=question.labels, choices=question.choices)


def item_of_record(record: RecordedItem) -> Item:
    """An item as a log of Inspect has it: the prompt in its words, the choices beside it, which the log's solver showed in its own way."""
    labels = tuple(string.ascii_uppercase[: len(record.choices)])
    return Item(id=record.id, turns=(Message(role="user", content=record.prompt),), targets=record.target, labels=labels, choices=record.choices)


def with_choices(turns: Sequence[Message], labels: Sequence[str], choices: Sequence[str]) -> tuple[Message, ...]:
    """The turns with the choices below the last of them, a line each."""
    shown = "\n".join(f"{label}. {choice}" for label, choice in zip(labels, choices, strict=True))
    return (*turns[:-1], Message(role="user", content=f"{turns[-1].content}\n\n{shown}"))
