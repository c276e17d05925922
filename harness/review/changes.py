"""What differs between two texts: which lines belong together, and which tokens of two lines differ."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import groupby, takewhile

from harness.review.tokens import Token

MOST_LINES, MOST_TOKENS = 5_000, 2_000  # from here on what occurs often does not anchor a comparison, which would take minutes
MOST_PAIRS = 10_000  # of lines that are compared with each other where a passage differs
ALIKE = 0.5  # share of tokens in common from which on a line is another one changed
SHORT = 3  # tokens of a line that is the other one changed whatever it holds, where both stand alone

Tokens = Sequence[Token]
Pair = tuple[int | None, int | None]  # places of lines in the first and the second text; None where a line has no counterpart


@dataclass(frozen=True)
class Change:
    """Tokens of one line in the place of tokens of another, as ranges; either may be empty."""

    old: range
    new: range


def keys(tokens: Tokens) -> list[str]:
    return [token.key for token in tokens]


def align_lines(old: Sequence[Tokens], new: Sequence[Tokens]) -> Iterator[tuple[list[Pair], int]]:
    """(pairs of lines, the place in the new text where they stand) for each passage that is equal or differs, in order."""
    first, second = ([" ".join(keys(line)) for line in lines] for lines in (old, new))
    matcher = SequenceMatcher(None, first, second, autojunk=len(second) > MOST_LINES)
    for kind, a, b, c, d in matcher.get_opcodes():
        yield list(zip(range(a, b), range(c, d), strict=True)) if kind == "equal" else pair_lines(old, new, range(a, b), range(c, d)), c


def pair_lines(old: Sequence[Tokens], new: Sequence[Tokens], left: range, right: range) -> list[Pair]:
    """The lines of two passages paired in order so that they have most in common."""
    if joined(old, left) == joined(new, right):
        return []  # the same, with other line ends
    if not left or not right or len(left) * len(right) > MOST_PAIRS:
        return [*((place, None) for place in left), *((None, place) for place in right)]
    if len(left) == len(right) == 1 and len(new[right[0]]) <= SHORT:
        return [(left[0], right[0])]
    first, second = ([Counter(keys(lines[place])) for place in places] for lines, places in ((old, left), (new, right)))
    return best_pairs([[share(a, b) for b in second] for a in first], left, right)


def joined(lines: Sequence[Tokens], places: range) -> list[str]:
    return [key for place in places for key in keys(lines[place])]


def share(old: Counter[str], new: Counter[str]) -> float:
    """The share of tokens in common, 0 to 1."""
    return 2 * (old & new).total() / (old.total() + new.total())


def best_pairs(alike: list[list[float]], left: range, right: range) -> list[Pair]:
    """The pairs in order whose likeness adds up to most, by dynamic programming; what is less alike than ALIKE is no pair."""
    best = [[0.0] * (len(right) + 1) for _ in range(len(left) + 1)]
    for a in reversed(range(len(left))):
        for b in reversed(range(len(right))):
            paired = alike[a][b] + best[a + 1][b + 1] if alike[a][b] >= ALIKE else 0.0
            best[a][b] = max(paired, best[a + 1][b], best[a][b + 1])
    pairs, a, b = list[Pair](), 0, 0
    while a < len(left) or b < len(right):
        if a < len(left) and b < len(right) and alike[a][b] >= ALIKE and best[a][b] == alike[a][b] + best[a + 1][b + 1]:
            pairs.append((left[a], right[b]))
            a, b = a + 1, b + 1
        elif a < len(left) and best[a][b] == best[a + 1][b]:
            pairs.append((left[a], None))
            a += 1
        else:
            pairs.append((None, right[b]))
            b += 1
    return pairs


def compare_tokens(old: Tokens, new: Tokens) -> tuple[list[tuple[int, int]], list[Change]]:
    """(places of equal tokens, what changed); where as many numbers and words stand in place of others, each number is a change of its own."""
    changes = list[Change]()
    first, second = keys(old), keys(new)
    # Where a row says the same in several cells, the longest run in common need not be that of the same cells: both ends are taken first.
    start = in_common(first, second)
    rest = in_common(first[start:][::-1], second[start:][::-1])
    equal = [(place, place) for place in range(start)]
    matcher = SequenceMatcher(None, first[start : len(first) - rest], second[start : len(second) - rest], autojunk=len(new) > MOST_TOKENS)
    for kind, *ends in matcher.get_opcodes():
        a, b, c, d = (start + end for end in ends)
        if kind == "equal":
            equal += zip(range(a, b), range(c, d), strict=True)
        elif [token.is_number for token in old[a:b]] == [token.is_number for token in new[c:d]]:
            changes += one_by_one(old, range(a, b), range(c, d))
        else:
            changes.append(Change(range(a, b), range(c, d)))
    return [*equal, *zip(range(len(first) - rest, len(first)), range(len(second) - rest, len(second)), strict=True)], changes


def in_common(first: Sequence[str], second: Sequence[str]) -> int:
    """How many of the first keys are the same."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(first, second, strict=False)))


def one_by_one(old: Tokens, left: range, right: range) -> Iterator[Change]:
    """A change for each number and for each run of words between numbers."""
    for number, places in groupby(range(len(left)), lambda place: old[left[place]].is_number):
        run = list(places)
        for part in [[place] for place in run] if number else [run]:
            yield Change(left[part[0] : part[-1] + 1], right[part[0] : part[-1] + 1])
