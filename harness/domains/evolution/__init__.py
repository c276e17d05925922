"""Evolution: what selection does to populations of beliefs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from harness.protocols import Section, Simulation
    from harness.units import Unit


class Domain:
    """What this domain adds to the core."""

    name = "evolution"
    fixtures = ("harness.domains.evolution.fixtures",)

    def sections(self) -> list[Section[Any]]:
        from harness.domains.evolution.sections import SECTIONS

        return SECTIONS

    def simulations(self) -> dict[str, Simulation]:
        return {}

    def units(self) -> dict[str, Unit]:
        return {}


DOMAIN = Domain()
