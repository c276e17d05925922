"""`0.895 ± 0.011`: a spread beside a mean that results have is held against the spread that stands beside that mean in them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import pairwise

from harness.review.claims import Claim, claim
from harness.review.number import Number
from harness.review.prose import Prose
from harness.review.restated import Spot
from harness.review.results import Results, agrees, words_of

PLUS_MINUS = re.compile(r"\s*[*_]*\s*(?:±|\+/-)?\s*[*_]*\(?\s*(?:SD\s*[=:]?\s*)?")
LONGEST = 30  # characters between a mean and its spread
TOLD = re.compile(r"±|\+/-|\bSD\b")


def spread_claims(prose: Prose, found: Mapping[Spot, Claim], results: Results) -> Iterator[Claim]:
    """WRONG where the results have one other spread of the mean, which is confirmed itself."""
    for sentence in prose.sentences:
        for mean, spread in pairwise(sentence.numbers):
            between, at = sentence.text[mean.end : spread.digits_at], sentence.place(mean.start)
            known = found.get((at.line, at.column))
            if known is None or known.verdict != "CONFIRMED" or len(between) > LONGEST or not TOLD.search(between) or not PLUS_MINUS.fullmatch(between):
                continue
            leaf = spread_of(mean, known.address, results)
            if leaf is not None:
                there, value = sentence.place(spread.start), results.leaves[leaf].value
                right = agrees(spread, value)
                said = "" if right else f"results say {value:.4g} beside that mean"
                length = spread.end - spread.start
                yield claim(there.line, there.column, spread.text, "mean±sd", "CONFIRMED" if right else "WRONG", said, results.address(leaf), length)


def spread_of(mean: Number, address: str, results: Results) -> int | None:
    """The leaf beside that of a mean which has its name with `sd` for `mean`, if there is one."""
    leaf = next((one for one in results.agreeing(mean) if results.address(one) == address), None)
    if leaf is None:
        return None
    path, file = results.leaves[leaf].path, results.leaves[leaf].file
    own = set(words_of(path[-1])) - {"mean"}
    beside = [one for key, one in results.beside(file, path[:-1]) if "sd" in words_of(key) and set(words_of(key)) - {"sd"} == own]
    return beside[0] if len(beside) == 1 else None
