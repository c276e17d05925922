"""What a review reports: a code, a place in the text, a sentence."""

from __future__ import annotations

from harness.plaintext import one_line, shorten_text
from harness.records import Record

LONGEST = 300  # characters of a message, which may quote the text

# The codes of the structure and what each means. Those of the card are in fields.py, one a field.
STRUCTURE = {
    "structure/title": "the text does not begin with `# the claim (LOW confidence)` (HIGH, MODERATE or LOW), in a heading or as `title:` of its front matter",
    "structure/section-missing": "a section of the template is not there",
    "structure/section-level": "a section of the template has a heading of another level",
    "structure/section-order": "a section comes before one that it should follow",
    "structure/section-empty": "a section of the template holds nothing, or a placeholder",
    "structure/section-extra": "the TL;DR has a heading besides its four",
    "structure/figure": "Results do not show exactly one image",
    "structure/figure-commit": "neither the address of the image nor the text before the takeaways names a commit",
    "structure/effect": "no sentence before the takeaways has a number (%, pp, points, a decimal, a signed number, k of n) and its N",
    "structure/takeaways": "Results have no `**Main takeaways:**`, or not 2 to 5 bullets below it",
    "structure/confidence": "Results do not have exactly one line `**Confidence: LEVEL** - why`, or its level is not that of the title",
    "structure/caveats": "Headline numbers have no Standing caveats",
    "structure/tldr-too-long": "the TL;DR has more than 2,500 characters",
    "structure/too-long": "the text has more than 60,000 characters (an issue takes 65,536)",
}

# The codes of the claims. Those of single claims are their verdicts.
CONTRADICTION = "claims/contradiction"
CLAIMS = {
    CONTRADICTION: "two sections of the text say different things of one quantity",
    "claims/removed": "a line that `harness report` wrote is not in the clean result any more",
    "claims/results": "the results beside a clean result cannot be read, so nothing was compared",
    "claims/seal": "the last line of a clean result is not the seal of its text, though that is as its results give it",
}


class Finding(Record, frozen=True, kw_only=True):
    """`line` and `column` count from 1, in characters of the text as it was read (any kind of line end)."""

    code: str
    line: int
    column: int
    message: str


def finding(code: str, line: int, column: int, message: str) -> Finding:
    """A finding whose message is one line of bounded length, whatever it quotes."""
    return Finding(code=code, line=line, column=column, message=shorten_text(one_line(message), LONGEST))
