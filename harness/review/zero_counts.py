"""A count of none against a sentence that tells of one: `0/4 crossed the threshold` beside `only A crosses the threshold`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from harness.review.claims import Claim, claim
from harness.review.findings import CONTRADICTION, Finding, finding
from harness.review.prose import Prose, Sentence
from harness.review.results import words_of

VERB = r"(?P<verb>cross|exceed|reach|pass|show|meet|fail|drop|improv|increas|decreas|transfer|leak)\w*"
NONE = re.compile(rf"(?P<none>\b0\s*(?:/|of|out\s+of)\s*\d+|\bnone\s+of|\bno)\s+(?:[\w-]+\s+){{1,4}}{VERB}\s+(?P<rest>[^.;|]{{4,140}})", re.IGNORECASE)
ONE = re.compile(
    rf"\b(?:only|just|the\s+sole|exactly\s+one)\s+(?P<name>[\w-]+)\s+(?:barely|narrowly|clearly)?\s*{VERB}\s+(?P<rest>[^.;|]{{4,80}})", re.IGNORECASE
)
DENIED = re.compile(r"\b(?:not|never|n't|would|could|should|if|whether|expected?|predict\w*)\b", re.IGNORECASE)


def zero_counts(prose: Prose) -> tuple[list[Claim], list[Finding]]:
    """Claims that nothing did what another sentence says that something did: the verb, its object and what it is told of are the same."""
    claims, findings = list[Claim](), list[Finding]()
    for sentence in prose.sentences:
        for found in NONE.finditer(sentence.text):
            other = next((one for one in exceptions(prose) if contradicts(found, sentence, *one)), None)
            if other is None or DENIED.search(sentence.text[: found.start()]):
                continue
            name, at, place = other[0]["name"], other[1].place(other[0].start()), sentence.place(found.start("none"))
            claims.append(claim(place.line, place.column, found["none"], "k of n", "WRONG", f"{name} does, in line {at.line}", f"line {at.line}"))
            findings.append(finding(CONTRADICTION, place.line, place.column, f"{found['none']} {found['verb']}… here; {name} does in line {at.line}"))
    return claims, findings


def exceptions(prose: Prose) -> Iterator[tuple[re.Match[str], Sentence, str]]:
    for sentence, block in prose.in_blocks():
        for found in ONE.finditer(sentence.text):
            if not DENIED.search(sentence.text[: found.end()]):
                yield found, sentence, block


def contradicts(none: re.Match[str], sentence: Sentence, one: re.Match[str], other: Sentence, block: str) -> bool:
    """One verb with one object, and a further word that both are told of."""
    if none["verb"].lower() != one["verb"].lower() or sentence.block == other.block:
        return False
    ours, theirs = set(words_of(none["rest"])), set(words_of(one["rest"]))
    of = set(words_of(none["rest"])) & set(words_of(block)) - theirs
    return bool(ours & theirs) and bool(of - {none["verb"].lower()})
