"""A recording as a respondent: it answers what it holds, and never anything else.

`replay/FILE` names a file that holds one model, `replay/FILE#model` one of several; FILE may be a folder of Inspect logs. Relative paths start at the root that
the caller gives.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from harness.errors import HarnessError
from harness.models.provider import Answer
from harness.models.recording import Recording, Share, error_share
from harness.models.recordings import load_recording
from harness.models.responder import Conversation, Tick

PREFIX = "replay/"


class ReplayResponder:
    """One model of a recording. It takes neither a system prompt nor a drawing: what was recorded was drawn long ago."""

    def __init__(self, recording: Recording, model: str = "") -> None:
        self.recording = recording
        self.model, self.rows = recording.rows_of(model)
        self.known = recording.answers(self.rows)
        self.prompts = {(row.key, row.replicate): row.prompt.strip() for row in self.rows}
        self.by_prompt: dict[tuple[str, int], list[str]] = {}
        for (key, replicate), prompt in self.prompts.items():
            self.by_prompt.setdefault((prompt, replicate), []).append(key)

    def describe(self) -> dict[str, Any]:
        """The file's content, the model's name in it, and a warning where many of its rows are no answers; not the path, since a file that moved holds the
        same answers."""
        told = self.error_share().describe
        return {"respondent": "replay", "recording": self.recording.sha256, "model": self.model} | ({"warning": told} if told else {})

    def groups(self, asked: Sequence[Conversation]) -> list[list[Conversation]]:
        """All in one."""
        return [sorted(asked, key=lambda one: (one.id, one.replicate))] if asked else []

    def answers(self, asked: Sequence[Conversation], tick: Tick | None = None) -> list[Answer]:
        """One answer each, in order; they come from a cache and cost nothing. Raises HarnessError that counts what is missing and names the first."""
        missing = [one for one in asked if self.key(one) not in self.known]
        if missing:
            first = missing[0]
            told = f"{first.id}, replicate {first.replicate} ({' '.join(first.turns[-1].content.split())[:60]!r})"
            mend = "Leave those tasks out, or record them: an answer is never made up."
            raise HarnessError(f"{len(missing)} of {len(asked)} answers are not in the recording; the first: {told}", where=self.where, mend=mend)
        if tick is not None:
            tick(len(asked), len(asked))
        return [self.known[self.key(one)] for one in asked]

    def count_samples(self, asked: Sequence[Conversation]) -> tuple[int, int]:
        """How many answers each of the conversations has at least, and the most that one has."""
        counts = [next(n for n in count() if self.key(replace(one, replicate=n)) not in self.known) for one in asked]
        return min(counts, default=0), max(counts, default=0)

    def key(self, one: Conversation) -> tuple[str, int]:
        """What the recording knows a task by. Prompts were recorded alone: after other turns the same words are another question."""
        if self.recording.pairing == "item":
            return self.item_key(one), one.replicate
        if self.recording.pairing == "task":
            return one.id, one.replicate
        return (one.turns[0].content if len(one.turns) == 1 else ""), one.replicate

    def item_key(self, one: Conversation) -> str:
        """The item that was asked the same: by its id, or, asked alone, by the words where one item has them. An id with other words is another's: Inspect
        numbers the samples of every dataset from 1."""
        asked = one.turns[-1].content.strip()
        if self.prompts.get((one.id, one.replicate)) == asked:
            return one.id
        alone = [turn for turn in one.turns if turn.role != "system"]
        keys = self.by_prompt.get((asked, one.replicate), []) if len(alone) == 1 else []
        return keys[0] if len(keys) == 1 else ""

    def error_share(self) -> Share:
        """How many of the model's rows are errors or empty; `told` is the line for the reader. Whether that is too many is the experiment's to judge."""
        return error_share(self.rows)

    @property
    def where(self) -> str:
        return f"{self.recording.path}#{self.model}" if self.model else str(self.recording.path)


def open_responder(spec: str, root: Path) -> ReplayResponder:
    """The respondent of a spec. Raises HarnessError for a spec without a file, a model that the file does not hold, and a bad recording."""
    name, mark, model = spec.removeprefix(PREFIX).partition("#")
    if not name or (mark and not model):
        raise HarnessError(f"{spec!r} names no {'model' if name else 'recording'}", mend=f"Write {PREFIX}FILE, or {PREFIX}FILE#model.")
    return ReplayResponder(load_recording(root / name), model)
