"""Judges of answers: one protocol for a model behind an API and for a classifier on this machine.

A judge reads what was asked and what was answered and gives a verdict (does the answer show the behaviour?), a score where it has one, or neither:
an answer that is empty, or too incoherent to be judged, gets no verdict, and a judge that fails gives a status and never a number.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, Protocol

import msgspec

from harness.code_dependencies import code_fingerprint
from harness.errors import HarnessError, explain_user_code
from harness.fingerprint import fingerprint
from harness.models.status import is_blank
from harness.plaintext import count_of

CHUNK = 64
HOUSE = Path(__file__).parents[1]
Status = Literal["ok", "empty", "incoherent", "error"]


class AnswerToJudge(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An answer to be judged. `id` tells replicates of an item apart; `messages` is the conversation where more than the prompt was asked, which a judge is not
    shown."""

    id: str
    item: str
    replicate: int
    prompt: str
    text: str
    messages: list[dict[str, str]] | None = None


class JudgeVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """What a judge found: `shown` (the behaviour is there), `score` and `coherence` from 0 to 100, its `reason`, where the judge gives them. None: no
    verdict."""

    status: Status
    shown: bool | None = None
    score: float | None = None
    coherence: float | None = None
    reason: str = ""
    error: str = ""


class Judge(Protocol):
    """Anything that judges answers for one behaviour."""

    behaviour: str

    def describe(self) -> dict[str, Any]:
        """All that decides a verdict, except the answer: judge, rubric and its version, parameters. No secret."""
        ...

    def judge(self, answers: Sequence[AnswerToJudge]) -> list[JudgeVerdict]:
        """One verdict an answer, in order."""
        ...


class Judging:
    """Answers read by a judge. Whether they show the behaviour is the outcome; `outcomes("score")` is the finer one."""

    outcome, unit, sampling_unit = "judged", "rate", "prompt"

    def __init__(self, judge: Judge, max_error_rate: float = 0.05) -> None:
        self.by, self.max_error_rate = judge, max_error_rate
        self._ahead: list[AnswerToJudge] = []

    def describe(self) -> dict[str, Any]:
        """The judge's own description, with what the reproducibility card asks of every measure. JSON-able."""
        own = self.by.describe()
        asked = {"judge_prompt_version": own.get("rubric_version"), "samples": 1}
        if own.get("temperature") is None:
            asked["temperature"] = "the judge's own default"
        return {"measure": "judging", "behaviour": self.by.behaviour, **own, **asked, "code": code_fingerprint(__name__)}

    def chunks(self, items: Sequence[AnswerToJudge]) -> list[list[AnswerToJudge]]:
        """The answers in groups of 64 by id."""
        self._ahead = ordered = sorted(items, key=lambda item: item.id)
        return [ordered[start : start + CHUNK] for start in range(0, len(ordered), CHUNK)]

    def score(self, chunk: Sequence[AnswerToJudge]) -> list[dict[str, Any]]:
        """One row an answer: {"status", "item", "replicate", "prompt", "text", "judged", "score", "coherence"} and, where the judge gives one, "reason"
        (and "messages", where the answers have them).
        Empty answers are not shown to the judge.

        Raises HarnessError, and keeps nothing of the chunk, where the judge failed on more than `max_error_rate` of it: errors are asked again next time.
        """
        if self._ahead and getattr(self.by, "at_once", False):
            judge_answers(self.by, self._ahead)
        self._ahead = []
        spoken = [said for said in chunk if not is_blank(said.text)]
        found = dict(zip((said.id for said in spoken), judge_answers(self.by, spoken), strict=True)) if spoken else {}
        errors = [said.id for said in spoken if found[said.id].status == "error"]
        if len(errors) > self.max_error_rate * len(spoken):
            said = f"{len(errors)} of {len(spoken)} answers could not be judged, such as {errors[0]}: {found[errors[0]].error}"
            raise HarnessError(said, where=str(self.by.describe().get("judge", "judge")), mend="Look at the judge; what was judged before is kept", code="M307")
        return [judged_row(said, found.get(said.id, JudgeVerdict(status="empty"))) for said in chunk]


def judge_answers(judge: Judge, answers: Sequence[AnswerToJudge]) -> list[JudgeVerdict]:
    """One verdict an answer, in order. Raises HarnessError for a judge that raises, or gives another number of verdicts."""
    name = str(judge.describe().get("judge", type(judge).__name__))
    with explain_user_code(f"the judge {name} fails on {count_of(len(answers), 'answer', 'answers')} from {answers[0].id} on"):
        found = judge.judge(answers)
    if len(found) != len(answers):
        raise HarnessError(f"the judge gave {len(found)} verdicts on {len(answers)} answers", where=name, mend="Return one for each answer, in order")
    return found


def judged_row(said: AnswerToJudge, verdict: JudgeVerdict) -> dict[str, Any]:
    row = {
        "status": verdict.status,
        "item": said.item,
        "replicate": said.replicate,
        "prompt": said.prompt,
        "text": said.text,
        "judged": verdict.shown,
        "score": verdict.score,
        "coherence": verdict.coherence,
    }
    return row | {name: value for name, value in (("reason", verdict.reason), ("messages", said.messages)) if value}


class Answers(list[AnswerToJudge]):
    """Answers to be judged, with the samples that they are: what is judged rests on them."""

    sources: tuple[Any, ...] = ()


def answers_of(answers: Any) -> Answers:
    """The answers that an `AnswerProbe` sampled: gathered, or their rows alone."""
    gathered = hasattr(answers, "rows")
    rows: Iterable[Mapping[str, Any]] = answers.rows if gathered else answers
    found = Answers(
        AnswerToJudge(
            id=f"{row['item']}/{row['replicate']:04d}",
            item=row["item"],
            replicate=row["replicate"],
            prompt=row["prompt"],
            text=row["text"],
            messages=row.get("messages"),
        )
        for row in rows
    )
    found.sources = (answers,) if gathered else ()
    return found


def judge_fingerprint(judge: Judge) -> str:
    """Identity of a judge: two rates may be compared only where it is the same."""
    return fingerprint({"behaviour": judge.behaviour, **judge.describe()})
