"""By what members of a model set are grouped: family, provider, region, architecture, and size in bins that are the same for every set."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.errors import HarnessError, nearest

if TYPE_CHECKING:
    from harness.models.responder import ModelEntry

GROUPINGS = ("family", "architecture", "provider", "region", "size")
# All parameters in billions, below which a model is small and below which it is medium: powers of ten, chosen before any set was grouped by them.
SMALL, MEDIUM = 10.0, 100.0


def group_of(member: ModelEntry, grouping: str) -> str | None:
    """The group of a member; None where the set does not state it. Raises HarnessError for a grouping that nobody knows."""
    if grouping not in GROUPINGS:
        raise HarnessError(f"there is no grouping {grouping!r}", where="axis grouping", mend=nearest(grouping, GROUPINGS))
    if grouping == "family":
        return member.group
    return bin_of(member.size) if grouping == "size" else getattr(member, grouping) or None


def bin_of(size: float | None) -> str | None:
    """small, medium or large by all parameters (billions)."""
    if size is None:
        return None
    return "small" if size < SMALL else "medium" if size < MEDIUM else "large"
