"""The gate-keeper's score of an experiment, in `score.yaml` beside its declaration: is it worth running, and what is open before it may be?

Five dimensions from 1 to 5 with fixed weights; the weighted sum decides: RUN at 3.5 and above, MODIFY from 2.5, SKIP below. The total is always computed: a
study whose posted total was neither its weighted nor its plain sum is why no total can be typed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError

from harness.design.reading import convert_error
from harness.design.spec import Part, Whole
from harness.errors import HarnessError
from harness.textfile import read_text
from harness.yamlfile import YamlFile

FILE_NAME = "score.yaml"
WEIGHTS = {"information_value": 0.30, "de_risking": 0.20, "strategic_fit": 0.20, "feedback_speed": 0.15, "opportunity_cost": 0.15}
QUESTIONS = {
    "information_value": "how much would either outcome change what is believed?",
    "de_risking": "how much does it tell about whether later work can succeed?",
    "strategic_fit": "how close is it to what the project is for?",
    "feedback_speed": "how soon does it give an answer?",
    "opportunity_cost": "how little else has to wait for it?",
}
RUN_FROM, MODIFY_FROM = 3.5, 2.5
# GPU-hours. The study behind persona_leakage had its 50 hours relabelled from medium to large.
SMALL, MEDIUM = 5.0, 40.0
BLANK = re.compile(r"\s*(scored_by|score|why):\s*(#.*)?")
Decision = Literal["RUN", "MODIFY", "SKIP"]


class DimensionSpec(Part):
    """One dimension, 1 (low) to 5 (high), with its reason."""

    score: Annotated[Whole, Field(ge=1, le=5)]
    why: str = Field(min_length=1)


class ScoresSpec(Part):
    """The five dimensions."""

    information_value: DimensionSpec
    de_risking: DimensionSpec
    strategic_fit: DimensionSpec
    feedback_speed: DimensionSpec
    opportunity_cost: DimensionSpec


class ChangeSpec(Part):
    """A change that the gate-keeper asks for; open while `done` is empty."""

    change: str = Field(min_length=1)
    done: str = ""


class QuestionSpec(Part):
    """A question of a clarifier; open while `answer` is empty."""

    question: str = Field(min_length=1)
    answer: str = ""


class FindingSpec(Part):
    """A finding of a fact-checker on the plan; open while `resolved` is empty."""

    finding: str = Field(min_length=1)
    resolved: str = ""


class ScoreSpec(Part):
    """The whole file."""

    scored_by: str = Field(min_length=1)
    scores: ScoresSpec
    required_changes: tuple[ChangeSpec, ...] = ()
    questions: tuple[QuestionSpec, ...] = ()
    findings: tuple[FindingSpec, ...] = ()


@dataclass(frozen=True, kw_only=True)
class OpenPoint:
    """What must be settled before a full-scale run: its kind in words, its text, and the key that settles it."""

    kind: str
    text: str
    key: str


@dataclass(frozen=True, kw_only=True)
class Score:
    """A score as read; `total` is the weighted sum."""

    spec: ScoreSpec

    @property
    def values(self) -> dict[str, int]:
        return {name: getattr(self.spec.scores, name).score for name in WEIGHTS}

    @property
    def total(self) -> float:
        return round(sum(weight * self.values[name] for name, weight in WEIGHTS.items()), 4)

    @property
    def decision(self) -> Decision:
        return "RUN" if self.total >= RUN_FROM else "MODIFY" if self.total >= MODIFY_FROM else "SKIP"

    @property
    def arithmetic(self) -> str:
        """`.30 x 4 + .20 x 3 + ... = 3.35`."""
        terms = [f"{weight:.2f}".lstrip("0") + f" x {self.values[name]}" for name, weight in WEIGHTS.items()]
        return f"{' + '.join(terms)} = {self.total:.2f}"

    @property
    def open_points(self) -> list[OpenPoint]:
        spec = self.spec
        unnamed = self.decision == "MODIFY" and not spec.required_changes
        changes = [OpenPoint(kind="required change", text="MODIFY names no change that is asked for", key="required_changes")] if unnamed else []
        changes += [OpenPoint(kind="required change", text=one.change, key="done") for one in spec.required_changes if not one.done.strip()]
        questions = [OpenPoint(kind="question", text=one.question, key="answer") for one in spec.questions if not one.answer.strip()]
        return changes + questions + [OpenPoint(kind="finding", text=one.finding, key="resolved") for one in spec.findings if not one.resolved.strip()]

    def summary(self) -> str:
        """`3.35: MODIFY, 2 points open`."""
        count = len(self.open_points)
        return f"{self.total:.2f}: {self.decision}" + (f", {count} point{'s' if count > 1 else ''} open" if count else "")


class UnfilledScore(HarnessError):
    """A form whose blanks are not filled: the experiment is not scored yet."""


def find_score(folder: Path) -> Score | None:
    """The score of an experiment; None where it has none, or a form that is not filled in. Raises HarnessError for a mistake."""
    try:
        return read_score(folder)
    except UnfilledScore:
        return None


def read_score(folder: Path) -> Score | None:
    """The score of an experiment, None where it has none. Raises UnfilledScore naming every blank, or HarnessError with file and line at the first mistake."""
    if not (folder / FILE_NAME).exists():
        return None
    lines = read_text(folder / FILE_NAME).splitlines()
    if blanks := [str(number) for number, line in enumerate(lines, start=1) if BLANK.fullmatch(line)]:
        raise UnfilledScore(
            f"has blanks in the lines {', '.join(blanks)}", where=str(folder / FILE_NAME), mend="Fill in scored_by, the scores and their reasons"
        )
    file = YamlFile(folder / FILE_NAME)
    if not isinstance(file.data, dict):
        raise HarnessError("must be a mapping", where=file.where(), mend="Start with scored_by: and scores:")
    try:
        return Score(spec=ScoreSpec.model_validate(file.data))
    except ValidationError as error:
        raise convert_error(error, file, ScoreSpec) from None


def refuse_open_points(folder: Path) -> None:
    """Raises HarnessError where a point of the score is open: a full-scale run spends what a question could save."""
    score = find_score(folder)
    if score is None or not score.open_points:
        return
    first, count = score.open_points[0], len(score.open_points)
    more = f" and {count - 1} more" if count > 1 else ""
    told = f"a full-scale run waits for an open {first.kind}: {first.text!r}{more}"
    raise HarnessError(told, where=str(folder / FILE_NAME), mend=f"Settle it and write how under {first.key}:, or run a smaller scale")


def compute_label(cost: Mapping[str, float | None]) -> str:
    """small, medium or large by the GPU-hours of a plan; "not declared" where they are not."""
    hours = cost.get("gpu_hours")
    return "not declared" if hours is None else "small" if hours <= SMALL else "medium" if hours <= MEDIUM else "large"


def template() -> str:
    """The text of a new score.yaml: valid once its blanks are filled."""
    lines = ["# The gate-keeper's score: 1 (low) to 5 (high) each, with a reason. `harness score` computes the weighted sum.", "scored_by:", "scores:"]
    lines += [f"  {name}:  # weight {weight:.2f}: {QUESTIONS[name]}\n    score:\n    why:" for name, weight in WEIGHTS.items()]
    lines += [
        "# Open while the second key is empty; open points block a full-scale run.",
        'required_changes: []  # - {change: run the pilot first, done: ""}',
        'questions: []  # of a clarifier: - {question: Which canary?, answer: ""}',
        'findings: []  # of a fact-checker: - {finding: The rows are too few, resolved: ""}',
    ]
    return "\n".join(lines) + "\n"
