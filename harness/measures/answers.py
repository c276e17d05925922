"""Sampled answers to prompts, kept as they are: whoever judges them reads them later, and as often as wanted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from harness.code_dependencies import code_fingerprint
from harness.errors import HarnessError
from harness.measures.banks import partition
from harness.models.chat import chat
from harness.models.model import Model
from harness.models.sampling import Completion, Sampler, Server
from harness.models.status import decide_status

CHUNK = 64


class Prompt(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is asked: an id and the user's turn."""

    id: str
    text: str


class AnswerProbe:
    """Samples answers to prompts under one model and one system prompt (None: no system turn; "": an empty one).

    Each prompt is answered `samples` times; replicate r of a prompt is the same text whatever the chunk, the order or the batch. With a `server` the answers
    are drawn there.
    """

    batch = CHUNK
    sampling_unit = "prompt"

    def __init__(
        self,
        model: Model,
        system: str | None,
        seed: int,
        *,
        samples: int = 1,
        max_new_tokens: int = 48,
        temperature: float = 0.7,
        top_p: float = 0.95,
        server: Server | None = None,
    ) -> None:
        if samples < 1:
            raise HarnessError(f"samples={samples} must be at least one", where=type(self).__name__, mend="One answer a prompt is the least there is.")
        self.model, self.system, self.seed, self.samples, self.server = model, system, seed, samples, server
        self.drawing = {"max_new_tokens": max_new_tokens, "temperature": temperature, "top_p": top_p, "batch_size": self.batch}
        Sampler.check(**self.drawing)  # type: ignore[arg-type]

    def describe(self) -> dict[str, Any]:
        """All that decides a row, except the prompt itself. JSON-able."""
        return {
            "measure": "answers",
            "model": self.model.fingerprint,
            "system": self.system,
            "seed": self.seed,
            "samples": self.samples,
            **self.drawing,
            **(self.server.describe() if self.server else {}),
            "code": code_fingerprint(__name__),
        }

    @staticmethod
    def text_of(item: Any) -> str:
        """What an item asks; measures of other items say where it stands in theirs."""
        return str(item.text)

    def chunks(self, items: Sequence[Any]) -> list[list[Any]]:
        """The prompts in groups of 64 answers by (tokens, id). Depends on the set of prompts only, not on their order."""
        return partition(self.model.tokenizer, items, self.text_of, max(1, self.batch // self.samples))

    def score(self, chunk: Sequence[Any]) -> list[dict[str, Any]]:
        """One row per prompt and replicate, in order: {"status", "item", "replicate", "prompt", "text", "finish", "tokens"}; "status" is "empty" or "ok"."""
        asked = [(item, replicate) for item in chunk for replicate in range(self.samples)]
        answers = self._sampler().answer(
            [chat(self.text_of(item), self.system) for item, _ in asked], seed=self.seed, replicates=[number for _, number in asked]
        )
        return [answer_row(item.id, self.text_of(item), replicate, answer) for (item, replicate), answer in zip(asked, answers, strict=True)]

    def _sampler(self) -> Sampler:
        """Made when answers are drawn: reading the model's settings may train and merge adapters, which kept answers do not need."""
        return (self.server.sampler if self.server else Sampler)(self.model, **self.drawing)  # type: ignore[arg-type]


def answer_row(item: str, asked: str, replicate: int, answer: Completion) -> dict[str, Any]:
    return {
        "status": decide_status(answer.text, "ok"),
        "item": item,
        "replicate": replicate,
        "prompt": asked,
        "text": answer.text,
        "finish": answer.finish,
        "tokens": answer.tokens,
    }
