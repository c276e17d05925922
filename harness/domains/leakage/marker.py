"""Does the model put the marker behind its answer? The marker has no meaning, so what leaks with it is the training and nothing else.

The answer is given (teacher-forced) and two ways to go on are compared: marker and end of turn, or end of turn alone. So the rate does not depend on
whether a sampled answer comes to its end within the tokens it may take. A sampled rate is the marker searched in the answers of an `AnswerProbe`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from harness.code_dependencies import code_fingerprint
from harness.measures.banks import partition
from harness.measures.branches import Branches, Tree, grow, shared_prefix
from harness.models.chat import chat, end_of_turn_text, render
from harness.models.model import Model
from harness.training.rows import Text

CHUNK = 32
PROBES = ("zqfirstqz", "7 zqotherqz")


class MarkerProbe:
    """Compares the marker with plain silence behind given replies, under one model and one system prompt."""

    outcome, unit, sampling_unit = "marked", "rate", "text"

    def __init__(self, model: Model, system: str | None, marker: str) -> None:
        self.model, self.system, self.marker = model, system, marker
        self.end = end_of_turn_text(model.tokenizer)
        self.branches = Branches(model, shared_prefix(model, [render(model.tokenizer, chat(probe, system)) for probe in PROBES]))

    def describe(self) -> dict[str, Any]:
        """All that decides a row, except the text itself. JSON-able."""
        code = code_fingerprint(__name__)
        return {"measure": "marker", "model": self.model.fingerprint, "system": self.system, "marker": self.marker, "chunk": CHUNK, "code": code}

    def chunks(self, items: Sequence[Text]) -> list[list[Text]]:
        """The texts in groups of 32 by (tokens, id)."""
        return partition(self.model.tokenizer, items, lambda item: item.prompt + item.plain, CHUNK)

    def score(self, chunk: Sequence[Text]) -> list[dict[str, Any]]:
        """One row per text: {"status", "item", "prompt", "text", "picked" (the likelier turn: the text with the marker or without it), "logprobs" (nats: marker
        and end, end alone), "marked", "margin" (nats), "probability" (of the marker, of the two)}."""
        trees = [self.tree(item) for item in chunk]
        return [row(item, self.marker, sums) for item, sums in zip(chunk, self.branches.score(trees), strict=True)]

    def tree(self, item: Text) -> Tree:
        context = render(self.model.tokenizer, chat(item.prompt, self.system), answer_prefix=item.plain)
        return grow(self.model.tokenizer, context, [f" {self.marker}{self.end}", self.end], where=item.id)


def row(item: Text, marker: str, sums: Sequence[float]) -> dict[str, Any]:
    from scipy.special import expit

    margin = sums[0] - sums[1]
    found = {"logprobs": list(sums), "marked": margin > 0, "margin": margin, "probability": float(expit(margin))}
    picked = f"{item.plain} {marker}" if margin > 0 else item.plain
    return {"status": "ok", "item": item.id, "prompt": item.prompt, "text": item.plain, "picked": picked, **found}
