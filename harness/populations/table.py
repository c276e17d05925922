"""Tidy tables: named columns of equal length, one row for each measured generation of each run."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from harness.errors import HarnessError, nearest
from harness.fingerprint import canonical
from harness.populations.sealed import beside, sealed, unsealed

KIND = "table"
LINES = 10_000  # rows of CSV written at a time


@dataclass(frozen=True)
class Table:
    """`columns` are (rows,) arrays of numbers, truth values or text; a missing number is NaN, a missing text "". They cannot be written to."""

    columns: dict[str, np.ndarray]

    def __post_init__(self) -> None:
        if len({len(column) for column in self.columns.values()}) > 1:
            raise HarnessError("the columns of a table differ in length", mend="Give each the same rows")
        for column in self.columns.values():
            column.setflags(write=False)

    def __len__(self) -> int:
        return len(next(iter(self.columns.values()), ()))

    def column(self, name: str) -> np.ndarray:
        """(rows,) one column. Raises HarnessError where there is none of that name."""
        if name not in self.columns:
            raise HarnessError(f"the table has no column {name!r}", mend=nearest(name, self.columns))
        return self.columns[name]

    def select(self, **equals: Any) -> Table:
        """The rows in which each named column has the value given; None finds what is missing. Names with dots go in as `**{"landscape.rho": 0.4}`.

        Raises HarnessError where no row is left: the average of nothing would be no number.
        """
        found = np.ones(len(self), dtype=bool)
        for name, value in equals.items():
            here = same(self.column(name), value)
            if not here.any():
                raise HarnessError(f"no row has {value!r} in column {name!r}", mend=f"There is: {sample(self.column(name))}")
            found &= here
        if not found.any():
            raise HarnessError(f"no row has all of {', '.join(f'{name}={value!r}' for name, value in equals.items())}", mend="Ask for less at once")
        return Table({name: column[found] for name, column in self.columns.items()})

    def save(self, path: Path | str) -> None:
        """Writes an .npz that plain numpy reads, too; equal tables give equal bytes. A reader sees the old file or the new one, never half of either."""
        sealed(Path(path), KIND, {}, self.columns)

    @classmethod
    def load(cls, path: Path | str) -> Table:
        """A saved table. Raises HarnessError in one line for a file that is not a whole one."""
        return cls(unsealed(Path(path), KIND)[1])

    def to_csv(self, path: Path | str) -> None:
        """Writes comma-separated values with a line of names; numbers read back as the same bits, missing ones are empty."""
        with beside(Path(path)) as stream, io.TextIOWrapper(stream, encoding="utf-8", newline="") as text:
            writer = csv.writer(text, lineterminator="\n")
            writer.writerow(self.columns)
            for start in range(0, len(self), LINES):
                writer.writerows(zip(*(shown(column[start : start + LINES]) for column in self.columns.values()), strict=True))


def same(column: np.ndarray, value: Any) -> np.ndarray:
    """(rows,) True where the column has the value."""
    if value is None or (isinstance(value, float) and np.isnan(value)):
        return np.asarray(np.isnan(column) if column.dtype.kind == "f" else column == "" if column.dtype.kind == "U" else np.zeros(len(column), dtype=bool))
    if column.dtype.kind == "U":
        return np.asarray(column == (value if isinstance(value, str) else canonical(value)))
    fits = isinstance(value, (bool, int, float, np.generic))
    return np.asarray(column == value) if fits else np.zeros(len(column), dtype=bool)


def sample(column: np.ndarray, most: int = 8) -> str:
    """Some of a column's values, for a message."""
    values = np.unique(column)
    return ", ".join(str(value) for value in values[:most].tolist()) + (", …" if len(values) > most else "")


def shown(column: np.ndarray) -> list[Any]:
    """A column as what is written: the shortest digits that give the same bits, nothing for what is missing."""
    return ["" if value != value else value for value in column.tolist()]


def typed(values: Sequence[Any]) -> np.ndarray:
    """Plain values as a column: truth values, whole numbers, numbers or text where all are; anything else as JSON. None is missing."""
    kinds = {type(value) for value in values if value is not None}
    whole = all(value is not None for value in values)
    if whole and kinds in ({bool}, {int}):
        return np.array(values)
    if kinds <= {int, float}:
        return np.array([np.nan if value is None else value for value in values], dtype=float)
    if kinds == {str}:
        return np.array([value or "" for value in values])
    return np.array(["" if value is None else canonical(value) for value in values])
