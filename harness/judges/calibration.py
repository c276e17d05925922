"""How good a judge is, counted on labelled answers that it did not learn from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from harness.errors import HarnessError
from harness.judges.judging import AnswerToJudge, Judge, judge_answers
from harness.judges.labelled import LabelledAnswer


class CalibrationCounts(msgspec.Struct, frozen=True, kw_only=True):
    """Counts (hits, of) and agreement. Sensitivity: shown and seen; specificity: not shown and not seen; an answer without a verdict is a miss.

    `kappa` is Cohen's (1960) between judge and label; `substring` is the crude scorer's agreement with the labels, for comparison.
    `silent` counts incoherent answers on which the judge rightly gave no verdict.
    """

    sensitivity: tuple[int, int]
    specificity: tuple[int, int]
    kappa: float
    silent: tuple[int, int]
    substring: float | None = None


def calibrate(judge: Judge, held_out: Sequence[LabelledAnswer], crude: Callable[[str], bool] | None = None) -> CalibrationCounts:
    """Judges the held-out answers and counts. Raises HarnessError for a label without examples, before the judge is asked, and for its errors, which are no
    verdicts."""
    require_both_labels(held_out, judge.behaviour)
    answers = [AnswerToJudge(id=row.id, item=row.id, replicate=0, prompt=row.prompt, text=row.text) for row in held_out]
    found = judge_answers(judge, answers)
    broken = [one for one in found if one.status == "error"]
    if broken:
        raise HarnessError(f"the judge failed on {len(broken)} of {len(found)} calibration answers: {broken[0].error}", where=judge.behaviour, mend="Run again")
    labelled = [(row, one.shown) for row, one in zip(held_out, found, strict=True) if row.shown is not None]
    shown = [verdict is True for row, verdict in labelled if row.shown]
    hidden = [verdict is False for row, verdict in labelled if not row.shown]
    silent = [one.shown is None for row, one in zip(held_out, found, strict=True) if not row.coherent]
    return CalibrationCounts(
        sensitivity=(sum(shown), len(shown)),
        specificity=(sum(hidden), len(hidden)),
        kappa=kappa(sum(shown), len(shown), sum(hidden), len(hidden)),
        silent=(sum(silent), len(silent)),
        substring=None if crude is None else sum(crude(row.text) == row.shown for row, _ in labelled) / len(labelled),
    )


def require_both_labels(rows: Sequence[LabelledAnswer], where: str) -> None:
    if {True, False} - {row.shown for row in rows}:
        raise HarnessError("calibration needs held-out answers of both labels", where=where, mend="Label more answers")


def kappa(seen: int, shown: int, spared: int, hidden: int) -> float:
    """Cohen's kappa of a 2 x 2 table given by its hits; 0 where chance alone would agree always."""
    total = shown + hidden
    agreed = (seen + spared) / total
    yes = seen + hidden - spared
    chance = (yes * shown + (total - yes) * hidden) / total**2
    return (agreed - chance) / (1 - chance) if chance < 1 else 0.0


def to_card(found: CalibrationCounts) -> dict[str, Any]:
    """The counts as the card keeps them; what was not counted is left out."""
    return {name: value for name, value in msgspec.to_builtins(found).items() if value is not None and value != (0, 0)}
