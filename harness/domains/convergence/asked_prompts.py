"""Prompts in the forms in which `compare` takes them, and the prompts that recordings hold."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from harness.domains.convergence.sources import level1
from harness.domains.convergence.tasks import CAPABILITIES, Task, task_id
from harness.errors import HarnessError, nearest
from harness.models.chat import Message, chat
from harness.models.level1_recording import is_level1
from harness.strict_json import text_of, value_of

ALL = "all"  # the capability of a prompt that states none
FIELDS = ("id", "capability", "prompt")


class AskedPrompt(msgspec.Struct, frozen=True, kw_only=True):
    """A conversation that ends with the user's turn, under an id, and the group in which prompts are permuted."""

    id: str
    capability: str
    turns: tuple[Message, ...]


Prompts = Sequence[Any] | str | os.PathLike[str]


def read_prompts(prompts: Prompts) -> list[Any]:
    """Tasks as they are, other forms as AskedPrompt. Raises HarnessError for what is no prompt, and for one that stands twice."""
    rows = read_file(Path(prompts)) if isinstance(prompts, str | os.PathLike) else [(f"prompt {place}", one) for place, one in enumerate(prompts, start=1)]
    found = [to_prompt(one, where) for where, one in rows]
    if not found:
        raise HarnessError("there are no prompts", mend="Give at least one; None takes those that all recordings hold")
    if twice := [name for name, count in Counter(one.id for one in found).items() if count > 1]:
        raise HarnessError(f"the prompt {twice[0]} stands there twice", mend="Give each prompt once, or ids of their own")
    return found


def read_file(path: Path) -> list[tuple[str, Any]]:
    """(place, prompt) of a Level-1 document, or of JSON lines: tasks, or rows with a prompt."""
    text, _ = text_of(path)
    if is_level1(text):
        return [(where, task) for where, task in level1.tasks(text, path)]
    return [(f"{path}:{line}", value_of(row, path, line)) for line, row in enumerate(text.split("\n"), start=1) if row.strip()]


def to_prompt(one: object, where: str) -> Any:
    if isinstance(one, Task | AskedPrompt):
        return one
    row = {"prompt": one} if isinstance(one, str) else one
    if isinstance(row, Mapping) and "turns" in row:
        try:
            return msgspec.convert(row, Task)
        except msgspec.ValidationError as error:
            raise HarnessError(f"not a task: {error}", where=where, mend=f"See banks/convergence, or write {', '.join(FIELDS)}") from None
    if not isinstance(row, Mapping) or not isinstance(row.get("prompt"), str) or not row["prompt"].strip():
        raise HarnessError("this is no prompt", where=where, mend=f"Write a text, or a mapping with {', '.join(FIELDS)}")
    for name, value in row.items():
        if name not in FIELDS or not isinstance(value, str) or not value:
            raise HarnessError(f"a prompt has no {name}: {value!r}", where=where, mend=nearest(str(name), FIELDS))
    capability, turns = row.get("capability", ALL), tuple(chat(row["prompt"]))
    return AskedPrompt(id=row.get("id", task_id(capability, turns)), capability=capability, turns=turns)


def prompt_of_key(key: str) -> AskedPrompt:
    """The prompt of an answer that is known by its key alone: an id that begins with its capability, or a text."""
    capability = key.rpartition("-")[0]
    return AskedPrompt(id=key, capability=capability if capability in CAPABILITIES else ALL, turns=tuple(chat(key)))


def common_prompts(held: Mapping[str, tuple[Iterable[Any], Mapping[str, Any]]]) -> tuple[list[Any], int]:
    """(the prompts that every model's recording holds, how many others some of them hold). `held` maps a model to its prompts and its answers by id or text."""
    known: set[str] = set()
    every = []
    for prompt in sorted((one for prompts, _ in held.values() for one in prompts), key=lambda one: text_of_prompt(one) == one.id):  # those with a text first
        if known.isdisjoint({prompt.id, text_of_prompt(prompt)}):
            every.append(prompt)
        known |= {prompt.id, text_of_prompt(prompt)} - {""}
    common = [prompt for prompt in every if all(key_in(prompt, answers) is not None for _, answers in held.values())]
    if not common:
        raise HarnessError(f"the recordings have none of their {len(every)} prompts in common", mend="Compare recordings of the same prompts")
    return common, len(every) - len(common)


def key_in(prompt: Any, answers: Mapping[str, Any]) -> str | None:
    """By what a recording knows a prompt: its id, or its text; None where it does not."""
    return next((key for key in (prompt.id, text_of_prompt(prompt)) if key in answers), None)


def text_of_prompt(prompt: Any) -> str:
    """The words of a prompt that is asked alone; "" after other turns, where the same words are another question."""
    return str(prompt.turns[0].content) if len(prompt.turns) == 1 else ""
