"""Persona leakage: what training an assistant to talk like a persona carries over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from harness.protocols import Section


class Domain:
    """What this domain adds to the core."""

    name = "leakage"

    def sections(self) -> list[Section[Any]]:
        from harness.domains.leakage.sections import SECTIONS

        return SECTIONS


DOMAIN = Domain()
