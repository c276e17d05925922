"""What the report shows of this domain, beside what every report shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from harness.protocols import Section

SECTIONS: list[Section[Any]] = []
