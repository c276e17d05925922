"""Evolution: what selection does to populations of beliefs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from harness.protocols import Section


class Domain:
    """What this domain adds to the core."""

    name = "evolution"

    def sections(self) -> list[Section[Any]]:
        from harness.domains.evolution.sections import SECTIONS

        return SECTIONS


DOMAIN = Domain()
