"""Who is compared: weights on this machine, a model behind an API, a recording, a null model. One form for all, so that nothing else need know which."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal, Protocol

import msgspec

from harness.errors import HarnessError
from harness.models.capabilities import Reasoning
from harness.models.chat import Message
from harness.models.provider import Answer, Routing

Tick = Callable[[int, int], None]
# Kinds of members that are compared, and that answer without reading.
COMPARED, CONTROLS = ("model", "guise"), ("null", "echo")


class Conversation(msgspec.Struct, frozen=True, kw_only=True):
    """One conversation that waits for an answer. `id` is the task's; `replicate` tells repeated answers apart."""

    id: str
    turns: tuple[Message, ...]
    replicate: int = 0


class SamplingParams(msgspec.Struct, frozen=True, kw_only=True):
    """How answers are drawn: `max_tokens` bounds an answer (tokens), `seed` is the replicate of the whole drawing."""

    max_tokens: int
    temperature: float = 0.7
    top_p: float = 0.95
    seed: int = 1

    def __post_init__(self) -> None:
        if self.max_tokens < 1 or self.temperature < 0 or not 0 < self.top_p <= 1:
            raise HarnessError(
                f"max_tokens={self.max_tokens}, temperature={self.temperature}, top_p={self.top_p} cannot be drawn with",
                mend="Use max_tokens >= 1, temperature >= 0 and 0 < top_p <= 1.",
            )


class ModelEntry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One line of a model set: a name, and who stands behind it.

    `kind`: "model"; "guise", a persona that a model of the set wears (`persona` names it, `system` is its prompt once it is read); "repeat", a model of
    the set asked again under another seed; "null", which answers without reading; "echo", which gives the prompt back. Models and guises are compared, the
    others are controls.
    `base` marks weights without instruction tuning. `family` groups members (default: the spec); so do `provider` (who made it), `region` (where that is),
    `architecture` and `size` (all parameters, in billions), each empty where it is not public. `seed` is added to the drawing's. An `optional` member that
    is not on this machine is left out, and so is a `retired` one, which says why and since when nobody serves it; the report says so. `usd` bounds what it
    may cost (US dollars); `price` is (input, output) in US dollars per million tokens where our table has none. `reasoning` is how much a model behind an
    API is to think: an effort, or a number of tokens. `routing` says which providers OpenRouter may choose.
    """

    name: str
    spec: str
    kind: Literal["model", "guise", "repeat", "null", "echo"] = "model"
    family: str = ""
    provider: str = ""
    region: str = ""
    architecture: Literal["", "dense", "moe"] = ""
    size: float | None = None
    base: bool = False
    persona: str = ""
    system: str | None = None
    seed: int = 0
    optional: bool = False
    retired: str = ""
    usd: float | None = None
    price: tuple[float, float] | None = None
    reasoning: Reasoning = None
    routing: Routing | None = None

    def __post_init__(self) -> None:
        if self.size is not None and self.size <= 0:
            raise ValueError(f"size is {self.size:g}; write all parameters in billions")
        if self.retired != self.retired.strip():
            raise ValueError("retired says why and since when, in words without blanks around them")
        if min(self.usd or 0.0, *(self.price or (0.0,))) < 0:
            raise ValueError("usd or price is below 0; write US dollars")

    @property
    def group(self) -> str:
        return self.family or self.spec


class Responder(Protocol):
    """Answers conversations. What goes wrong while answering is an Answer's status; what was asked wrongly raises HarnessError."""

    def describe(self) -> dict[str, Any]:
        """All that decides an answer besides the conversation and the replicate, as JSON; no secret."""

    def groups(self, asked: Sequence[Conversation]) -> list[list[Conversation]]:
        """A fixed partition of `asked`: one group is answered at a time, and what decides it is the set alone, never the order."""

    def answers(self, asked: Sequence[Conversation], tick: Tick | None = None) -> list[Answer]:
        """One answer each, in order."""


def add_system_prompt(turns: Sequence[Message], system: str | None) -> tuple[Message, ...]:
    """The conversation under a system prompt; one that the conversation has itself follows after a blank line."""
    if system is None:
        return tuple(turns)
    own = turns[0].content if turns[0].role == "system" else ""
    rest = turns[1:] if own else turns
    return (Message(role="system", content=f"{system}\n\n{own}" if own else system), *rest)
