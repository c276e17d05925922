"""`k of n` bound to results: a parent that has both counts, or a count with the rate that they make."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise

from harness.review.claims import Claim, claim
from harness.review.prose import Prose
from harness.review.results import Results, overlap
from harness.review.word_binding import CHANCE, context_of

OF = re.compile(r"\s*(?:/|of|out of)\s*")
LEAST = 10  # a total below it has too many namesakes


def fraction_claims(prose: Prose, results: Results) -> Iterator[Claim]:
    """A claim for each k of n that a parent of the results states, the one whose words fit best."""
    parents: dict[tuple[int, tuple[str, ...]], list[int]] = defaultdict(list)
    for place, leaf in enumerate(results.leaves):
        parents[leaf.file, leaf.path[:-1]].append(place)
    for sentence in prose.sentences:
        for part, whole in pairwise(sentence.numbers):
            counts = part.step == 1 == whole.step and 0 <= part.value <= whole.value and whole.value >= LEAST
            if not counts or not OF.fullmatch(sentence.text[part.end : whole.start]):
                continue
            totals, tops = set(results.agreeing(whole)), set(results.agreeing(part))
            homes = [places for places in parents.values() if totals & set(places)]
            found = [(place, places) for places in homes for place in places if place in tops]
            words = context_of(sentence, part, prose.path(sentence.section)).weights
            best = max(found, key=lambda one: overlap(words, results.words[one[0]], results.rarity), default=None)
            if best is not None and len(homes) * results.share(part) * 3 < max(CHANCE, 0.05):
                at = sentence.place(part.start)
                text = sentence.text[part.start : whole.end]
                yield claim(at.line, at.column, text, "k of n", "CONFIRMED", "a parent has both counts", results.address(best[0]), whole.end - part.start)
