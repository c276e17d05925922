"""Scores that an evaluation of Inspect gave, as samples: no model is asked, and the log's content is their identity."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from harness.code_dependencies import code_fingerprint
from harness.errors import HarnessError, nearest
from harness.models.recording import RecordedAnswer
from harness.models.recordings import files_of, load_recording
from harness.models.status import ANSWERED
from harness.opened_files import opened_files
from harness.records import RECORDED_SCORES

# Inspect's own values and what its metrics make of them; N, no answer, is nothing here, where Inspect counts it as wrong.
NUMBERS: dict[str, float | None] = {"c": 1.0, "i": 0.0, "p": 0.5, "n": None, "yes": 1.0, "true": 1.0, "no": 0.0, "false": 0.0}


class Named(Protocol):
    """What was asked, by its id in the log."""

    @property
    def id(self) -> str: ...


@dataclass(frozen=True)
class RecordedScorer:
    """The scores that a log holds under a name: see `recorded`."""

    name: str


def recorded(name: str) -> RecordedScorer:
    """Scores answers of a log (`replay/x.eval`) by what its own evaluation gave them under this name, such as "match"."""
    return RecordedScorer(name)


class RecordedScores:
    """Scores of an Inspect log (`.eval`, `.json` or a folder of them): one scorer, one model (`model` names it where there are several). `epochs` are the first
    that are taken (0: all)."""

    outcome, sampling_unit = "score", "prompt"

    def __init__(self, path: Path | str, score: str, model: str = "", epochs: int = 0) -> None:
        self.path, self.name, self.epochs = Path(path), score, epochs
        recording = load_recording(self.path)
        opened_files.register(*files_of(self.path))
        self.model, rows = recording.rows_of(model)
        self.sha256, self.known = recording.sha256, recording.answers(rows)
        self.rows: dict[str, list[RecordedAnswer]] = {}
        for row in {(row.key, row.replicate): row for row in rows if not epochs or row.replicate < epochs}.values():
            self.rows.setdefault(row.key, []).append(row)
        self.require_scores(rows)

    def require_scores(self, rows: Sequence[RecordedAnswer]) -> None:
        if all(row.answer.status == "error" for row in rows):
            what = f"all {len(rows)} samples ended in errors, so there are no scores; the first: {rows[0].answer.error[:200]}"
            raise HarnessError(what, where=f"{self.path}: {rows[0].place}", mend="Run the evaluation again once it can be answered")
        scores = dict.fromkeys(name for row in rows for name in row.scores)
        if self.name not in scores:
            raise HarnessError(f"there are no scores {self.name!r}", where=str(self.path), mend=nearest(self.name, scores))

    def describe(self) -> dict[str, Any]:
        """All that decides a row, except the item itself. JSON-able."""
        made = {"measure": RECORDED_SCORES, "recording": self.sha256, "model": self.model, "score": self.name, "code": code_fingerprint(__name__)}
        return made | ({"epochs": self.epochs} if self.epochs else {})

    def chunks(self, items: Sequence[Named]) -> list[list[Named]]:
        """All in one: nothing is computed."""
        return [list(items)] if items else []

    def score(self, chunk: Sequence[Named]) -> list[dict[str, Any]]:
        """One row per item and epoch: {"status", "item", "replicate", "prompt", "text", "score"}, and "target", "system" and "error" where the log has them;
        `score` is None where there was none, C, P and I are 1, 0.5 and 0. Raises HarnessError for an item that the log does not hold or asked in other words,
        and for a score that is no number."""
        missing = [item.id for item in chunk if item.id not in self.rows]
        if missing:
            what = f"{len(missing)} of {len(chunk)} items are not in the log; the first: {missing[0]!r}"
            raise HarnessError(what, where=str(self.path), mend="Take the items with items_of_log(path)")
        self.require_same_prompts(chunk)
        return [self.to_row(item, row) for item in chunk for row in self.rows[item.id]]

    def require_same_prompts(self, chunk: Sequence[Named]) -> None:
        """An id with other words is another's: Inspect numbers the samples of every dataset from 1."""
        asked = [(item.id, getattr(item, "prompt", ""), row.prompt) for item in chunk for row in self.rows[item.id]]
        others = {name: (prompt, held) for name, prompt, held in asked if prompt and prompt.strip() != held.strip()}
        if others:
            name, (prompt, held) = next(iter(others.items()))
            told = f"{' '.join(held.split())[:40]!r} in the log, {' '.join(prompt.split())[:40]!r} here"
            what = f"{len(others)} of {len(chunk)} items have another prompt under their id; the first: {name!r}, {told}"
            raise HarnessError(what, where=str(self.path), mend="Compare evaluations of one dataset, and take the items of one of its logs")

    def to_row(self, item: Named, row: RecordedAnswer) -> dict[str, Any]:
        answer = row.answer
        score = self.number(row) if answer.status in ANSWERED else None  # Inspect grades silence as wrong
        targets = [target for target in row.target if target]
        told = {"target": targets if len(targets) > 1 else targets[0]} if targets else {}
        told |= {name: value for name, value in (("system", row.system), ("error", answer.error)) if value}
        return {"status": answer.status, "item": item.id, "replicate": row.replicate, "prompt": row.prompt, "text": answer.text, "score": score} | told

    def number(self, row: RecordedAnswer) -> float | None:
        """The score as a number, None where there is none."""
        value = row.scores.get(self.name)
        if value is None:
            self.require_no_other_form(row)
            return None
        if (known := str(value).strip().casefold()) in NUMBERS:
            return NUMBERS[known]
        try:
            number = float(value)
        except ValueError:
            number = math.nan
        if not math.isfinite(number):
            what = f"the score {self.name!r} is {str(value)[:40]!r}, which is no number"
            raise HarnessError(what, where=f"{self.path}: {row.place}", mend="Name a scorer that grades by numbers, or by C, P, I and N")
        return number

    def require_no_other_form(self, row: RecordedAnswer) -> None:
        """A list or mapping where other samples have one value, or the reverse, is not a score that is missing."""
        others = [name for name in row.scores if name.startswith(f"{self.name}/") or self.name.startswith(f"{name}/")]
        if others:
            what = f"the scorer gave {', '.join(map(repr, others[:3]))} there, and {self.name!r} to other samples"
            raise HarnessError(what, where=f"{self.path}: {row.place}", mend="Name a scorer, or a part of one (scorer/part), that gives each sample one value")
