"""The tables of a run: its measurements, its cells, and each of its samples files."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from harness.appendlog import SEAL
from harness.files import make_folder
from harness.fingerprint import canonical
from harness.plaintext import encodable, visible
from harness.report.numbers_csv import without_formula
from harness.report.sample_rows import read_rows
from harness.report.view import Row, View

Kind = type[bool] | type[int] | type[float] | type[str]
REAL = ("value", "low", "high", "level", "p", "p_floor", "seconds")
WHOLE = ("n",)


def typed(names: str) -> dict[str, Kind]:
    """Columns by name; what is not in REAL or WHOLE is text."""
    return {name: float if name in REAL else int if name in WHOLE else str for name in names.split()}


MEASUREMENTS = typed(
    "address cell owner kind params verdict name value unit low high level interval n sampling_unit seeds p p_floor p_method "
    "note doubt unsampled samples fingerprint"
)
CELLS = typed("address cell owner kind params verdict reason detail effect threshold p needs stopped_by nodeid seconds key")
LARGEST = 1 << 63


@dataclass(frozen=True)
class Table:
    """Rows under columns of one type each; None is missing, and lists and mappings are JSON. `name` is a path without its ending."""

    name: str
    columns: Mapping[str, Kind]
    rows: Sequence[Mapping[str, Any]] = field(repr=False)


def tables_of(run: Path, view: View, notes: list[str]) -> Iterator[Table]:
    """Every table, one at a time. A samples file that is not what the run recorded is left out, and named in `notes`."""
    yield Table("measurements", MEASUREMENTS, [measurement_row(row) for row in view.rows if row.measurement])
    yield Table("cells", CELLS, cell_rows(view))
    for path, rows in samples_of(run, view, notes):
        columns = {name: [row.get(name) for row in rows] for name in dict.fromkeys(name for row in rows for name in row)}
        yield Table(str(PurePosixPath(path).with_suffix("")), {encodable(name): kind_of(values) for name, values in columns.items()}, rows)


def samples_of(run: Path, view: View, notes: list[str]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """(path from the run folder, its rows) of every samples file that is what the run recorded; the others are named in `notes`."""
    refs = {ref.path: ref for row in view.rows if row.measurement for ref in row.measurement.samples}
    for path, ref in refs.items():
        rows, trouble = read_rows(run, ref)
        if trouble:
            notes.append(f"{path} is not exported: {trouble}")
            continue
        yield path, [{name: value for name, value in row.items() if name != SEAL} for row in rows]


def measurement_row(row: Row) -> dict[str, Any]:
    cell, measured = row.cell, row.measurement
    assert measured is not None
    interval = measured.interval
    bounds = {"low": interval.low, "high": interval.high, "level": interval.level, "interval": interval.method} if interval else {}
    about = {"address": row.measured_at, "cell": cell.id, "owner": cell.owner, "kind": cell.kind, "params": canonical(cell.params), "verdict": cell.verdict}
    lists = {"seeds": canonical(list(measured.seeds)), "samples": canonical([ref.path for ref in measured.samples])}
    same = {name: getattr(measured, name) for name in MEASUREMENTS if hasattr(measured, name) and name not in ("seeds", "samples", "interval")}
    return about | same | bounds | lists


def cell_rows(view: View) -> list[dict[str, Any]]:
    """Cells with what they took (seconds); those that were not run are there, too."""
    seconds = view.results.execution.seconds
    made = []
    for at, cell in view.cells:
        same = {name: getattr(cell, name) for name in CELLS if hasattr(cell, name)}
        own = {"address": at, "cell": cell.id, "seconds": seconds.get(cell.id), "params": canonical(cell.params), "needs": canonical(list(cell.needs))}
        made.append(same | own)
    return made


def kind_of(values: Sequence[Any]) -> Kind:
    """The type that holds all values of a column without loss; text, if need be as JSON, where none does."""
    kinds = {type(value) for value in values if value is not None}
    if kinds in ({bool}, {float}):
        return kinds.pop()
    if kinds and kinds <= {int, float}:
        whole = [value for value in values if isinstance(value, int)]
        if kinds == {int} and all(-LARGEST <= value < LARGEST for value in whole):
            return int
        if all(abs(value) <= 1 << 53 for value in whole):
            return float
    return str


def to_kind(value: Any, kind: Kind) -> Any:
    """A value of its column's type."""
    if value is None or kind is not str:
        return value if value is None or kind in (bool, int) else float(value)
    return encodable(value if isinstance(value, str) else canonical(value))


def write_csv(folder: Path, table: Table) -> None:
    """UTF-8 with a comma. Hidden characters are escapes; a text that a spreadsheet would execute gets an apostrophe in front (OWASP, CSV injection)."""
    path = folder / f"{table.name}.csv"
    make_folder(path.parent)
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(map(harmless, table.columns))
        for row in table.rows:
            writer.writerow(harmless(to_kind(row.get(name), kind)) for name, kind in table.columns.items())


def harmless(value: Any) -> str:
    if isinstance(value, str):
        return without_formula(visible(value))
    return "" if value is None else repr(value)


def write_parquet(folder: Path, table: Table) -> None:
    """A typed table (Parquet, zstd)."""
    import pyarrow as pa
    from pyarrow import parquet

    types = {bool: pa.bool_(), int: pa.int64(), float: pa.float64(), str: pa.string()}
    path = folder / f"{table.name}.parquet"
    make_folder(path.parent)
    columns = {name: pa.array([to_kind(row.get(name), kind) for row in table.rows], types[kind]) for name, kind in table.columns.items()}
    parquet.write_table(pa.table(columns), path, compression="zstd")
