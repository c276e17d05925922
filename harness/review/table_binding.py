"""Cells of tables bound to addresses in results: by the names of their row and column, and where these name nothing by what the others of the line are.

A line is a column or a row. Where cells of it agree with leaves whose addresses have one pattern, each told apart by the cell's own name, the pattern is what
the line shows. A cell that differs from the leaf that its names name is wrong, once enough others of its line are bound. How likely it is that so many agree by
chance is counted from the results themselves; what could is not used.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass

import numpy as np

from harness.review.arithmetic import DIFFERENT, RATIOED
from harness.review.claims import ABSENT, Claim, ClaimVerdict, claim
from harness.review.crossings import crossing_leaves
from harness.review.number import Number
from harness.review.prose import Cell, Table
from harness.review.results import Results, agrees, overlap, scales_of, words_of
from harness.review.word_binding import comparable

CHANCE = 0.01  # expected number of patterns that agree as well by chance, above which nothing is confirmed
MOST_AGREEING = 400  # leaves that agree with one cell which are looked at
MOST_IN_CELL = 3  # numbers of a cell that are bound
FAR = 3  # times a value, from which on a number that nothing else binds is of something else
SURE = 3  # cells that agree before one that does not is wrong
MOST_NAMED, FEW_NAMED = 5000, 6  # leaves that names may name, and of these with the words of the line, before nothing is meant

# A file, and an address with a star for the segment that names the cell; None in place of the rest: any leaf below the prefix.
Pattern = tuple[int, tuple[str, ...], tuple[str, ...] | None]


@dataclass(frozen=True)
class Entry:
    """A cell of a line with the words that tell it from the others of the line, and its row and column. `first` says that it is the cell's first number,
    `derived` that its own name is that of a difference or ratio."""

    cell: Cell
    number: Number
    words: tuple[str, ...]
    place: tuple[int, int]
    first: bool = True
    derived: bool = False


@dataclass(frozen=True)
class Line:
    """A column or a row; `words` are its own name's, which may be that of a difference or ratio."""

    words: tuple[str, ...]
    entries: tuple[Entry, ...]
    derived: bool = False


def lines_of(table: Table) -> Iterator[Line]:
    """The columns, then the rows; of cells with several numbers, such as intervals, the first ones, then the second ones."""
    names = [words_of(table.name(row)) for row in table.rows]
    heads = [words_of(cell.plain) for cell in table.header]
    made = [bool(DIFFERENT.search(cell.plain) or RATIOED.search(cell.plain)) for cell in table.header]
    for which in range(MOST_IN_CELL):
        for place, head in enumerate(heads):
            down = [(at, row[place], number) for at, row in enumerate(table.rows) if (number := number_at(row[place], which)) is not None]
            yield Line(head, tuple(Entry(cell, number, names[at], (at, place), which == 0) for at, cell, number in down), made[place])
        for at, row in enumerate(table.rows):
            found = [(place, cell, number) for place, cell in enumerate(row) if (number := number_at(cell, which)) is not None]
            yield Line(names[at], tuple(Entry(cell, number, heads[place], (at, place), which == 0, made[place]) for place, cell, number in found))


def number_at(cell: Cell, which: int) -> Number | None:
    return cell.number if which == 0 else cell.numbers[which] if cell.number is not None and which < len(cell.numbers) else None


def table_claims(table: Table, results: Results, above: Sequence[str]) -> list[Claim]:
    """A claim for each cell that could be bound; `above` are the titles over the table."""
    found: dict[tuple[int, int], Claim] = {}
    grid: dict[tuple[int, int], int] = {}
    missing: list[Line] = []
    titles = words_of(" ".join(above))
    for line in lines_of(table):
        named = [named_leaves(entry, line, results) for entry in line.entries]
        bound = bound_by_name(line, named, results) | bound_by_pattern(line, named, results, titles)
        grid |= {line.entries[at].place: leaf for at, leaf in bound.items() if line.entries[at].first}
        missing += [line] if not bound and not any(named) else []
        for one in line_claims(line, named, bound, results):
            known = found.get((one.line, one.column))
            if known is None or one.verdict == "CONFIRMED":
                found[one.line, one.column] = one
    absent = [claims for line in missing if (claims := list(absent_cells(line, results, set(grid.values()))))]
    for one in absent[0] if len(absent) == 1 else ():  # of two columns either may be meant
        found.setdefault((one.line, one.column), one)
    return list((found | {(one.line, one.column): one for one in crossing_claims(table, grid, results)}).values())


def crossing_claims(table: Table, grid: Mapping[tuple[int, int], int], results: Results) -> Iterator[Claim]:
    """What the other cells of its row and column say of a cell goes before its own names: a neighbour's value may agree by mistake."""
    for (row, place), leaf in crossing_leaves(grid, results).items():
        cell, value = table.rows[row][place], results.leaves[leaf].value
        if cell.number is None or not comparable(cell.number, value, results.words[leaf]):
            continue
        right, entry = agrees(cell.number, value), Entry(cell, cell.number, (), (row, place))
        yield cell_claim(entry, "CONFIRMED" if right else "WRONG", "" if right else f"results say {value:.6g} there", results.address(leaf))


