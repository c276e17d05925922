"""What a text tells of things that its results neither counted nor tested: `zero failed batches`, a p without a test."""

from __future__ import annotations

import re
from collections.abc import Iterator

from harness.review.claims import ABSENT, Claim, claim
from harness.review.passages import p_values
from harness.review.prose import Prose
from harness.review.results import Results

NOT_ONE = re.compile(
    r"(?P<claim>\b(?:(?:zero|no|0)\s+(?P<ed>[a-z]{3,}ed)\s+[a-z]+s"
    r"|zero\s+(?P<other>[a-z-]+\s+(?:errors|failures|restarts|crashes|retries|timeouts|skips|drops)))\b)",
    re.IGNORECASE,
)
STEM = 4
TESTED = re.compile(r"\b[tzFrUWHdn]\s*(?:\(|=)|χ|chi|rho|ρ|Fisher|Mann|Wilcoxon|permut|bootstrap|Welch|test\b|correlat", re.IGNORECASE)


def uncounted(prose: Prose, results: Results) -> Iterator[Claim]:
    """`zero failed batches` where no address of the results speaks of anything failed: nobody counted them."""
    for sentence in prose.sentences if results.leaves else ():
        for found in NOT_ONE.finditer(sentence.text):
            what = (found["ed"] or found["other"]).lower()
            if not any(word.startswith(part[:STEM]) for word in results.by_word for part in re.findall(r"[a-z]{3,}", what)):
                at = sentence.place(found.start("claim"))
                yield claim(at.line, at.column, found["claim"], "null", "UNSUPPORTED", f"{ABSENT}: no address of the results speaks of {what}", "")


def bare_p_values(prose: Prose, results: Results) -> Iterator[Claim]:
    """A p without the test that it is of, and none such in the results."""
    for sentence, block in prose.in_blocks() if results.leaves else ():
        if TESTED.search(block):
            continue
        for p in p_values(sentence):
            if p.marker == "" and p.step < 1 and not results.agreeing(p):
                at = sentence.place(p.start)
                told = f"{ABSENT}: no test stands beside it, and the results have no such p"
                yield claim(at.line, at.column, p.text, "p value", "UNSUPPORTED", told, "", p.end - p.start)
