"""Activations measured in a model: how likely its answer to a question is one belief of a bank rather than another.

The formalism's A(b, q) = Pr(b in phi(P, q)): P is the system prompt that the model answers under, phi(P, q) its answer. A belief is a sentence, and its
activation is its share among those of the bank by how much the question raises its log-probability as an answer: log P(b | q) - log P(b | a request that asks
for nothing). Without the second term long and rare sentences would never be an answer (domain-conditional PMI; Holtzman et al., 2021, "Surface Form
Competition").
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from harness.code_dependencies import code_fingerprint
from harness.errors import HarnessError, nearest
from harness.measures.banks import Request, load_rows, partition
from harness.measures.branches import Branches, Tree, grow, shared_prefix
from harness.models.chat import chat, render

if TYPE_CHECKING:
    from harness.models.model import Model

NEUTRAL = "Please say something."
CHUNK = 4
PROBES = ("zqfirstqz", "7 zqotherqz")


class Belief(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A belief as its holder would say it, in a sentence."""

    id: str
    topic: str
    belief: str


def load_beliefs(folder: Path) -> tuple[list[Belief], list[Request]]:
    """(beliefs, questions) of `beliefs.jsonl` and `questions.jsonl` in a folder. Raises HarnessError with file and line at the first mistake."""
    beliefs, questions = load_rows(folder / "beliefs.jsonl", Belief), load_rows(folder / "questions.jsonl", Request)
    topics = {belief.topic for belief in beliefs}
    for number, question in enumerate(questions, start=1):
        where = f"{folder / 'questions.jsonl'}, question {number} ({question.id})"
        if not question.request.strip():
            raise HarnessError("it asks nothing", where=where, mend="Write its request")
        if question.topic not in topics:
            raise HarnessError(f"no belief is about {question.topic!r}", where=where, mend=nearest(question.topic, topics))
    return beliefs, questions


def semantic_cosines(beliefs: Sequence[Belief], questions: Sequence[Request]) -> np.ndarray:
    """(beliefs, questions) cosines of their embeddings by all-MiniLM-L6-v2."""
    from harness.measures.encoder import encoder

    vectors = encoder().vectors([belief.belief for belief in beliefs] + [question.request for question in questions]).astype(float)
    return np.asarray(vectors[: len(beliefs)] @ vectors[len(beliefs) :].T)


class BeliefScorer:
    """Scores questions under one model and one system prompt (None: no system turn) against all beliefs of a bank."""

    def __init__(self, model: Model, system: str | None, beliefs: Sequence[Belief]) -> None:
        self.model, self.system, self.beliefs = model, system, tuple(beliefs)
        self.branches = Branches(model, shared_prefix(model, [self.context(probe) for probe in PROBES]))

    def describe(self) -> dict[str, Any]:
        """All that decides a row, except the question itself. JSON-able."""
        return {
            "measure": "activations of beliefs",
            "model": self.model.fingerprint,
            "system": self.system,
            "beliefs": [msgspec.to_builtins(belief) for belief in self.beliefs],
            "neutral": NEUTRAL,
            "chunk": CHUNK,
            "code": code_fingerprint(__name__),
        }

    def chunks(self, items: Sequence[Request]) -> list[list[Request]]:
        """The questions in groups of 4 by (tokens, id). Depends on the set of items only, not on their order."""
        return partition(self.model.tokenizer, items, lambda item: item.request, CHUNK)

    def score(self, chunk: Sequence[Request]) -> list[dict[str, Any]]:
        """One row a question, in order: {"status", "item", "prompt", "raised" (nats, one a belief), "activation" (shares that add up to 1)}."""
        return [self.row(item, sums) for item, sums in zip(chunk, self.branches.score([self.tree(item.request) for item in chunk]), strict=True)]

    def context(self, request: str) -> str:
        """The rendered conversation up to the answer."""
        return render(self.model.tokenizer, chat(request, self.system))

    def tree(self, request: str) -> Tree:
        return grow(self.model.tokenizer, self.context(request), [belief.belief for belief in self.beliefs], where=request)

    @cached_property
    def unasked(self) -> list[float]:
        """Log-probabilities (nats) of the beliefs as answers to nothing in particular."""
        return self.branches.score([self.tree(NEUTRAL)])[0]

    def row(self, item: Request, sums: Sequence[float]) -> dict[str, Any]:
        from scipy.special import softmax

        raised = [asked - unasked for asked, unasked in zip(sums, self.unasked, strict=True)]
        return {"status": "ok", "item": item.id, "prompt": item.request, "raised": raised, "activation": softmax(raised).tolist()}
