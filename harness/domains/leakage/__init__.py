"""Persona leakage: what training an assistant to talk like a persona carries over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.door import find_public

if TYPE_CHECKING:
    from harness.protocols import Section, Simulation
    from harness.units import Unit


PLACES = {"audit": ("badly_formed", "misplaced", "overlapping", "same_opening", "undeclared_prompts", "uneven", "unlike_declared")}

__all__ = ["DOMAIN", "badly_formed", "misplaced", "overlapping", "same_opening", "undeclared_prompts", "uneven", "unlike_declared"]


class Domain:
    """What this domain adds to the core."""

    name = "leakage"
    fixtures = ("harness.domains.leakage.fixtures.recipes", "harness.domains.leakage.fixtures.adapters", "harness.domains.leakage.fixtures.observe")

    def sections(self) -> list[Section[Any]]:
        return []

    def simulations(self) -> dict[str, Simulation]:
        return {}

    def units(self) -> dict[str, Unit]:
        return {}


DOMAIN = Domain()


def __getattr__(name: str) -> Any:
    return find_public(__name__, PLACES, name)
