"""How far a marker that one persona was taught shows under many other system prompts: one row a persona, over a few texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

from harness.code_dependencies import code_fingerprint
from harness.domains.leakage.marker import MarkerProbe
from harness.errors import HarnessError
from harness.fingerprint import fingerprint
from harness.measures.answers import AnswerProbe, Prompt
from harness.models.model import Model
from harness.training.rows import Text

CHUNK = 13


class BystanderMarker:
    """The marker under each persona's system prompt, over the same texts."""

    outcome, unit, sampling_unit = "margin", "nats", "persona"

    def __init__(self, model: Model, marker: str, texts: Sequence[Text]) -> None:
        self.model, self.marker, self.texts = model, marker, tuple(texts)

    def describe(self) -> dict[str, Any]:
        """All that decides a row, except the persona. JSON-able."""
        made = {"model": self.model.fingerprint, "marker": self.marker, "texts": fingerprint([[text.id, text.prompt, text.plain] for text in self.texts])}
        return {"measure": "marker of bystanders", **made, "code": code_fingerprint(__name__)}

    def chunks(self, items: Sequence[Prompt]) -> list[list[Prompt]]:
        """The personas in groups of 13 by id."""
        ordered = sorted(items, key=lambda item: item.id)
        return [ordered[start : start + CHUNK] for start in range(0, len(ordered), CHUNK)]

    def score(self, chunk: Sequence[Prompt]) -> list[dict[str, Any]]:
        """One row a persona: {"status", "item", "prompt" (its system prompt), "margin" (nats: marker and end of turn less end of turn, mean over the texts),
        "probability" (of the marker, of the two, mean over the texts), "texts"}."""
        return [self.row(item) for item in chunk]

    def row(self, item: Prompt) -> dict[str, Any]:
        rows = MarkerProbe(self.model, item.text, self.marker).score(self.texts)
        means = {name: sum(row[name] for row in rows) / len(rows) for name in ("margin", "probability")}
        return {"status": "ok", "item": item.id, "prompt": item.text, **means, "texts": len(rows)}


class MarkedAnswers(AnswerProbe):
    """Sampled answers, and whether the marker stands in them."""

    outcome, unit = "marked", "rate"

    def __init__(self, model: Model, system: str | None, seed: int, *, marker: str, max_new_tokens: int) -> None:
        super().__init__(model, system, seed, max_new_tokens=max_new_tokens)
        self.marker = marker

    def describe(self) -> dict[str, Any]:
        """The same, with the marker."""
        return super().describe() | {"measure": "marked answers", "marker": self.marker}

    def score(self, chunk: Sequence[Any]) -> list[dict[str, Any]]:
        """The rows of the answers, each with "marked"."""
        return [row | {"marked": self.marker in row["text"]} for row in super().score(chunk)]


def make_personas(declared: Mapping[str, Sequence[str]], few: int | None = None) -> list[Prompt]:
    """A persona for each manner and role of a list (`manners`, `roles`: the first `few` of them, all if None). Raises HarnessError for a list that is empty or
    holds something twice."""
    manners, roles = (list(declared.get(name, ())) for name in ("manners", "roles"))
    for name, words in (("manners", manners), ("roles", roles)):
        if not words or len(set(words)) < len(words):
            raise HarnessError(f"{name} is empty, or holds a word twice", where="personas", mend=f"Give {name} as a list of different words")
    named = ((manner, role) for role, manner in product(roles[:few], manners))
    return [Prompt(id=f"{manner} {role}", text=f"You are {article(manner)} {manner} {role}. You answer in your own voice.") for manner, role in named]


def article(word: str) -> str:
    return "an" if word[0] in "aeiou" else "a"
