"""What the seal of a report proves: which of its lines a person edited, also where another version of harness wrote it in other words."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from itertools import chain, combinations

from harness.plaintext import MINUS
from harness.report.generated import OPENING
from harness.review.changes import MOST_LINES

SEAL = re.compile(rf"\[//\]: # \({re.escape(OPENING)}(\S*?)\)?\s*")
MOST_HASHED = 100_000_000  # characters, some tenths of a second
MOST_RESTORED = 3  # passages that were edited, among those that differ

Passage = tuple[Sequence[str], range]  # lines to put back, lines of the file in whose place they are put


def seal_of(line: str) -> str | None:
    """The hash that a line seals the text above with, None where it is no seal."""
    found = SEAL.fullmatch(line)
    return found[1] if found else None


def hash_of(lines: Sequence[str]) -> str:
    return hashlib.sha256("\n".join(lines).encode("utf-8", "replace")).hexdigest()


def edited_lines(lines: Sequence[str], drawn: Sequence[str], seal: str) -> set[int] | None:
    """The lines of a file (from 1, without its seal) that are not as they were sealed; one that was taken out counts as the one that follows. Of the passages
    that differ from those drawn now, some are put back until the seal fits, so the rest was in the file when it was written. None where nothing fits."""
    passages = list(differing(lines, drawn))
    subsets = chain.from_iterable(combinations(passages, count) for count in range(min(MOST_RESTORED, len(passages)) + 1))
    size = 1 + sum(map(len, lines))
    for _, subset in zip(range(MOST_HASHED // size), subsets, strict=False):
        if hash_of(restore(lines, subset)) == seal:
            return {number + 1 for _, new in subset for number in (new or [new.start])}
    return None


def differing(lines: Sequence[str], drawn: Sequence[str]) -> Iterator[Passage]:
    """The passages that differ, the smallest first: line by line, from both ends where not as many stand in the place of others (an edit may stand beside
    lines that another version wrote or left out), and there as a whole, too. Earlier versions wrote a hyphen for a minus: it makes no difference here, and
    what is put back is tried in both ways."""
    first, second = ([line.replace(MINUS, "-") for line in text] for text in (drawn, lines))
    whole = list[tuple[range, range]]()
    for kind, a, b, c, d in SequenceMatcher(None, first, second, autojunk=len(lines) > MOST_LINES).get_opcodes():
        if kind != "equal":
            both = min(b - a, d - c)
            ends = {(a + place, c + place) for place in range(both)} | {(b - 1 - place, d - 1 - place) for place in range(both)}
            for old, new in sorted(ends):
                yield from in_both_ways(drawn, first, range(old, old + 1), range(new, new + 1))
            whole += [(range(a, b), range(c, d))] if b - a != d - c else []
    for old_lines, new_lines in whole:
        yield from in_both_ways(drawn, first, old_lines, new_lines)


def in_both_ways(drawn: Sequence[str], hyphened: Sequence[str], old: range, new: range) -> Iterator[Passage]:
    """Lines to put back as they are drawn now, and with hyphens where that is not the same."""
    yield drawn[old.start : old.stop], new
    if drawn[old.start : old.stop] != hyphened[old.start : old.stop]:
        yield hyphened[old.start : old.stop], new


def restore(lines: Sequence[str], passages: Sequence[Passage]) -> list[str]:
    """The lines of a file with some passages put back."""
    kept, end = list[str](), 0
    for old, new in sorted(passages, key=lambda one: one[1].start):
        kept += [*lines[end : new.start], *old]
        end = new.stop
    return [*kept, *lines[end:]]