def line_claims(line: Line, named: Sequence[Sequence[int]], bound: Mapping[int, int], results: Results) -> Iterator[Claim]:
    """Of the cells of a line by their names; `bound` are those that agree with a leaf."""
    for at, leaf in bound.items():
        yield cell_claim(line.entries[at], "CONFIRMED", "", results.address(leaf))
    sure = len(bound) >= SURE or len(bound) * 2 >= len(line.entries)
    others = [at for at in range(len(line.entries)) if at not in bound]
    for at in others:
        entry, there = line.entries[at], [leaf for leaf in named[at] if could_be(line.entries[at], leaf, results)]
        wanted = frozenset((*line.words, *entry.words))  # all of them: "capability preserved" is no capability
        told = entry.first and not (line.derived or entry.derived) and any(wanted <= results.words[leaf] for leaf in there)
        value = results.leaves[there[0]].value if told else 0.0
        slip = sure or (len(there) == 1 and is_near(entry.number, value))
        if told and slip and not any(agrees(entry.number, results.leaves[leaf].value) for leaf in there):
            verdict: ClaimVerdict = "WRONG" if sure and bound else "UNSUPPORTED"
            reason = f"results say {value:.6g} there" if verdict == "WRONG" else f"{ABSENT}: the address of its names says {value:.6g}"
            yield cell_claim(entry, verdict, reason, results.address(there[0]))


def is_near(number: Number, value: float) -> bool:
    """Whether a number may be a slip of a value, at some scale that its unit allows."""
    return any(abs(value * scale) / FAR <= abs(float(number.value)) <= abs(value * scale) * FAR for scale in scales_of(number))


def cell_claim(entry: Entry, verdict: ClaimVerdict, reason: str, address: str) -> Claim:
    number = entry.number
    return claim(entry.cell.line, entry.cell.column + number.start, number.text, "table cell", verdict, reason, address, number.end - number.start)


def named_leaves(entry: Entry, line: Line, results: Results) -> list[int]:
    """The few leaves that the names of a cell's row and column name best; none where its line has no word in the results, or which is meant is open."""
    wanted, places = frozenset(entry.words), results.named(entry.words)
    if not len(places) or len(places) > MOST_NAMED:
        return []
    scores = results.scored(places, line.words)
    for top in np.unique(scores)[::-1].tolist():
        group = places[scores >= top - 1e-9].tolist() if top > 0 else []
        group = [leaf for leaf in group if not results.leaves[leaf].one_of]  # a list is told by its mean
        found = [leaf for leaf in group if any(is_name(wanted, frozenset(words_of(label))) for label in results.leaves[leaf].labels)]
        if found or not group:
            return found if len(found) <= FEW_NAMED and is_whole(line, found, results) else []
    return []


def is_whole(line: Line, found: Sequence[int], results: Results) -> bool:
    """Whether leaves have every word of a line that stands in the results at all."""
    known = frozenset(word for word in line.words if word in results.by_word)
    return all(known <= results.words[leaf] for leaf in found)


def could_be(entry: Entry, leaf: int, results: Results) -> bool:
    return comparable(entry.number, results.leaves[leaf].value, results.words[leaf])


def bound_by_name(line: Line, named: Sequence[Sequence[int]], results: Results) -> dict[int, int]:
    """The cells that agree with what their names name, where that is no chance."""
    found = {}
    for at, entry in enumerate(line.entries):
        right = [leaf for leaf in named[at] if agrees(entry.number, results.leaves[leaf].value)]
        if right and len(named[at]) * results.share(entry.number) < CHANCE:
            found[at] = right[0]
    return found


def bound_by_pattern(line: Line, named: Sequence[Sequence[int]], results: Results, titles: Sequence[str]) -> dict[int, int]:
    """The cells whose agreeing leaves have one pattern. A cell whose names name a leaf is bound to none but that."""
    votes: dict[Pattern, dict[int, int]] = defaultdict(dict)  # pattern to entry to leaf
    for at, entry in enumerate(line.entries):
        for leaf in of_its_name(entry, results):
            if named[at] and leaf not in named[at]:
                continue
            for pattern in patterns_of(entry, leaf, results):
                best = votes[pattern].get(at)
                if best is None or suits(line, entry, leaf, results, titles) > suits(line, entry, best, results, titles):
                    votes[pattern][at] = leaf
    shares = [results.share(entry.number) for entry in line.entries]
    used: dict[int, tuple[float, int]] = {}
    for pattern, leaves in votes.items():
        if len(leaves) < 2 or not consistent(line, leaves, results):
            continue
        chance = len(votes) * math.prod(min(1.0, shares[at] * rivals(pattern, line.entries[at], results)) for at in leaves)
        if chance < CHANCE:
            for at, leaf in leaves.items():
                fit = suits(line, line.entries[at], leaf, results, titles) + len(leaves)
                if at not in used or fit > used[at][0]:
                    used[at] = fit, leaf
    return {at: leaf for at, (_, leaf) in used.items()}


