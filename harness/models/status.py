"""What counts as an answer: one rule for every provider, for local sampling, for recordings and for judges."""

from __future__ import annotations

import re
import unicodedata
from typing import Any, Literal

Status = Literal["ok", "refused", "error", "empty", "truncated"]
# Statuses that are answers: one that was cut short, or withheld by an API's own filter, is what the model said; errors and silence are not.
ANSWERED: tuple[Status, ...] = ("ok", "truncated", "refused")
# Separators, controls and format characters (zero-width ones among them), by their Unicode category.
UNSEEN = ("Zs", "Zl", "Zp", "Cc", "Cf")
# Characters of other categories that show nothing: fillers, joiners, the blank Braille pattern, variation selectors, and what Unicode keeps free for more.
FILLERS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0") | {
    chr(code) for first, last in ((0xFE00, 0xFE0F), (0x2065, 0x2065), (0xFFF0, 0xFFF8), (0xE0000, 0xE0FFF)) for code in range(first, last + 1)
}
# Words in which servers tell that they withheld an answer: what was done, and why. Both are needed: a firewall blocks requests too.
DONE = re.compile(r"flagged|block|filter|violat|reject|inappropriate|triggering|exists risk")
REASON = re.compile(r"content.{0,3}filter|usage (polic|guideline)|content.{0,15}polic|safety|moderation|harmful|inappropriate content|content exists risk")
# Not the answer but who asks is turned away: that is a fault, and would look like a model that refuses everything.
ACCOUNT = re.compile(r"account|organi[sz]ation|workspace|api[ _]key")
FILTER_CODES = {"contentfilter", "contentpolicyviolation", "moderationblocked", "datainspectionfailed", "responsibleaipolicyviolation"}
FILTER_CODES |= {"biopolicy", "misalignmentpolicyviolation"}


def is_blank(text: str | None) -> bool:
    """True where no character of the text can be seen: none at all, whitespace, zero-width characters."""
    return all(sign in FILLERS or unicodedata.category(sign) in UNSEEN for sign in text or "")


def decide_status(text: str | None, otherwise: Status) -> Status:
    """`otherwise`, but "empty" where a text was promised and is blank, whatever ended it. A refusal and an error need no words."""
    return "empty" if otherwise in ("ok", "truncated") and is_blank(text) else otherwise


def error_of(body: object) -> dict[str, Any]:
    """What a server says of an error, however it is wrapped."""
    if isinstance(body, list):
        body = body[0] if body else {}
    if not isinstance(body, dict):
        return {"message": str(body)}
    inner = body.get("error")
    return error_of(inner) if inner else body


def is_safety_block(body: object) -> bool:
    """True where a server's error says that the question or the answer was withheld for what it holds: a refusal, not a fault."""
    about = error_of(body)
    inner = [about.get(name) for name in ("innererror", "inner_error")]
    codes = [place.get(name) for place in (about, *inner) if isinstance(place, dict) for name in ("code", "type")]
    if any(re.sub("[_ -]|results?$", "", str(code).casefold()) in FILTER_CODES for code in codes):
        return True
    told = str(about.get("message") or about.get("detail") or "").casefold()
    moderated = isinstance(about.get("metadata"), dict) and "reasons" in about["metadata"]  # OpenRouter's form
    return moderated or bool(DONE.search(told) and REASON.search(told) and not ACCOUNT.search(told))
