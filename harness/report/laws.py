"""Laws that a correct simulator obeys, from `facts/Laws`: the worst statistic of each kind against its bound, broken laws first."""

from __future__ import annotations

from harness.report.addresses import below
from harness.report.numbers import Numbers
from harness.report.spans import ONES, Real, spelt
from harness.report.stated import Count, Entry, Stated, entries, number
from harness.report.view import View

GROUP = "Laws"
WORDS = {True: "holds", False: "does not hold", None: "not decided"}
FIRST = {False: 0, None: 1, True: 2}


class Law(Stated, frozen=True, kw_only=True):
    """One law: what was observed and what it demands, in one unit; `z` is their distance in standard errors, of the worst among `tests` statistics."""

    law: str | None = None
    observed: Real | None = None
    expected: Real | None = None
    se: Real | None = None
    z: Real | None = None
    bound: Real | None = None
    n: Count | None = None
    unit: str | None = None
    holds: bool | None = None
    tests: Count | None = None


def laws(view: View) -> list[Entry[Law]]:
    """Every law by name: first what cannot be read or does not hold, then what was not decided, then the rest."""
    return sorted(entries(view, GROUP, Law), key=lambda each: (FIRST[each.stated.holds] if each.stated else 0, each.name))


def word(each: Entry[Law]) -> str:
    """Whether it holds."""
    return WORDS[each.stated.holds] if each.stated else ""


def told(numbers: Numbers, each: Entry[Law], key: str) -> str:
    """One number of the table; a z is never rounded onto its bound, nor what was observed onto what is expected."""
    against = {"z": ("bound",), "observed": ("expected",), "expected": ("observed",)}.get(key, ())
    bounds = [value for value in (getattr(each.stated, other) for other in against) if value is not None]
    signs = [side for bound in bounds for side in (bound, -bound)] if key == "z" else bounds
    return spelt(numbers, below(each.at, key), getattr(each.stated, key), (*ONES, *signs))


def counted(numbers: Numbers, each: Entry[Law], key: str) -> str:
    """How many values or statistics there were."""
    return number(numbers, each.at, each.stated, key, "count", "not stated")
