"""Persona leakage: what training an assistant to talk like a persona carries over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.lazy_exports import find_public
from harness.protocols import Domain

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from harness.behaviours.behaviour import Behaviour
    from harness.domains.leakage.single_cell import CellResult, run_cell
    from harness.findings import Fact, Rule

PLACES = {"single_cell": ("CellResult", "run_cell")}

__all__ = ["DOMAIN", "CellResult", "run_cell"]


class Leakage(Domain):
    """What this domain adds to the core."""

    name = "leakage"
    fixtures = ("harness.domains.leakage.fixtures.recipes", "harness.domains.leakage.fixtures.adapters", "harness.domains.leakage.fixtures.personas")

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