def consistent(line: Line, leaves: Mapping[int, int], results: Results) -> bool:
    """Whether the leaves of a pattern are named by their own cells: none has the name of another cell of the line, and not its own."""
    for at, leaf in leaves.items():
        own = len(frozenset(line.entries[at].words) & results.words[leaf])
        if any(len(frozenset(other.words) & results.words[leaf]) > own for place, other in enumerate(line.entries) if place != at):
            return False
    return True


def of_its_name(entry: Entry, results: Results) -> list[int]:
    """The leaves that a cell tells, as far as they share the most words with its name."""
    agreeing = results.agreeing(entry.number)
    counts = results.shared(agreeing, entry.words)
    best = int(counts.max(initial=0))
    known = results.named(entry.words)
    least = int(results.shared(known[:1], entry.words)[0]) if len(known) else 0
    return [leaf for leaf, count in zip(agreeing, counts.tolist(), strict=True) if count * 2 > best > 0 and count >= least][:MOST_AGREEING]


def absent_cells(line: Line, results: Results, used: Set[int]) -> Iterator[Claim]:
    """Where a file has one number under each name of a column, told by no other column, and no cell says what it is: another run, or none."""
    files: dict[Pattern, dict[int, int]] = defaultdict(dict)
    for at, entry in enumerate(line.entries):
        wanted = frozenset(entry.words)
        named = results.named(entry.words).tolist()[:MOST_AGREEING]
        named = [leaf for leaf in named if frozenset(words_of(results.leaves[leaf].labels[-1])) == wanted] or named
        alone = len({results.leaves[leaf].file for leaf in named}) == len(named)
        for leaf in named if alone and used.isdisjoint(named) else ():
            path, there = results.leaves[leaf].path, frozenset(words_of(results.leaves[leaf].labels[-1]))
            if len(wanted & there) * 2 > max(len(wanted), len(there)):
                files[results.leaves[leaf].file, path[:-1], ()].setdefault(at, leaf)
    whole = {pattern: leaves for pattern, leaves in files.items() if len(leaves) >= SURE and len(leaves) * 2 > len(line.entries)}
    if not whole or any(agrees(line.entries[at].number, results.leaves[leaf].value) for leaves in whole.values() for at, leaf in leaves.items()):
        return
    for at, leaf in max(whole.values(), key=len).items():
        if comparable(line.entries[at].number, results.leaves[leaf].value, results.words[leaf]):
            told = f"{ABSENT}: the address of its name says {results.leaves[leaf].value:.6g}"
            yield cell_claim(line.entries[at], "UNSUPPORTED", told, results.address(leaf))


def patterns_of(entry: Entry, leaf: int, results: Results) -> Iterator[Pattern]:
    """The patterns that a leaf has for a cell: a segment that the cell's words name is starred; or all below a prefix, where they name the rest of it."""
    one = results.leaves[leaf]
    wanted = frozenset(entry.words)
    for place, segment in enumerate(one.labels):
        if wanted and names(wanted, frozenset(words_of(segment))):
            yield one.file, one.path[:place], one.path[place + 1 :]
    rest = frozenset(word for part in one.labels for word in words_of(part))
    if wanted & rest:
        for depth in range(len(one.path)):
            below = frozenset(word for part in one.labels[depth:] for word in words_of(part))
            if wanted & below:
                yield one.file, one.path[:depth], None


def is_name(wanted: frozenset[str], there: frozenset[str]) -> bool:
    """Whether a segment is little else than a cell's name."""
    common = len(wanted & there)
    return common > 0 and common * 2 >= max(len(wanted), len(there))


def names(wanted: frozenset[str], there: frozenset[str]) -> bool:
    """Whether a cell's words name a segment: most of them stand there, or all of it stands among them."""
    common = len(wanted & there)
    return common > 0 and (common * 2 > len(wanted) or common == len(there))


def rivals(pattern: Pattern, entry: Entry, results: Results) -> int:
    """How many leaves of a pattern a cell's words name: any of them may agree."""
    file, before, after = pattern
    wanted = frozenset(entry.words)
    if after is not None:
        return max(1, sum(names(wanted, frozenset(words_of(segment))) for segment, _ in results.at_pattern(file, before, after)))
    return max(1, results.below_with(file, before, wanted))


def suits(line: Line, entry: Entry, leaf: int, results: Results, titles: Sequence[str]) -> float:
    """How well the words of a leaf suit a cell: its own, those of its line, those of the titles."""
    words, rarity = results.words[leaf], results.rarity
    return overlap(entry.words, words, rarity) + overlap(line.words, words, rarity) + 0.3 * overlap(titles, words, rarity)
