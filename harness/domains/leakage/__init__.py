"""Persona leakage: what training an assistant to talk like a persona carries over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.lazy_exports import find_public
from harness.protocols import Domain

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from harness.behaviours.behaviour import Behaviour
    from harness.domains.leakage.sections import Leak
    from harness.domains.leakage.single_cell import CellResult, run_cell
    from harness.findings import Fact, Rule
    from harness.protocols import Section

PLACES = {
    "bystander_marker": ("BystanderMarker", "MarkedAnswers", "make_personas"),
    "persona_distance": ("PersonaDistance",),
    "single_cell": ("CellResult", "run_cell"),
    "sections": ("Leak",),
}

__all__ = ["DOMAIN", "BystanderMarker", "CellResult", "Leak", "MarkedAnswers", "PersonaDistance", "make_personas", "run_cell"]


class Leakage(Domain):
    """What this domain adds to the core."""

    name = "leakage"
    fixtures = tuple(f"harness.domains.leakage.fixtures.{name}" for name in ("recipes", "adapters", "personas", "predictors"))

    def sections(self) -> list[Section[Any]]:
        from harness.domains.leakage.sections import SECTIONS

        return SECTIONS

    def behaviours(self) -> list[Behaviour]:
        from harness.domains.leakage.behaviours import BAD_ADVICE, MARKER

        return [MARKER, BAD_ADVICE]

    def facts(self) -> Mapping[str, Fact]:
        from harness.domains.leakage import design_facts, planned_trainings

        return design_facts.FACTS | planned_trainings.FACTS

    def checks(self) -> Sequence[Rule]:
        from harness.findings import rules_in

        return rules_in("harness.domains.leakage.checks")


DOMAIN = Leakage()


def __getattr__(name: str) -> Any:
    return find_public(__name__, PLACES, name)
