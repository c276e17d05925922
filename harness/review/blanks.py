"""What looks like an entry and states nothing: blank, a dash, TBD, "not recorded", "see elsewhere"."""

from __future__ import annotations

import re
from typing import Literal

PLACEHOLDER = r"tb[dac]|todo|fixme|xxx+|placeholder|to be (?:determined|decided|confirmed|filled|done|written)|\{\{.*\}\}|\$\{.*\}"
UNKNOWN = re.compile(
    rf"(?:{PLACEHOLDER}|unknown|missing|unspecified|unpinned|unrecorded|none recorded|see)\b|\{{\{{.*\}}\}}|defaults?$"
    r"|(?:\w+ ){0,2}(?:not|never) (?:recorded|logged|pinned|stated|captured|known|available|reported|specified|documented|saved|tracked|provided|noted)\b",
    re.IGNORECASE | re.DOTALL,
)
EMPTY_TEXT = re.compile(rf"(?:{PLACEHOLDER}|n ?/ ?a|not applicable)?[\W_]*", re.IGNORECASE | re.DOTALL)
NOTHING = re.compile(r"[\W_]*")
INAPPLICABLE = re.compile(r"n ?/ ?a\b|not applicable\b|does not apply\b", re.IGNORECASE)
REASON = re.compile(r"[^\W\d_]{2,}")
MARKS = "*_`~\"'() \t\n."

Blank = Literal["blank", "unknown", "inapplicable"]


def blankness(value: str, note: str = "") -> Blank | None:
    """Why a value states nothing; None where it does. "Not applicable" does with a reason, behind it or in the note beside it."""
    plain = value.strip(MARKS)
    if NOTHING.fullmatch(plain):
        return "blank"
    if UNKNOWN.match(plain):
        return "unknown"
    if found := INAPPLICABLE.match(plain):
        return None if REASON.search(plain[found.end() :]) or REASON.search(note) else "inapplicable"
    return None


def is_blank(text: str) -> bool:
    """True for a paragraph or section that holds nothing but a placeholder."""
    plain = text.strip(MARKS)
    return len(plain) < 200 and EMPTY_TEXT.fullmatch(plain) is not None
