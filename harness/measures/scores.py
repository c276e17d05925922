"""Answers and their scores, one row each: whatever is wrong with an answer stays its status, and only an answer that is there and whole is scored."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

import msgspec

from harness.code_dependencies import code_fingerprint
from harness.errors import explain_user_code
from harness.measures.items import Item
from harness.measures.responses import asked_of

CHUNK = 64


class AnswerScorer(Protocol):
    """What scores an answer that is there."""

    name: str

    @property
    def unit(self) -> str: ...
    def describe(self) -> dict[str, Any]: ...
    def score_answer(self, answer: ScoredItem) -> Mapping[str, Any]: ...


class ScoredItem(msgspec.Struct, frozen=True, kw_only=True):
    """An answer to an item, with its status. `verdicts` are those of judges by their name, where several have read it: None where one gave none."""

    item: Item
    replicate: int
    status: str
    text: str
    verdicts: dict[str, bool | float | None] = {}


class ScoredItems(list[ScoredItem]):
    """Answers to be scored, with the samples that they are: a score rests on them."""

    def __init__(self, items: Iterable[ScoredItem], sources: tuple[Any, ...]) -> None:
        super().__init__(items)
        self.sources = sources


class Scores:
    """Scores of `answers` (their description) by a scorer. A chain of thought that was cut off is no answer: like an error, an empty
    answer and one that the API withheld it keeps its status and has no score."""

    outcome, sampling_unit = "score", "prompt"

    def __init__(self, scorer: AnswerScorer, answers: Mapping[str, Any]) -> None:
        self.scorer, self.unit, self.answers = scorer, scorer.unit, dict(answers)

    def describe(self) -> dict[str, Any]:
        """All that decides a score, except the answer and its item, and how the answers were drawn: equal answers under two system prompts are an honest zero,
        and not one sample compared with itself. JSON-able."""
        return {"measure": "scores", **self.scorer.describe(), "answers": self.answers, "scores_code": code_fingerprint(__name__)}

    def chunks(self, items: Sequence[ScoredItem]) -> list[list[ScoredItem]]:
        """The answers in groups of 64 by (item, replicate)."""
        ordered = sorted(items, key=lambda one: (one.item.id, one.replicate))
        return [ordered[start : start + CHUNK] for start in range(0, len(ordered), CHUNK)]

    def score(self, chunk: Sequence[ScoredItem]) -> list[dict[str, Any]]:
        """One row an answer, in order: {"status", "item", "replicate", "prompt", "text", "target", "extracted", "score", "unparsed"}, and "messages" where
        more than one turn was asked; the last three are None where there is nothing to score. Raises HarnessError, with scorer, item and replicate, for what
        a scorer raises."""
        return [self.row(one) for one in chunk]

    def row(self, one: ScoredItem) -> dict[str, Any]:
        targets = one.item.targets
        read: Mapping[str, Any] = dict.fromkeys(("extracted", "score", "unparsed"))
        if one.status == "ok":
            with explain_user_code(f"the scorer {self.scorer.name} fails on the item {one.item.id}, replicate {one.replicate}"):
                read = self.scorer.score_answer(one)
        return {
            "status": one.status,
            "item": one.item.id,
            "replicate": one.replicate,
            **asked_of(one.item.turns),
            "text": one.text,
            "target": list(targets) if len(targets) > 1 else one.item.target,
            **read,
        }
