"""What one running cell says: measurements, facts, the answer of its criterion, and whether its verdict has evidence behind it."""

from __future__ import annotations

import time
from typing import Any

from harness.design.universe import Planned
from harness.records import Cell, Fact
from harness.run.active import Active
from harness.run.measuring import Measure
from harness.run.outcome import Outcome, Stop, reason_of

PASSING = ("passed", "supported")
FAILING = ("failed", "falsified")


class Recorder:
    """Gathers what one running cell says: measurements, facts for the card, the reason given by its criterion, the outcome of each phase."""

    def __init__(self, active: Active, planned: Planned, stop: Stop | None) -> None:
        self.active, self.planned, self.stop = active, planned, stop
        self.measure = Measure(planned.id)
        self.facts: list[Fact] = []
        self.said: tuple[bool, str] | None = None
        self.judged = ("", "")
        self.p: float | None = None
        self.oldest, self.lasting = time.time(), True  # of the samples: when the first was drawn, and whether none of them was a passing error
        self.samples = {"rows": 0, "reused": 0}
        self.files: dict[str, str] = {}  # that the samples rest on, also those drawn in an earlier session
        self.execution: dict[str, Any] = {}  # how this process computed: it changes no number, and stands apart from the cell
        self.outcome: Outcome | None = None

    def phase(self, outcome: Outcome) -> None:
        """Keeps the first thing that went wrong; a clean phase never covers it up."""
        if self.outcome is None or self.outcome.verdict in PASSING:
            self.outcome = outcome

    def final(self) -> Outcome:
        """The outcome of the cell. A result that does not follow from measurements and criterion is an error, not a result."""
        outcome = self.outcome or Outcome("error", "no phase was reported")
        why = self.unfounded(outcome)
        return Outcome("error", why, outcome.detail) if why else outcome

    def unfounded(self, outcome: Outcome) -> str:
        """Why the verdict has no evidence behind it; "" where it has, or decides nothing."""
        if self.planned.kind == "hypothesis" and outcome.verdict in ("supported", "falsified"):
            return self.unfounded_answer(outcome)
        if self.planned.kind == "control" and outcome.verdict == "passed":
            if self.planned.polarity in ("negative", "canary") and self.said is None:
                article = "a negative control" if self.planned.polarity == "negative" else "a canary"
                return f"{article} needs equivalence, and no criterion was asked: assert criterion(…).within(…)"
            if not self.measure.taken:
                return "a control that measures nothing controls nothing: record what it looks at (measure.shift, …)"
        return ""

    def unfounded_answer(self, outcome: Outcome) -> str:
        """The same of a hypothesis, which is answered by its criterion alone."""
        by = f" ({outcome.reason})" if outcome.verdict == "falsified" else ""
        if not self.measure.taken:
            return f"{outcome.verdict} without a measurement{by}: record one (measure.shift, …) and assert criterion(…).holds(…)"
        if self.said is None:
            return f"{outcome.verdict} without an answer of a criterion{by}: assert criterion(…).holds(…)"
        if outcome.verdict == "supported" and not self.said[0]:
            return f"the criterion said no ({self.said[1]}), yet the test passed: assert its answer"
        if outcome.verdict == "falsified" and self.said[0]:
            return f"the criterion said yes ({self.said[1]}), yet another assertion failed{by}: let the criterion alone decide"
        return ""

    def cell(self) -> Cell:
        outcome = self.final()
        return Cell(
            id=self.planned.id,
            owner=self.planned.owner,
            kind=self.planned.kind,
            nodeid=self.planned.nodeid,
            params=self.planned.params,
            key=self.planned.key,
            verdict=outcome.verdict,
            reason=self.reason(outcome),
            detail=outcome.detail,
            needs=self.planned.needs,
            stopped_by=outcome.stopped_by,
            effect=self.judged[0],
            threshold=self.judged[1],
            p=self.p,
            measurements=tuple(self.measure.taken),
            facts=tuple(self.facts),
        )

    def reason(self, outcome: Outcome) -> str:
        """The last answer of the criterion, where the verdict agrees with it; else what the outcome says."""
        if self.said and outcome.verdict in (PASSING if self.said[0] else FAILING):
            return reason_of(self.said[1])
        return outcome.reason
