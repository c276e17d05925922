"""What the report shows of a study of leakage, beside what every report shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.domains.leakage.sections.leaks import Leak, Leaks

__all__ = ["SECTIONS", "Leak"]

if TYPE_CHECKING:
    from harness.protocols import Section

SECTIONS: list[Section[Any]] = [Leaks()]
