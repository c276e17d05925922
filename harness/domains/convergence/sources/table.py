"""CSV and JSON lines as rows with their places; a row that does not fit its table is refused, never padded."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path

from harness.errors import HarnessError, nearest
from harness.measures.banks import Item, parse_row

AGAIN = "Copy the file again; a row is never padded or cut to fit."


def csv_rows(text: str, path: Path, columns: Sequence[str]) -> list[tuple[str, dict[str, str]]]:
    """(file:line where the row begins, column to cell) of every row; other columns than those asked for may stand beside them.

    Raises HarnessError for a missing or doubled column, a row with more or fewer cells than the header, a quote that nobody closes, and no rows.
    """
    records = list(number_records(text, path))
    line, header = records[0]
    missing = [name for name in columns if name not in header]
    if missing:
        raise HarnessError(
            f"the column {missing[0]!r} is missing", where=f"{path}:{line}", mend=nearest(missing[0], [one for one in header if one not in columns])
        )
    if len(set(header)) < len(header):
        raise HarnessError("a column stands there twice", where=f"{path}:{line}", mend="Give each column a name of its own.")
    if len(records) == 1:
        raise HarnessError("the table holds no rows", where=str(path), mend=AGAIN)
    for line, cells in records[1:]:
        if len(cells) != len(header):
            raise HarnessError(f"{len(cells)} cells for {len(header)} columns", where=f"{path}:{line}", mend=AGAIN)
    return [(f"{path}:{line}", dict(zip(header, cells, strict=True))) for line, cells in records[1:]]


def number_records(text: str, path: Path) -> Iterator[tuple[int, list[str]]]:
    """(line where the record begins, cells) of every record that is not blank; a quoted cell may run over lines."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    begins = 1
    try:
        for cells in reader:
            if cells:
                yield begins, cells
            begins = reader.line_num + 1
    except csv.Error as error:
        raise HarnessError(f"broken CSV: {error}", where=f"{path}:{begins}", mend="A quote may be open, or the file cut off; copy it again.") from None


def json_lines(text: str, path: Path, kind: type[Item]) -> list[tuple[str, Item]]:
    """(file:line, row) of every line that is not blank. Raises HarnessError for a broken line, NaN, and a key that is missing or of the wrong type."""
    lines = enumerate(text.split("\n"), start=1)
    return [(f"{path}:{number}", parse_row(line, kind, path, number)) for number, line in lines if line.strip()]
