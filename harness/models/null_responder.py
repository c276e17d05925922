"""Null models: they answer without reading, or without understanding. What real models share with each other beyond these is what can be told of them.

`null/words` draws words from a list by frequency and never looks at the task; `null/stock` gives one of a few stock answers, chosen by chance;
`null/echo` gives the question back, which is how alike two answers become by repeating what was asked.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from harness.errors import HarnessError, nearest
from harness.models.provider import Answer
from harness.models.responder import Conversation, SamplingParams, Tick
from harness.models.status import decide_status
from harness.seeds import generator

SPEC = "null/"
# Frequencies follow Zipf's law over ranks 1..n with exponent 1 (Zipf, 1949); the list is English function and common words, most frequent first.
COMMON = (
    "the of and to a in is that it for was on are as with be this by have from or not but an they at which one you all were can there we "
    "their has more will would what so if when about them some could other than into its time only may these two also like people such "
    "first new most any many work way well even after because good how our use very just make know take see day get out over year life "
    "own while where through much before right too same still place point world water question answer number part small large long often"
)
WORDS = COMMON.split()
STOCK = (
    "That is an interesting question, and there are many ways to look at it.",
    "I would be happy to help with that. Here is some general information.",
    "It depends on the situation and on what you are looking for.",
    "There are several things to consider before giving an answer.",
    "Thank you for asking. Let me know if you would like more detail.",
    "This is a complex topic with a long history and many opinions.",
)


class NullResponder:
    """One null model under a seed. Its answers cost nothing and take no time."""

    def __init__(self, kind: str, drawing: SamplingParams) -> None:
        self.kind, self.drawing = kind, drawing

    def describe(self) -> dict[str, Any]:
        """Its kind, length and seed."""
        drawn = {"max_tokens": self.drawing.max_tokens, "temperature": "none: it is no model", "seed": self.drawing.seed}
        return {"respondent": "null", "spec": SPEC + self.kind, **drawn}

    def groups(self, asked: Sequence[Conversation]) -> list[list[Conversation]]:
        """All in one."""
        return [sorted(asked, key=lambda one: (one.id, one.replicate))] if asked else []

    def answers(self, asked: Sequence[Conversation], tick: Tick | None = None) -> list[Answer]:  # noqa: ARG002  it takes no time
        """One answer each, in order; each depends on the seed, the task's id and the replicate alone."""
        return [self.answer(KINDS[self.kind](one, self.drawing)) for one in asked]

    def answer(self, text: str) -> Answer:
        return Answer(
            status=decide_status(text, "ok"), text=text, finish="stop", model=SPEC + self.kind, input_tokens=0, output_tokens=len(text.split()), usd=0.0
        )


def random_words(asked: Conversation, drawing: SamplingParams) -> str:
    """Between a third of `max_tokens` and all of it, in words."""
    rng = generator("null words", drawing.seed, asked.id, asked.replicate)
    length = int(rng.integers(max(1, drawing.max_tokens // 3), drawing.max_tokens + 1))
    return " ".join(str(word) for word in rng.choice(WORDS, size=length, p=zipf(len(WORDS)))).capitalize() + "."


@cache
def zipf(n: int) -> tuple[float, ...]:
    """Probabilities proportional to 1 / rank, ranks 1 to n."""
    total = sum(1 / rank for rank in range(1, n + 1))
    return tuple(1 / rank / total for rank in range(1, n + 1))


def stock_answer(asked: Conversation, drawing: SamplingParams) -> str:
    return STOCK[int(generator("null stock", drawing.seed, asked.id, asked.replicate).integers(len(STOCK)))]


def echo(asked: Conversation, drawing: SamplingParams) -> str:  # noqa: ARG001  all kinds take the same
    return asked.turns[-1].content


KINDS: dict[str, Callable[[Conversation, SamplingParams], str]] = {"words": random_words, "stock": stock_answer, "echo": echo}


def open_responder(spec: str, drawing: SamplingParams) -> NullResponder:
    """The null model of a spec. Raises HarnessError for an unknown kind."""
    kind = spec.removeprefix(SPEC)
    if kind not in KINDS:
        raise HarnessError(f"{spec!r} is no null model", mend=nearest(kind, sorted(KINDS)))
    return NullResponder(kind, drawing)
