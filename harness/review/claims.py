"""What a review says of one claim of a text: where it stands, what became of it, and what it rests on."""

from __future__ import annotations

from typing import Literal

from harness.plaintext import one_line, shorten_text
from harness.records import Record
from harness.review.findings import LONGEST

# CONFIRMED: what it rests on says so. WRONG: that says something else. OVERCLAIMED: the words go beyond it. UNSUPPORTED: nothing decides it, for a reason.
ClaimVerdict = Literal["CONFIRMED", "WRONG", "OVERCLAIMED", "UNSUPPORTED"]
# Why a claim is UNSUPPORTED. The first alone says nothing against the text.
UNBOUND, AMBIGUOUS, MISSING, ABSENT, UNTESTED = "unbound", "ambiguous", "file missing", "no such value", "not shown"


class Claim(Record, frozen=True, kw_only=True):
    """`line` and `column` count from 1, `end` is the column after the last character; `text` is what stands there. `reason` begins with one of the words above
    where the verdict is UNSUPPORTED. `address` is what it was held against (file#/pointer, a cell of a table, a sentence's own numbers), "" for nothing."""

    line: int
    column: int
    end: int
    text: str
    kind: str
    verdict: ClaimVerdict
    reason: str = ""
    address: str = ""

    @property
    def decided(self) -> bool:
        """Whether anything was held against it."""
        return self.verdict != "UNSUPPORTED" or not self.reason.startswith((UNBOUND, AMBIGUOUS))

    @property
    def flagged(self) -> bool:
        """Whether a reader should look at it."""
        return self.verdict != "CONFIRMED" and self.decided


def claim(line: int, column: int, text: str, kind: str, verdict: ClaimVerdict, reason: str = "", address: str = "", length: int = 0) -> Claim:
    """A claim whose words are bounded, whatever they quote; `length` in characters where `text` is not all of it."""
    said = shorten_text(one_line(reason), LONGEST)
    return Claim(
        line=line,
        column=column,
        end=column + (length or len(text)),
        text=shorten_text(one_line(text), LONGEST),
        kind=kind,
        verdict=verdict,
        reason=said,
        address=address,
    )
