"""The verdict on a whole text: FAIL where the claim itself, its summary or its headline table is wrong or the text contradicts itself, CONCERNS for anything
else that was found, else PASS."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

from harness.review.claims import ABSENT, Claim
from harness.review.document import FRONT_MATTER, Document
from harness.review.findings import CONTRADICTION, Finding
from harness.review.structure import TLDR, claimed_level, find

TextVerdict = Literal["PASS", "CONCERNS", "FAIL"]
HEADLINE = "Headline numbers"
# What stands for a TL;DR in a text that has none.
SUMMARY = re.compile(
    r"[\W\d]*(?:tl;?dr|summary|executive summary|abstract|highlights?|(?:key|main) (?:findings?|results?|takeaways?)|conclusions?)\b", re.IGNORECASE
)


def verdict_of(document: Document, claims: Sequence[Claim], findings: Iterable[Finding]) -> TextVerdict:
    """An unbound number alone is never a concern: nothing speaks against it."""
    codes, leading = {one.code for one in findings}, leading_lines(document)
    if CONTRADICTION in codes or any(is_against(one) and one.line in leading for one in claims):
        return "FAIL"
    return "CONCERNS" if codes or any(one.flagged for one in claims) else "PASS"


def is_against(one: Claim) -> bool:
    """Whether something says otherwise: the claim is wrong, or the address that its words name has another value."""
    return one.verdict == "WRONG" or (one.reason.startswith(ABSENT) and bool(one.address))


def leading_lines(document: Document) -> set[int]:
    """The lines of the title, the TL;DR and the headline table: what a reader takes away."""
    return {line for lines in leading_ranges(document) for line in lines}


def leading_ranges(document: Document) -> Iterator[range]:
    tldr, numbers = find(document.sections, TLDR, 2), find(document.sections, HEADLINE, 2)
    heading = claimed_level(document, tldr)[1]
    if heading:
        yield range(heading.line, heading.line + 1)
    elif document.title and (front := FRONT_MATTER.match(document.text)):
        yield range(1, front[0].count("\n") + 1)
    if tldr:
        end = document.sections[tldr.end].line if tldr.end < len(document.sections) else len(document.lines) + 1
        yield range(tldr.line, end)
    for section in document.sections if tldr is None else ():
        if SUMMARY.match(section.title):
            end = document.sections[section.end].line if section.end < len(document.sections) else len(document.lines) + 1
            yield range(section.line, end)
    for token in numbers.blocks if numbers else ():
        if token.type == "table_open" and token.map:
            yield range(token.map[0] + 1, token.map[1] + 1)
