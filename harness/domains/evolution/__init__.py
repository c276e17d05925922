"""Evolution: what selection does to populations of beliefs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.lazy_exports import find_public
from harness.protocols import Domain

if TYPE_CHECKING:
    from harness.domains.evolution.runs import simulate
    from harness.findings import Fact
    from harness.protocols import Check, Section

PLACES = {
    "fixtures": ("ArmResult",),
    "laws.every_law": ("EVERY_LAW", "judge_findings"),
    "measured_activations": ("BeliefScorer", "load_beliefs", "semantic_cosines"),
    "metrics": ("examine",),
    "runs": ("is_compiled", "simulate", "start"),
    "sections": ("BeliefCloud", "Course", "Deception", "Law", "MeasuredCourse", "PhaseMap", "PublishedFigure"),
    "sweep": ("list_arms",),
    "world": ("draw_world",),
}

__all__ = [
    "DOMAIN",
    "EVERY_LAW",
    "ArmResult",
    "BeliefCloud",
    "BeliefScorer",
    "Course",
    "Deception",
    "Law",
    "MeasuredCourse",
    "PhaseMap",
    "PublishedFigure",
    "draw_world",
    "examine",
    "is_compiled",
    "judge_findings",
    "list_arms",
    "load_beliefs",
    "semantic_cosines",
    "simulate",
    "start",
]


class Evolution(Domain):
    """What this domain adds to the core."""

    name = "evolution"
    fixtures = ("harness.domains.evolution.fixtures",)

    def sections(self) -> list[Section[Any]]:
        from harness.domains.evolution.sections import SECTIONS

        return SECTIONS

    def facts(self) -> dict[str, Fact]:
        from harness.domains.evolution.design_facts import FACTS

        return FACTS

    def checks(self) -> list[Check]:
        from harness.domains.evolution.checks import CHECKS

        return CHECKS


DOMAIN = Evolution()


def __getattr__(name: str) -> Any:
    return find_public(__name__, PLACES, name)
