"""The answers of one respondent to tasks, with everything a later analysis may ask of them: status, text, tokens, cost, who answered."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from harness.code_dependencies import code_fingerprint
from harness.domains.convergence.tasks import Task
from harness.errors import HarnessError
from harness.models.provider import Answer
from harness.models.responder import Conversation, Responder
from harness.models.status import decide_status


class Responses:
    """Answers to tasks, `samples` times each, kept as they came; an error stands there as an error."""

    sampling_unit = "task"

    def __init__(self, respondent: Responder, samples: int = 1) -> None:
        if samples < 1:
            raise HarnessError(f"samples={samples} must be at least one", where="Responses", mend="One answer a task is the least there is.")
        self.respondent, self.samples = respondent, samples

    def describe(self) -> dict[str, Any]:
        """All that decides a row, except the task itself. JSON-able."""
        return {"measure": "responses", "samples": self.samples, **self.respondent.describe(), "code": code_fingerprint(__name__)}

    def chunks(self, items: Sequence[Task]) -> list[list[Conversation]]:
        """The conversations in the groups that the respondent answers at a time; depends on the set of tasks alone."""
        return self.respondent.groups([Conversation(id=task.id, turns=task.turns, replicate=number) for task in items for number in range(self.samples)])

    def score(self, chunk: Sequence[Conversation]) -> list[dict[str, Any]]:
        """One row an answer, in order: {"item", "replicate", "prompt"} and the fields of `Answer`."""
        answers = self.respondent.answers(chunk)
        return [row(asked, answer) for asked, answer in zip(chunk, answers, strict=True)]


def row(asked: Conversation, answer: Answer) -> dict[str, Any]:
    """Whoever answered, an answer without a word is empty."""
    told = {"status": decide_status(answer.text, answer.status)}
    return {"item": asked.id, "replicate": asked.replicate, "prompt": asked.turns[-1].content, **msgspec.to_builtins(answer), **told}
