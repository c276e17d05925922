"""The only way a number gets into the report: by its address in results.json. What was shown is remembered together with where it stands."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from harness.errors import HarnessError
from harness.report import number_format
from harness.report.addresses import Lookup, below, last_segment, parent

NOT_MEASURED, NO_INTERVAL = "not measured", "no interval"
NOT_APPLICABLE = "not applicable"  # a measurement without a test, or without sampling, has no p and no interval
NOT_DECLARED = {"gpu_hours": "GPU-hours not declared", "usd": "dollars not declared", "seconds": "seconds not declared"}  # None below `cost`
FORMS = {
    "p": "p",
    "p_holm": "p",
    "p_floor": "p floor",
    "false_pass": "rate",
    "power": "rate",
    "level": "rate",
    "n": "count",
    "rows": "count",
    "lines": "count",
    "cells": "count",
    "workers": "count",
    "gpu_hours": "gpu_hours",
    "usd": "usd",
    "seconds": "s",
    "wall_s": "s",
}
ENDS = ("low", "high")

Show = Callable[[Any, str, str], str]


def is_share(value: Any) -> bool:
    """True for [hits, of]: two whole numbers, of which the first counts some of the second."""
    whole = isinstance(value, list) and len(value) == 2 and all(isinstance(part, int) and not isinstance(part, bool) for part in value)
    return whole and 0 <= value[0] <= value[1] and value[1] > 0


def cut_at_word(text: str, longest: int) -> str:
    """A text of at most so many characters, with an ellipsis where it was cut: at the end of a word, where there is one in its last third."""
    if len(text) <= longest:
        return text
    head = text[: max(1, longest - 1)]
    space = head.rfind(" ")
    return f"{head[:space] if space > 2 * longest // 3 else head}".rstrip(" ,;:") + "…"


@dataclass(frozen=True, kw_only=True)
class Used:
    """A number, or a sentence with a number in it, as the report shows it, and its address in results.json."""

    shown: str
    address: str


@dataclass
class Numbers:
    """Resolves, formats and remembers. `show(value, shown, address)` dresses a number, `dress(text)` a quoted sentence and `code(text)` a name or path, for
    the medium. What they return is joined by "+", so that dressed text stays dressed."""

    tree: dict[str, Any]
    show: Show = lambda _value, shown, _where: shown
    dress: Callable[[str], str] = lambda text: text
    code: Callable[[str], str] = lambda text: text
    seen: dict[Used, None] = field(default_factory=dict)
    lookup: Lookup = field(init=False)

    def __post_init__(self) -> None:
        self.lookup = Lookup(self.tree)

    @property
    def used(self) -> list[Used]:
        """Everything shown so far, each once, in order of first appearance."""
        return list(self.seen)

    def num(self, where: str, form: str = "", *, unit: bool = True) -> str:
        """The number at an address, formatted by `form` or else by what stands beside it; `unit=False` where a column already tells the unit."""
        value = self.lookup.at(where)
        shown = self._format(value, where, form)
        beside = self._unit(where)
        if not unit and beside and value is not None:
            shown = shown.removesuffix(f" {beside}")
        self._remember(shown, where)
        return self.show(value, shown, where)

    def interval(self, where: str) -> str:
        """`[+1.0, +5.2]` for the interval at an address, in the unit of its measurement; "no interval" where nothing tells the spread, or "not measured"."""
        value = self.lookup.at(where)
        if value is None:
            return self.num(where)
        if value["low"] == value["high"]:
            return self.dress(NO_INTERVAL)
        low, high = (self.num(below(where, end), unit=False) for end in ENDS)
        return type(low)("[") + low + ", " + high + "]"  # by "+", so that dressed text stays dressed

    def share(self, where: str) -> str:
        """`.95 [.83, .99] (38 of 40)` for a pair [hits, of] at an address: the rate with its exact (Clopper-Pearson) interval."""
        value = self.lookup.at(where)
        if not is_share(value):
            return self.text(where)
        from harness.verdict.intervals import rate_interval

        interval = rate_interval(value[0], value[1], method="exact")
        shown = f"{number_format.rate(value[0] / value[1])} [{number_format.rate(interval.low)}, {number_format.rate(interval.high)}]"
        self._remember(shown, where)
        hits, of = (self.num(below(where, place)) for place in (0, 1))
        return type(hits)(" ").join([self.show(value, shown, where), type(hits)("(") + hits + " of " + of + ")"])

    def text(self, where: str, longest: int = 0) -> str:
        """The text at an address, cut after `longest` characters. A text with a digit in it is remembered like a number, since it tells one."""
        value = self.lookup.at(where)
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return self.num(where)
        text = self.absent(where) if value is None else str(value)
        text = cut_at_word(text, longest) if longest else text
        if re.search(r"\d", text):
            self._remember(text, where)
        return self.dress(text)

    def value(self, where: str) -> Any:
        """The bare value at an address, for ids and hashes."""
        return self.lookup.at(where)

    def resolves(self, where: str) -> bool:
        """True where a number or a text stands at the address."""
        try:
            return isinstance(self.lookup.at(where), (str, int, float))
        except HarnessError:
            return False

    def has(self, where: str) -> bool:
        """True where something other than None or an empty text, list or dict stands at the address."""
        try:
            return self.lookup.at(where) not in (None, "", [], {})
        except HarnessError:
            return False

    def _format(self, value: Any, where: str, form: str) -> str:
        if value is None:
            return self.absent(where)
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise HarnessError(f"{value!r} is not a number", where=f"results.json address {where!r}", mend="Show texts with text(), numbers with num().")
        return number_format.in_unit(value, form or self._form(where, value), self._bounds(where))

    def absent(self, where: str) -> str:
        """What stands for None at an address: no p is corrected outside of the confirmatory family, a measurement has no test or no interval by its nature, a
        cost was not declared, anything else was not measured."""
        key, holder = last_segment(where), parent(where)
        if key == "p_holm" and self.lookup.at(below(holder, "p")) is not None:
            return NOT_APPLICABLE
        if "/measurements/" in where and key in ("p", "p_floor", "interval"):
            return NOT_APPLICABLE
        return NOT_DECLARED.get(key, NOT_MEASURED) if last_segment(holder) == "cost" else NOT_MEASURED

    def _form(self, where: str, value: float) -> str:
        key, holder = last_segment(where), parent(where)
        if key.startswith("#") or last_segment(holder) in ("counts", "by"):
            return "count"
        unit = self._unit(where)
        if unit is not None:
            return unit
        return FORMS.get(key, "count" if isinstance(value, int) else "")

    def _unit(self, where: str) -> str | None:
        """The unit that stands beside a value, or beside the interval that the value bounds; None where neither applies."""
        key, holder = last_segment(where), parent(where)
        home = holder if key in ("value", "floor", "ceiling") else parent(holder) if key in ENDS else ""
        found = self.lookup.at(home).get("unit") if home and isinstance(self.lookup.at(home), dict) else None
        return found if isinstance(found, str) else None

    def _bounds(self, where: str) -> list[float]:
        """The registered thresholds in the same unit: a number that misses one must not be rounded onto it."""
        unit = self._unit(where)
        bars = [bar["value"] for bar in self.tree.get("thresholds", []) if bar["unit"] == unit]
        return [side for bar in bars for side in (bar, -bar)]

    def _remember(self, shown: str, where: str) -> None:
        self.seen[Used(shown=shown, address=where)] = None
