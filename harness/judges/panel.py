"""Several judges of the same answers: one verdict of all of them, and how far they agree."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from harness.code_dependencies import code_fingerprint

if TYPE_CHECKING:
    from harness.measures.scores import ScoredItem

Verdict = bool | float | None
Level = Literal["nominal", "interval"]


@dataclass(frozen=True, kw_only=True)
class Panel:
    """Joins verdicts: those of most judges for yes and no (None where they are tied), their mean for scores. A judge without a verdict has no vote."""

    name: str
    judges: tuple[Mapping[str, Any], ...]
    level: Level

    @property
    def unit(self) -> str:
        return "rate" if self.level == "nominal" else "points"

    def describe(self) -> dict[str, Any]:
        """The judges' own descriptions, by their place, and how they are joined. JSON-able."""
        joined = "majority" if self.level == "nominal" else "mean"
        described = {f"judge {place}": dict(judge) for place, judge in enumerate(self.judges, start=1)}
        names = ", ".join(str(judge["judge"]) for judge in self.judges)
        asked = {"judge": names, "judge_prompt_version": self.judges[0].get("rubric_version"), "samples": 1, "temperature": self.judges[0].get("temperature")}
        return {"scorer": self.name, **asked, "judges_joined": joined, **described, "code": code_fingerprint(__name__)}

    def score_answer(self, answer: ScoredItem) -> dict[str, Any]:
        """{"extracted" (the verdicts by judge), "score", "unparsed"}, and "tied": True where as many judges said yes as no."""
        score = join_verdicts(list(answer.verdicts.values()), self.level)
        read = {"extracted": dict(answer.verdicts), "score": score, "unparsed": None}
        tied = score is None and any(verdict is not None for verdict in answer.verdicts.values())
        return {**read, "tied": True} if tied else read


def join_verdicts(verdicts: Sequence[Verdict], level: Level) -> Verdict:
    given = [verdict for verdict in verdicts if verdict is not None]
    if not given:
        return None
    if level == "interval":
        return sum(given) / len(given)
    yes = sum(map(bool, given))
    return None if 2 * yes == len(given) else 2 * yes > len(given)


def krippendorff_alpha(units: Sequence[Sequence[Verdict]], level: Level) -> float | None:
    """Krippendorff's alpha over units, each with one verdict a judge (None: missing), by coincidences ("Computing Krippendorff's Alpha-Reliability", 2011).

    1 is perfect agreement, 0 that of chance. None where fewer than two verdicts can be compared, or all are the same: then there is nothing to agree on.
    """
    pairable = [values for unit in units if len(values := [float(value) for value in unit if value is not None]) > 1]
    totals = Counter(value for values in pairable for value in values)
    expected = disagreement(totals, level)
    if not expected:
        return None
    observed = sum(disagreement(Counter(values), level) / (len(values) - 1) for values in pairable)
    return 1 - (totals.total() - 1) * observed / expected


def disagreement(counts: Mapping[float, int], level: Level) -> float:
    """The sum over ordered pairs of values of how far they differ: by 1 where they are not the same, or by the square of the distance."""
    if level == "nominal":
        return sum(counts.values()) ** 2 - sum(count * count for count in counts.values())
    size, total, squares = sum(counts.values()), sum(n * value for value, n in counts.items()), sum(n * value * value for value, n in counts.items())
    return max(0.0, 2 * (size * squares - total * total))
