"""What others published beside what was found here, from `facts/Published`."""

from __future__ import annotations

from harness.report.addresses import below
from harness.report.numbers import Numbers
from harness.report.spans import Real, ranged, spelt
from harness.report.stated import Count, Entry, Stated, entries, number
from harness.report.view import View

GROUP = "Published"
WORDS = {True: "agrees", False: "does not agree", None: "not compared"}


class Published(Stated, frozen=True, kw_only=True):
    """One number of a publication, with its standard deviation and number of runs where those are known, and ours with its interval."""

    quantity: str | None = None
    condition: str | None = None
    published: Real | None = None
    published_sd: Real | None = None
    published_n: Count | None = None
    ours: Real | None = None
    low: Real | None = None
    high: Real | None = None
    n: Count | None = None
    z: Real | None = None
    holds: bool | None = None
    note: str | None = None


def published(view: View) -> list[Entry[Published]]:
    """Every comparison by name."""
    return entries(view, GROUP, Published)


def word(each: Entry[Published]) -> str:
    """Whether the two agree."""
    return WORDS[each.stated.holds] if each.stated else ""


def told(numbers: Numbers, each: Entry[Published], key: str) -> str:
    """One number of the table."""
    return spelt(numbers, below(each.at, key), getattr(each.stated, key))


def ours(numbers: Numbers, each: Entry[Published]) -> str:
    """Our number with its interval."""
    keys = ("ours", "low", "high")
    first, second, third = (below(each.at, key) for key in keys)
    mean, low, high = (getattr(each.stated, key) for key in keys)
    return ranged(numbers, (first, second, third), (mean, low, high))


def counted(numbers: Numbers, each: Entry[Published], key: str) -> str:
    """How many runs stand behind a number."""
    return number(numbers, each.at, each.stated, key, "count", "not stated")
