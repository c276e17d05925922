"""Which beliefs are held before and after selection, from `facts/Beliefs`: value against signal, one pair of clouds an arm."""

from __future__ import annotations

from harness.report.addresses import below
from harness.report.numbers import Numbers
from harness.report.spans import Real, spelt
from harness.report.stated import Count, Entry, Share, Stated, entries, number, read
from harness.report.view import View

GROUP = "Beliefs"
STEM = "beliefs"
MOST_ARMS = 8  # pairs of clouds in the figure
LEADING = 5  # beliefs of an arm in the table
FIELDS = ("value", "signal", "before", "after")


class Cloud(Stated, frozen=True, kw_only=True):
    """Beliefs of one arm: value, signal, and the share of the models that hold each before and after."""

    arm: str | None = None
    order: Real | None = None
    value: tuple[Real, ...] = ()
    signal: tuple[Real, ...] = ()
    before: tuple[Share, ...] = ()
    after: tuple[Share, ...] = ()
    shown: Count | None = None
    of: Count | None = None
    note: str | None = None


def clouds(view: View) -> list[Entry[Cloud]]:
    """Every arm in the stated order; what can be read but not drawn carries the reason as its trouble."""
    found = [Entry(each.name, each.at, None, fault(each.stated)) if each.stated and fault(each.stated) else each for each in entries(view, GROUP, Cloud)]
    return sorted(found, key=_place)


def _place(each: Entry[Cloud]) -> tuple[bool, float, str]:
    order = each.stated.order if each.stated else None
    return (order is None, order or 0.0, each.name)


def fault(cloud: Cloud) -> str:
    """Why the clouds cannot be told, "" where they can."""
    lengths = {len(getattr(cloud, key)) for key in FIELDS}
    if lengths == {0}:
        return "no belief is stated"
    return "" if len(lengths) == 1 else "values, signals and shares are not equally many"


def drawable(found: list[Entry[Cloud]]) -> list[tuple[Entry[Cloud], Cloud]]:
    """The arms of the figure."""
    return read(found)[:MOST_ARMS]


def deceptive(value: float, signal: float) -> bool:
    """True for a belief that harms and passes."""
    return value < 0 < signal


def leading(cloud: Cloud) -> list[int]:
    """The beliefs that most models hold after selection, by place; ties go to the first."""
    held = [place for place, share in enumerate(cloud.after) if share > 0]
    return sorted(held, key=lambda place: (-cloud.after[place], place))[:LEADING]


def told(numbers: Numbers, each: Entry[Cloud], key: str, place: int) -> str:
    """One field of one belief."""
    return spelt(numbers, below(each.at, key, place), getattr(each.stated, key)[place])


def counted(numbers: Numbers, each: Entry[Cloud], key: str) -> str:
    """How many beliefs are shown, or of how many."""
    return number(numbers, each.at, each.stated, key, "count", "not stated")
