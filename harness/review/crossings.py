"""Cells of a table at the crossing of a row and a column whose other cells say which record the row is, and which of a record's values the column shows.

No name is needed: that the rule tells the addresses of the other cells of the column, each from its own row, shows that it holds for the one that is left.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from harness.review.results import Results

SURE, SHARE = 3, 0.75  # cells of a column whose addresses the rule tells before it is used, and of those that it says anything of

Grid = Mapping[tuple[int, int], int]  # row and column to the leaf that the cell is bound to
Pattern = tuple[int, tuple[str, ...], tuple[str, ...]]  # a file, and an address without the segment that names the record


def crossing_leaves(grid: Grid, results: Results) -> dict[tuple[int, int], int]:
    """For each cell the leaf that the others of its row and column lead to, whether rows or columns are the records."""
    turned = {(column, row): leaf for (row, column), leaf in grid.items()}
    across = {(row, column): leaf for (column, row), leaf in _by_column(turned, results)}
    return across | dict(_by_column(grid, results))


def _by_column(grid: Grid, results: Results) -> Iterator[tuple[tuple[int, int], int]]:
    rows = sorted({row for row, _ in grid})
    for column in sorted({column for _, column in grid}):
        own = {row: leaf for (row, place), leaf in grid.items() if place == column}
        for pattern in _patterns(own, results):
            told = {row: leaf for row in rows if (leaf := _leaf_of(row, column, pattern, grid, results)) is not None}
            right = [told[row] == leaf for row, leaf in own.items() if row in told]
            if sum(right) >= max(SURE, SHARE * len(right)):
                taken = {leaf: row for row, leaf in own.items()}  # a leaf is of one row: another's value may stand in this one by mistake
                yield from (((row, column), leaf) for row, leaf in told.items() if taken.get(leaf, row) == row)
                break


def _patterns(own: Mapping[int, int], results: Results) -> list[Pattern]:
    """The patterns that enough cells of a column have in common, the commonest first."""
    votes = Counter[Pattern]()
    for leaf in own.values():
        one = results.leaves[leaf]
        votes.update((one.file, one.path[:place], one.path[place + 1 :]) for place in range(len(one.path)))
    return [pattern for pattern, count in votes.most_common() if count >= SURE]


def _leaf_of(row: int, column: int, pattern: Pattern, grid: Grid, results: Results) -> int | None:
    """The leaf of a pattern for the record that the row's other cells are of. Numbers of records mean one thing only within one list."""
    file, before, after = pattern
    others = [results.leaves[leaf] for (there, place), leaf in grid.items() if there == row and place != column]
    segments = Counter(
        one.path[len(before)]
        for one in others
        if len(one.path) > len(before) and (not one.path[len(before)].isdigit() or (one.file, one.path[: len(before)]) == (file, before))
    )
    return results.leaf_at(file, (*before, segments.most_common(1)[0][0], *after)) if segments else None
