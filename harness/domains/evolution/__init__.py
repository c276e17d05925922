"""Evolution: what selection does to populations of beliefs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from harness.protocols import Section, Simulation


class Domain:
    """What this domain adds to the core."""

    name = "evolution"
    fixtures = ("harness.domains.evolution.fixtures",)

    def sections(self) -> list[Section[Any]]:
        from harness.domains.evolution.sections import SECTIONS

        return SECTIONS

    def simulations(self) -> dict[str, Simulation]:
        return {}


DOMAIN = Domain()
