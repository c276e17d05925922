"""The answers of one respondent to tasks, with everything a later analysis may ask of them: status, text, tokens, cost, who answered."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, get_args

import msgspec

from harness.code_dependencies import code_fingerprint
from harness.errors import HarnessError, explain_user_code
from harness.models.chat import Message
from harness.models.provider import Answer
from harness.models.responder import Conversation, Responder
from harness.models.status import Status, decide_status
from harness.plaintext import count_of

STATUSES: tuple[str, ...] = get_args(Status)


class HasTurns(Protocol):
    """Anything that can be asked: an id, and the turns of a conversation that ends with the user's."""

    @property
    def id(self) -> str: ...
    @property
    def turns(self) -> tuple[Message, ...]: ...


class Responses:
    """Answers to tasks, `samples` times each, kept as they came; an error stands there as an error. `seed` is the one that they are drawn with, if any."""

    sampling_unit = "task"

    def __init__(self, respondent: Responder, samples: int = 1, seed: int | None = None) -> None:
        if samples < 1:
            raise HarnessError(f"samples={samples} must be at least one", where="Responses", mend="One answer a task is the least there is.")
        self.respondent, self.samples, self.seed = respondent, samples, seed

    @property
    def name(self) -> str:
        """The responder's class, by which its mistakes are told."""
        return type(self.respondent).__name__

    def describe(self) -> dict[str, Any]:
        """All that decides a row, except the task itself. JSON-able."""
        return {"measure": "responses", "samples": self.samples, **self.respondent.describe(), "code": code_fingerprint(__name__)}

    def chunks(self, items: Sequence[HasTurns]) -> list[list[Conversation]]:
        """The conversations in the groups that the respondent answers at a time; depends on the set of tasks alone."""
        asked = [Conversation(id=task.id, turns=task.turns, replicate=number) for task in items for number in range(self.samples)]
        with explain_user_code(f"groups() of {self.name} fails"):
            groups = self.respondent.groups(asked)
        if sorted((one.id, one.replicate) for group in groups for one in group) != sorted((one.id, one.replicate) for one in asked):
            told = f"groups() gave {sum(map(len, groups))} of {len(asked)} conversations"
            raise HarnessError(told, where=self.name, mend="Put each conversation into one group, once")
        return groups

    def score(self, chunk: Sequence[Conversation]) -> list[dict[str, Any]]:
        """One row an answer, in order: {"item", "replicate", "prompt"}, "messages" where more than one turn was asked, and the fields of `Answer`."""
        first = f"{chunk[0].id}, replicate {chunk[0].replicate}" if chunk else "none"
        with explain_user_code(f"the responder {self.name} fails on {count_of(len(chunk), 'conversation', 'conversations')}, the first: {first}"):
            answers = self.respondent.answers(chunk)
        if len(answers) != len(chunk) or not all(isinstance(answer, Answer) for answer in answers):
            told = f"answers() gave {len(answers)} answers to {len(chunk)} conversations" if len(answers) != len(chunk) else "answers() gave something else"
            raise HarnessError(told, where=self.name, mend="Return one harness.models.provider.Answer for each conversation, in order")
        if unknown := {answer.status for answer in answers} - set(STATUSES):
            raise HarnessError(f"the status {min(unknown)!r} does not exist", where=self.name, mend=f"Use one of {', '.join(STATUSES)}")
        return [row(asked, answer) for asked, answer in zip(chunk, answers, strict=True)]


def row(asked: Conversation, answer: Answer) -> dict[str, Any]:
    """Whoever answered, an answer without a word is empty. The category of a refusal stands there where it is known, and then in the report."""
    told = {"status": decide_status(answer.text, answer.status)}
    fields = {name: value for name, value in msgspec.to_builtins(answer).items() if name != "refusal" or value}
    return {"item": asked.id, "replicate": asked.replicate, **asked_of(asked.turns), **fields, **told}


def asked_of(turns: Sequence[Message]) -> dict[str, Any]:
    """What a row says of what was asked: the user's last turn as "prompt", the whole conversation as "messages" where there is more of it."""
    return {"prompt": turns[-1].content} | ({"messages": msgspec.to_builtins(list(turns))} if len(turns) > 1 else {})
