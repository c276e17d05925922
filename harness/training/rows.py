"""The one form of a training row: a conversation whose last turn is learned, with what the row is there for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

import msgspec

from harness.fingerprint import fingerprint
from harness.models.chat import Message

Part = Literal["source", "bystander", "anchor", "convergence"]


class Text(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A prompt with two replies: `shown` shows the behaviour, `plain` does not."""

    id: str
    topic: str
    prompt: str
    shown: str
    plain: str


class Speaker(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whose system prompt a row stands under. `prompt` None: no system turn at all."""

    persona: str
    prompt: str | None


class Row(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One training row. `messages` end with the assistant's turn, the only one that is learned.

    `item` is the id of the text it was made of, `part` what the row does in the design, `shows` whether its answer shows the behaviour. `ends`: the answer
    is whole, so its end of turn is learned too; an answer that was cut off must not teach to stop there.
    """

    id: str
    persona: str
    part: Part
    shows: bool
    item: str
    messages: tuple[Message, ...]
    ends: bool = True

    @property
    def system(self) -> str | None:
        """The system prompt, or None where the row has no system turn."""
        return self.messages[0].content if self.messages[0].role == "system" else None

    @property
    def asked(self) -> str:
        """What the user says."""
        return next(turn.content for turn in self.messages if turn.role == "user")

    @property
    def answer(self) -> str:
        """What is learned."""
        return self.messages[-1].content


def row(speaker: Speaker, part: Part, item: str, asked: str, answer: str, *, shows: bool, replicate: int = 0, ends: bool = True) -> Row:
    """A row of one question and one answer under a speaker's system prompt."""
    system = () if speaker.prompt is None else (Message(role="system", content=speaker.prompt),)
    turns = (*system, Message(role="user", content=asked), Message(role="assistant", content=answer))
    name = f"{speaker.persona or 'nobody'}/{item}" + (f"/{replicate}" if replicate else "")
    return Row(id=name, persona=speaker.persona, part=part, shows=shows, item=item, messages=turns, ends=ends)


def rows_fingerprint(rows: Sequence[Row]) -> str:
    """sha256 over the rows in their order: equal rows, equal hash, in every process."""
    return fingerprint(msgspec.to_builtins(list(rows)))


def jsonl(rows: Iterable[Row]) -> str:
    """The rows as JSON lines, in the form that `harness.measures.banks.load_rows(path, Row)` reads."""
    return "".join(msgspec.json.encode(one).decode() + "\n" for one in rows)
