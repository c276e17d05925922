"""A count of none against a sentence that tells of one: `0/4 crossed the threshold` beside `only A crosses the threshold`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from harness.review.claims import ABSENT, Claim, claim
from harness.review.findings import CONTRADICTION, Finding, finding
from harness.review.prose import Prose, Sentence
from harness.review.results import Results, words_of

VERB = r"(?P<verb>cross|exceed|reach|pass|show|meet|fail|drop|improv|increas|decreas|transfer|leak)\w*"
NONE = re.compile(rf"(?P<none>\b0\s*(?:/|of|out\s+of)\s*\d+|\bnone\s+of|\bno)\s+(?:[\w-]+\s+){{1,4}}{VERB}\s+(?P<rest>[^.;|]{{4,140}})", re.IGNORECASE)
ONE = re.compile(
    rf"\b(?:only|just|the\s+sole|exactly\s+one)\s+(?P<name>[\w-]+)\s+(?:barely|narrowly|clearly)?\s*{VERB}\s+(?P<rest>[^.;|]{{4,80}})", re.IGNORECASE
)
NOT_ONE, STEM = re.compile(r"(?P<claim>\b(?:zero|no|0)\s+(?P<what>[a-z]{3,}ed))\s+[a-z]+s\b", re.IGNORECASE), 4
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


def uncounted(prose: Prose, results: Results) -> Iterator[Claim]:
    """`zero failed batches` where no address of the results speaks of anything failed: nobody counted them."""
    for sentence in prose.sentences if results.leaves else ():
        for found in NOT_ONE.finditer(sentence.text):
            what = found["what"].lower()
            if not any(word.startswith(what[:STEM]) for word in results.by_word):
                at = sentence.place(found.start("claim"))
                yield claim(at.line, at.column, found["claim"], "null", "UNSUPPORTED", f"{ABSENT}: no address of the results speaks of {what}", "")


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
