"""How many of the beliefs held harm and yet pass, from `facts/Deception`: by correlation of value and signal, beside what theory gives at the start."""

from __future__ import annotations

from typing import Annotated

import msgspec

from harness.report.addresses import below
from harness.report.numbers import Numbers
from harness.report.spans import Real, ranged, spelt
from harness.report.stated import Alike, Count, Entry, Stated, entries, number, read
from harness.report.view import View

GROUP = "Deception"
STEM = "deception"
Correlation = Annotated[float, msgspec.Meta(ge=-1, le=1)]


class Deceived(Stated, frozen=True, kw_only=True):
    """One correlation: shares of deceptive beliefs by theory, at the start, at the end and in the pool; `enrichment` is held share over pool share."""

    rho: Correlation | None = None
    theory: Alike | None = None
    start: Alike | None = None
    start_low: Alike | None = None
    start_high: Alike | None = None
    end: Alike | None = None
    end_low: Alike | None = None
    end_high: Alike | None = None
    pool: Alike | None = None
    enrichment: Real | None = None
    enrichment_low: Real | None = None
    enrichment_high: Real | None = None
    runs: Count | None = None


def deceived(view: View) -> list[Entry[Deceived]]:
    """Every condition by its correlation; those without one last."""
    return sorted(entries(view, GROUP, Deceived), key=_place)


def _place(each: Entry[Deceived]) -> tuple[bool, float, str]:
    rho = each.stated.rho if each.stated else None
    return (rho is None, rho or 0.0, each.name)


def drawable(found: list[Entry[Deceived]]) -> list[tuple[Entry[Deceived], Deceived]]:
    """The conditions that have a place on the axis."""
    return [(each, stated) for each, stated in read(found) if stated.rho is not None]


def told(numbers: Numbers, each: Entry[Deceived], key: str) -> str:
    """One number of the table."""
    return spelt(numbers, below(each.at, key), getattr(each.stated, key))


def spanned(numbers: Numbers, each: Entry[Deceived], key: str) -> str:
    """One number of the table with its interval."""
    keys = (key, f"{key}_low", f"{key}_high")
    first, second, third = (below(each.at, name) for name in keys)
    mean, low, high = (getattr(each.stated, name) for name in keys)
    return ranged(numbers, (first, second, third), (mean, low, high))


def runs(numbers: Numbers, each: Entry[Deceived]) -> str:
    """How many runs stand behind a condition."""
    return number(numbers, each.at, each.stated, "runs", "count")
