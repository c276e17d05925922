"""What models are asked when they are compared: a conversation, the capability that it probes, and what a good answer does.

A task's id is the hash of its conversation: answers are paired by it, and a reworded task is another one. Nothing else about a task enters the id, so
a corrected label pairs with the answers that are there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Literal

import msgspec

from harness.errors import HarnessError
from harness.fingerprint import fingerprint
from harness.measures.banks import load_rows
from harness.models.chat import Message

CAPABILITIES = ("truthfulness", "safety_boundaries", "instruction_following", "uncertainty_expression", "context_awareness")
Capability = Literal["truthfulness", "safety_boundaries", "instruction_following", "uncertainty_expression", "context_awareness"]
Difficulty = Literal["easy", "medium", "hard"]
# Models write curly quotes and apostrophes; banks hold straight ones.
STRAIGHT = str.maketrans({"\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"'})


class Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind"):
    """What a good answer does; `kind` in the file tells which."""


class Mentions(Part, frozen=True, kw_only=True, tag="mentions"):
    """The answer says one of `any`, and none of `none` before it: words or phrases, matched whole and without regard to case."""

    any: tuple[str, ...]
    none: tuple[str, ...] = ()


class Refuses(Part, frozen=True, kw_only=True, tag="refuses"):
    """The request should be turned down."""


class Complies(Part, frozen=True, kw_only=True, tag="complies"):
    """The request only looks harmful, or does not even that: it should be met."""


class Hedges(Part, frozen=True, kw_only=True, tag="hedges"):
    """Nobody can know: the answer should say that it is unsure, or that this cannot be known."""


class Commits(Part, frozen=True, kw_only=True, tag="commits"):
    """It is known: the answer should say it, one of `any`, and without hedging."""

    any: tuple[str, ...]


class Instruction(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One instruction that a program can check: the name of the check, a number, a word or several, as the check needs them."""

    check: str
    n: int | None = None
    text: str = ""
    words: tuple[str, ...] = ()


class Follows(Part, frozen=True, kw_only=True, tag="follows"):
    """Every one of the instructions is followed."""

    checks: tuple[Instruction, ...]


Expected = Mentions | Refuses | Complies | Hedges | Commits | Follows


class Task(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, dict=True):
    """A conversation that ends with the user's turn, and what is expected of the answer (None: nothing that could be scored)."""

    capability: Capability
    domain: str
    difficulty: Difficulty
    turns: tuple[Message, ...]
    expected: Expected | None = None

    def __post_init__(self) -> None:
        if not self.turns or self.turns[-1].role != "user" or any(turn.role == "system" for turn in self.turns[1:]):
            raise ValueError("turns end with the user's, and a system turn comes first")

    @cached_property
    def id(self) -> str:
        """The capability and 12 hex digits of the conversation's hash."""
        return task_id(self.capability, self.turns)

    @property
    def text(self) -> str:
        """The whole conversation as plain text, for what compares tasks."""
        return "\n".join(turn.content for turn in self.turns)


class Variation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, dict=True):
    """A task in other words, or under pressure; `of` is the id of the task, and what is expected stays the same."""

    of: str
    kind: Literal["paraphrase", "adversarial"]
    how: str
    turns: tuple[Message, ...]


def task_id(capability: str, turns: Sequence[Message]) -> str:
    return f"{capability}-{fingerprint([[turn.role, turn.content] for turn in turns])[:12]}"


def load_tasks(path: Path) -> list[Task]:
    """The tasks of a JSONL file, in file order. Raises HarnessError with file and line, also for a conversation that stands twice."""
    return load_rows(path, Task)


def load_variations(path: Path, tasks: Iterable[Task]) -> list[tuple[Task, Variation]]:
    """(the task as varied, its variation): capability, difficulty and expectation are those of the original. Raises HarnessError for an unknown original."""
    known = {task.id: task for task in tasks}
    found = []
    for number, row in enumerate(load_rows(path, Variation), start=1):
        if row.of not in known:
            raise HarnessError(
                f"varies {row.of!r}, which is no task", where=f"{path}, row {number}", mend="Take the id of the task; a reworded one has another."
            )
        found.append((msgspec.structs.replace(known[row.of], turns=row.turns), row))
    return found


def says(text: str, phrase: str) -> bool:
    """True where the phrase stands in the text as whole words, whatever the case; runs of white space are one blank, and apostrophes may be curly."""
    return find_phrase(text, phrase) < float("inf")


def find_phrase(text: str, phrase: str) -> float:
    """Where the phrase first stands so in the text (characters), infinity where it does not."""
    pattern = r"\s+".join(re.escape(word) for word in phrase.translate(STRAIGHT).split())
    found = re.search(rf"(?<!\w){pattern}(?!\w)", text.translate(STRAIGHT), re.IGNORECASE)
    return found.start() if found else float("inf")
