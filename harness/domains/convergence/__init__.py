"""Convergence: how alike models answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from harness.protocols import Section, Simulation
    from harness.units import Unit


class Domain:
    """What this domain adds to the core."""

    name = "convergence"
    fixtures = (
        "harness.domains.convergence.fixtures.members",
        "harness.domains.convergence.fixtures.tasks",
        "harness.domains.convergence.fixtures.comparing",
        "harness.domains.convergence.fixtures.hidden_states",
    )

    def sections(self) -> list[Section[Any]]:
        from harness.domains.convergence.sections import SECTIONS

        return SECTIONS

    def simulations(self) -> dict[str, Simulation]:
        from harness.domains.convergence.power import SimilaritySimulation

        return {"similarity": SimilaritySimulation()}

    def units(self) -> dict[str, Unit]:
        return {}


DOMAIN = Domain()
