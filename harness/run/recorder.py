"""What one running cell says: measurements, facts, the answer of its criterion, and whether its verdict has evidence behind it."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any, NamedTuple

from harness.records import Cell, Fact, PlannedCellRecord, SectionEntry
from harness.run.experiment_run import ExperimentRun
from harness.run.measuring import Measure
from harness.run.outcome import Outcome, Stop, reason_of

PASSING = ("passed", "supported")
FAILING = ("failed", "falsified")


class Answer(NamedTuple):
    """What a criterion said of an effect: yes, no, or None where it could not tell; `why` in words."""

    yes: bool | None
    why: str
    effect: str
    threshold: str


class Recorder:
    """Gathers what one running cell says: measurements, facts for the card, the reason given by its criterion, the outcome of each phase."""

    def __init__(self, active: ExperimentRun, planned: PlannedCellRecord, stop: Stop | None) -> None:
        self.active, self.planned, self.stop = active, planned, stop
        self.measure = Measure(planned.id)
        self.facts: list[Fact] = []
        self.sections: list[SectionEntry] = []
        self.answers: list[Answer] = []  # of criteria, each of which counts
        self.judged = ("", "")
        self.p: float | None = None
        self.oldest, self.lasting = time.time(), True  # of the samples: when the first was drawn, and whether none of them was a passing error
        self.samples = {"rows": 0, "reused": 0}
        self.files: dict[str, str] = {}  # that the samples rest on, also those drawn in an earlier session
        self.execution: dict[str, Any] = {}  # how this process computed: it changes no number, and stands apart from the cell
        self.outcome: Outcome | None = None
        self.aside = ""  # what the cell waits for, where it was put aside: it runs again

    def phase(self, outcome: Outcome) -> None:
        """Keeps the first thing that went wrong; a clean phase never covers it up."""
        if self.outcome is None or self.outcome.verdict in PASSING:
            self.outcome = outcome

    def final(self) -> Outcome:
        """The outcome of the cell. A result that does not follow from measurements and criterion is an error, not a result."""
        outcome = self.outcome or Outcome("error", "no phase was reported")
        if self.planned.kind not in ("hypothesis", "control"):
            return outcome
        refused, unsure = self.first(False), self.first(None)
        if outcome.verdict == "inconclusive" and refused:
            return replace(outcome, reason=reason_of(f"{outcome.reason}; before that the criterion said no: {refused.why}"))
        if unsure and not refused and outcome.verdict in (*PASSING, *FAILING):
            return Outcome("inconclusive", reason_of(unsure.why), outcome.detail)
        why = self.unfounded(outcome)
        return Outcome("error", reason_of(why), outcome.detail) if why else outcome

    def first(self, yes: bool | None) -> Answer | None:
        """The first such answer of a criterion."""
        return next((answer for answer in self.answers if answer.yes is yes), None)

    def unfounded(self, outcome: Outcome) -> str:
        """Why the verdict has no evidence behind it; "" where it has, or decides nothing."""
        refused = self.first(False)
        if outcome.verdict in PASSING and refused:
            return f"the criterion said no ({refused.why}), yet the test passed: assert every answer, and never its opposite"
        if self.planned.kind == "hypothesis" and outcome.verdict in ("supported", "falsified"):
            return self.unfounded_answer(outcome)
        if self.planned.kind == "control" and outcome.verdict == "passed":
            if not self.measure.taken:
                return "[M311] a control that measures nothing controls nothing: record what it looks at (measure.shift, …)"
            if self.planned.polarity in ("negative", "canary") and not self.answers:
                article = "a negative control" if self.planned.polarity == "negative" else "a canary"
                return f"[M302] {article} needs equivalence, and no criterion was asked: assert criterion(…).within(…)"
        return ""

    def unfounded_answer(self, outcome: Outcome) -> str:
        """The same of a hypothesis, which is answered by its criterion alone."""
        by = f" ({outcome.reason})" if outcome.verdict == "falsified" else ""
        if not self.measure.taken:
            return f"[M301] {outcome.verdict} without a measurement{by}: record one (measure.shift, …) and assert criterion(…).holds(…)"
        if not self.answers:
            return f"[M302] {outcome.verdict} without an answer of a criterion{by}: assert criterion(…).holds(…)"
        if outcome.verdict == "falsified" and not self.first(False):
            return f"the criterion said yes ({self.answers[-1].why}), yet another assertion failed{by}: let the criterion alone decide"
        registered = set(self.active.experiment.spec.hypotheses[self.planned.owner].thresholds)
        if registered and not {answer.threshold for answer in self.answers} & registered:
            named = " or ".join(sorted(registered))
            by = self.answers[-1].threshold
            return f"[M302] {outcome.verdict} by the threshold {by}, registered for {self.planned.owner} is {named}: assert its answer, too"
        return ""

    def cell(self) -> Cell:
        outcome = self.final()
        answer = self.deciding(outcome)
        return Cell(
            id=self.planned.id,
            owner=self.planned.owner,
            kind=self.planned.kind,
            nodeid=self.planned.nodeid,
            params=self.planned.params,
            key=self.planned.key,
            verdict=outcome.verdict,
            reason=reason_of(answer.why) if answer else outcome.reason,
            detail=outcome.detail,
            needs=self.planned.needs,
            stopped_by=outcome.stopped_by,
            effect=answer.effect if answer else self.judged[0],
            threshold=answer.threshold if answer else self.judged[1],
            p=self.p,
            measurements=tuple(self.measure.taken),
            facts=tuple(self.facts),
            sections=tuple(self.sections),
        )

    def deciding(self, outcome: Outcome) -> Answer | None:
        """The answer that the outcome agrees with: the last yes, the first no."""
        if outcome.verdict in PASSING and self.answers:
            return self.answers[-1]
        return self.first(False) if outcome.verdict in FAILING else None
