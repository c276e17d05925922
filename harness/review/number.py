"""Numbers as a text states them: value, step, sign, unit, marker and place. What is no claim (dates, versions, ids, code, addresses) is not read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

MINUS = "−–-"  # the last, so that it makes no range of characters
# What is blanked before numbers are read, so that places stay: comments, tags, addresses, code that is no number, dates, times, versions, issues, hashes.
NO_CLAIM = re.compile(
    r"<!--.*?-->|<[A-Za-z/!][^<>\n]*>|\]\([^()\s]*\)|https?://[^\s)\]>]+|`[^`\n]*[A-Za-z/_][^`\n]*`"
    r"|\b\d{4}-\d\d(?:-\d\d)?(?:[T ]\d\d:\d\d(?::\d\d)?)?\b|\b\d\d?:\d\d(?::\d\d)?\b|\bv\d+(?:\.\d+)*\b|\b\d+\.\d+\.\d+(?:[.\w-]*)"
    r"|(?<![\w$])#\d+\b|\b(?=[0-9a-f]*[a-f])(?=[0-9a-f]*\d)[0-9a-f]{7,40}\b"
    r"|\b(?:January|February|March|April|May|June|July|August|September|October|November|December)\s+(?:\d{1,2},?\s+)?\d{4}\b",
    re.IGNORECASE | re.DOTALL,
)
# Words before a number that make a name of it.
NAMED = re.compile(
    r"\b(?:seeds?|lines?|fig(?:ure)?s?\.?|tables?|sections?|issues?|pods?|gpus?|phases?|levels?|layers?|pages?|steps?|version|aims?|part|appendix|chapter|stage|exp"
    r"|experiment|finding|criterion|rank|id|no\.|number|doc|item|takeaway)[\s:=]*(?:\d+(?:\s*(?:,|and|or|/)\s*\d+)*(?:\s*(?:,|and|or|/)\s*)?)?$",
    re.IGNORECASE,
)
NUMBER = re.compile(
    rf"""(?P<marker>(?<![-=])[~≈<>≤≥]=?\s*|(?<![\w])(?:up\s+to|about|around|approximately|roughly|nearly|almost|over|under|below|above|at\s+least|at\s+most|less\s+than
         |more\s+than|fewer\s+than)\s+)?
    (?P<sign>(?<![\w.%)\]])[+{MINUS}]|±\s?)?
    (?P<money>[$€£])?
    (?P<digits>\d{{1,3}}(?:,\d{{3}})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+)
    (?P<power>[eE][+{MINUS}]?\d+|\s?[x×·*]\s?10\^?\{{?[{MINUS}]?\d+\}}?)?
    (?P<thousands>[KkM](?![\w-]))?
    (?P<unit>\s?%|\s?pp\b|\s?percentage\s+points?\b|\s?percent\b|\s?pts?\b|\s?points?\b|\s?[x×](?![\w]|\s?\d))?
    (?P<more>\+(?!\w))?""",
    re.VERBOSE | re.IGNORECASE,
)
UNITS = {"percent": "%", "percentagepoint": "pp", "percentagepoints": "pp", "pt": "points", "pts": "points", "point": "points", "×": "x"}
MARKERS = {"about": "~", "around": "~", "approximately": "~", "roughly": "~", "nearly": "~", "almost": "~", "≈": "~", "over": ">", "above": ">", "under": "<"}
MARKERS |= {"below": "<", "up to": "≤", "at least": "≥", "at most": "≤", "less than": "<", "more than": ">", "fewer than": "<", ">=": "≥", "<=": "≤", "~=": "~"}
LONGEST, MOST_EXPONENT = 30, 250  # characters of a number, and its power of ten: a double holds what has no more
MOST_COUNTED = 10**12
YEAR = re.compile(r"(?:19|20)\d\d")


@dataclass(frozen=True, kw_only=True)
class Number:
    """A number of a text. `step` is the unit of its last digit, trailing zeros counted; `marker` one of "", ~, <, >, ≤, ≥, ±; `unit` "", %, pp, points, x or $.
    `start` and `end` are places in the text that was read, with sign, unit and marker."""

    value: Decimal
    step: Decimal
    signed: bool
    unit: str
    marker: str
    start: int
    end: int
    text: str
    digits_at: int = 0

    @property
    def bounds(self) -> tuple[Decimal, Decimal]:
        """Between which the exact value lies whose rounding is told (half up or half even, so both ends belong)."""
        return self.value - self.step / 2, self.value + self.step / 2

    @property
    def count(self) -> int | None:
        """The number as a count of things; None for a fraction, and for more than any experiment has, which no 64-bit integer may hold."""
        return int(self.value) if self.step == 1 and 0 <= self.value < MOST_COUNTED else None


def read_numbers(text: str) -> list[Number]:
    """The numbers of a passage in order. Times: linear in its length."""
    return list(iter_numbers(text))


def iter_numbers(text: str) -> Iterator[Number]:
    """The same, as they are wanted."""
    yield from _numbers(NO_CLAIM.sub(lambda found: " " * len(found[0]), text), text)


def _numbers(masked: str, text: str) -> Iterator[Number]:
    for found in NUMBER.finditer(masked):
        start, end = found.start("digits"), found.end()
        lead = found.start("sign") if found["sign"] else found.start("money") if found["money"] else start
        if _is_part_of_a_word(masked, lead, end, found) or NAMED.search(masked[max(0, lead - 60) : lead]):
            continue
        number = _number(found, text)
        if number is not None:
            yield number


def _is_part_of_a_word(text: str, lead: int, end: int, found: re.Match[str]) -> bool:
    """`gpt-4o`, `p25`, `3-sigma`, `Qwen2.5`, `layer_20`, `H1`."""
    before, after = text[max(0, lead - 2) : lead], text[end : end + 2]
    if before[-1:].isalnum() or before[-1:] in ("_", ".", "@", "^") or (before[-1:] in ("-", "/") and before[:1].isalpha() and not found["sign"]):
        return True
    return (after[:1].isalpha() or after[:1] == "_" or (after[:1] == "-" and after[1:].isalpha())) and not found["unit"] and not found["thousands"]


def _number(found: re.Match[str], text: str) -> Number | None:
    if len(found["digits"]) > LONGEST or re.match(r"0\d", found["digits"]):  # `01` is a name
        return None
    digits, unit = found["digits"].replace(",", ""), re.sub(r"\s", "", found["unit"] or "").lower()
    unit = "$" if found["money"] else UNITS.get(unit, unit)
    bare = not (unit or found["marker"] or found["sign"] or found["power"] or found["thousands"])
    if bare and YEAR.fullmatch(digits):
        return None
    exponent = exponent_of(found["power"])
    if abs(exponent) > MOST_EXPONENT:
        return None
    scale = Decimal(10) ** (exponent + {"k": 3, "m": 6}.get((found["thousands"] or "").lower(), 0))
    decimals = len(digits.partition(".")[2])
    negative = (found["sign"] or "") in tuple(MINUS) and found["sign"]
    marker = re.sub(r"\s+", " ", found["marker"] or "").strip().lower()
    if marker == "over" and not unit and decimals == 0 and len(digits) < 4:  # `averaged over 10 prompts`
        marker = ""
    start = found.start("marker") if found["marker"] and not found["marker"][0].isalpha() else found.start("sign") if found["sign"] else found.start("digits")
    if found["money"] and not found["sign"] and not (found["marker"] and not found["marker"][0].isalpha()):
        start = found.start("money")
    return Number(
        value=(-1 if negative else 1) * Decimal(digits) * scale,
        step=Decimal(1).scaleb(-decimals) * scale,
        signed=bool(found["sign"]) and not found["sign"].startswith("±"),
        unit=unit,
        marker="±" if (found["sign"] or "").startswith("±") else "≥" if found["more"] else MARKERS.get(marker, marker),
        start=start,
        end=found.end(),
        text=text[start : found.end()],
        digits_at=found.start("digits"),
    )


def exponent_of(power: str | None) -> int:
    """Of `e-50` and `× 10^-3`."""
    if not power:
        return 0
    found = re.search(rf"([+{MINUS}]?)(\d+)\}}?$", power)
    assert found is not None  # both forms end so
    return int(min(float(found[2]), 1e9)) * (-1 if found[1] and found[1] in MINUS else 1)
