"""How the judges were calibrated: the table of `facts/Judges`, with exact intervals for the shares that were counted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from harness.report.addresses import address, below
from harness.report.numbers import Numbers, is_share
from harness.report.untrusted import one_line
from harness.report.view import View

GROUP = "Judges"
# Column to heading, in the order in which they are read; whatever else a judge states follows under its own name.
HEADINGS = {
    "behaviour": "behaviour",
    "judge": "judge",
    "rubric": "rubric",
    "sensitivity": "sensitivity",
    "specificity": "specificity",
    "kappa": "kappa",
    "agreement_with_substring": "agreement with substring",
}
LONGEST = 120  # characters of a text in the table; the whole stands in results.json
NOT_STATED = "not stated"


@dataclass(frozen=True)
class Judge:
    """One judge: its name, its address, what it states."""

    name: str
    at: str
    stated: dict[str, Any]


def judges(view: View) -> list[Judge]:
    """Every judge of the run, by name."""
    found = view.tree["facts"].get(GROUP, {})
    return [Judge(name, address("facts", GROUP, name), value) for name, value in sorted(found.items()) if isinstance(value, dict)]


def columns(found: list[Judge]) -> dict[str, str]:
    """Key to heading for whatever at least one judge states in a form that fits a table."""
    others = sorted({key for judge in found for key, value in judge.stated.items() if is_share(value) or isinstance(value, (str, int, float))} - set(HEADINGS))
    used = {key: heading for key, heading in HEADINGS.items() if any(key in judge.stated for judge in found)}
    return used | {key: one_line(key).replace("_", " ") for key in others}


def told(numbers: Numbers, judge: Judge, key: str) -> str:
    """One field of the table, dressed for its medium."""
    value, at = judge.stated.get(key), below(judge.at, key)
    if value is None or value in ("", [], {}):
        return numbers.dress(NOT_STATED)
    if is_share(value):
        return numbers.share(at)
    if isinstance(value, float) and -1 <= value <= 1:
        return numbers.num(at, "rate")
    return numbers.told(at, LONGEST)


def judge_of(found: list[Judge], name: str) -> Judge | None:
    """The judge of a measure: the one that is named after it, or that states it as its behaviour or measure."""
    return next((judge for judge in found if name in (judge.name, judge.stated.get("behaviour"), judge.stated.get("measure"))), None)
