"""A recording: answers that were given before, each with its place in the file, and how many of them are no answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

import msgspec

from harness.errors import HarnessError, nearest
from harness.models.model_names import same_model
from harness.models.provider import Answer
from harness.models.status import ANSWERED

# What an API client's own complaint begins with. An answer that begins so was an error once, and somebody has lost its status.
CLIENT_ERRORS = ("ERROR:", "Error code:", "Traceback")
# Beyond this share of errors and empty answers the caller should be told.
MANY = 0.05


class RecordedItem(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked under an id: the user's last turn, what a right answer is compared with, the options, the system prompt (None: none was recorded)."""

    id: str
    prompt: str
    target: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()
    system: str | None = None


class RecordedAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """One recorded answer. `key` is the task's id or the prompt's text, `place` is "line 61" or "responses[60]", `model` is "" where nobody answered.

    `prompt` is the user's last turn where it was recorded beside an id, as are `target` and `system` (see `RecordedItem`); `scores` are what its own evaluation
    gave it, by the name of the scorer.
    """

    key: str
    replicate: int = 0
    model: str
    place: str
    answer: Answer
    prompt: str = ""
    target: tuple[str, ...] = ()
    system: str | None = None
    scores: Mapping[str, float | str] = msgspec.field(default_factory=dict)


class Share(msgspec.Struct, frozen=True, kw_only=True):
    """How many of `rows` are errors and how many are empty; `first` is the place of the first of them."""

    errors: int
    empty: int
    rows: int
    first: str = ""

    @property
    def value(self) -> float:
        """Errors and empty answers, as a share of the rows (0 to 1)."""
        return (self.errors + self.empty) / self.rows

    @property
    def describe(self) -> str:
        """One line for the reader where they are more than 5 %; else ""."""
        if self.value <= MANY:
            return ""
        kind = "errors or empty" if self.errors and self.empty else "errors" if self.errors else "empty"
        return f"{self.errors + self.empty} of {self.rows} rows ({100 * self.value:.1f} %) are {kind}; the first: {self.first}"


class Recording(msgspec.Struct, frozen=True, kw_only=True):
    """All that a file holds. `pairing` says what a row's key is: the id of a task, the text of a prompt that was asked alone, or the id of an item whose prompt
    is known as well."""

    path: Path
    sha256: str
    pairing: Literal["task", "prompt", "item"]
    rows: tuple[RecordedAnswer, ...]
    items: tuple[RecordedItem, ...] = ()

    def rows_of(self, model: str = "") -> tuple[str, list[RecordedAnswer]]:
        """(name, rows) of one model; an alias takes its dated snapshots. Without a name the file must hold one model.

        Rows without a model's name, which are calls that failed, belong to the model asked for only where there is no other.
        """
        names = sorted({row.model for row in self.rows if row.model})
        if not model and len(names) > 1:
            raise HarnessError(f"it holds answers of {len(names)} models", where=str(self.path), mend=f"Name one behind a #, such as #{names[0]}.")
        maker = model.rpartition("/")[0].casefold()  # said or not as in the file: two makers may serve one model
        alike = {name for name in names if name.rpartition("/")[0].casefold() == maker and same_model(model, name)}
        chosen = {model} & set(names) or alike if model else set(names)
        if model and not chosen:
            raise HarnessError(f"it holds no answers of {model!r}", where=str(self.path), mend=nearest(model, names))
        if chosen == set(names):
            chosen.add("")
        return model or "".join(names), [row for row in self.rows if row.model in chosen]

    def answers(self, rows: Sequence[RecordedAnswer]) -> dict[tuple[str, int], Answer]:
        """Answers by (key, replicate). Raises HarnessError where one of them has two that differ: which was meant cannot be known."""
        found: dict[tuple[str, int], RecordedAnswer] = {}
        for row in rows:
            earlier = found.setdefault((row.key, row.replicate), row)
            if (earlier.answer.text, earlier.answer.status, earlier.scores) != (row.answer.text, row.answer.status, row.scores):
                other = "answer" if earlier.scores == row.scores else "answer or score"
                what = f"{row.key[:60]!r}, replicate {row.replicate}, has another {other} at {earlier.place}"
                raise HarnessError(what, where=format_place(self.path, row.place), mend="Keep one of the two; was the file put together from two runs?")
        return {key: row.answer for key, row in found.items()}


def error_share(rows: Sequence[RecordedAnswer]) -> Share:
    """How many of the rows (at least one) are errors or empty. Refusals and truncated answers are answers."""
    bad = [row for row in rows if row.answer.status not in ANSWERED]
    errors = sum(row.answer.status == "error" for row in bad)
    return Share(errors=errors, empty=len(bad) - errors, rows=len(rows), first=bad[0].place if bad else "")


def format_place(path: Path, place: str) -> str:
    """The place as an error names it: file:61 for a line, and file: responses[60] for a row of an array."""
    return f"{path}:{place.removeprefix('line ')}" if place.startswith("line ") else f"{path}: {place}"


def client_error(text: str) -> bool:
    return text.lstrip().startswith(CLIENT_ERRORS)
