"""The verdict matrix: what became of every point of the design, laid out by the parameters of its cells in the order of their axes."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from harness.records import Cell
from harness.report.addresses import value_at
from harness.report.axis_order import axis_values
from harness.report.view import SEED, View, param_names

ABSENT = "not in the design"


@dataclass(frozen=True)
class Box:
    """One field of the matrix: a cell with its address, or the bare verdict "missing", or a point that was never planned."""

    verdict: str
    cell: Cell | None = None
    at: str = ""


@dataclass(frozen=True)
class Matrix:
    """The cells of one hypothesis, gate or control: rows x columns."""

    owner: str
    row_name: str
    column_name: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Box, ...]], ...]


Points = dict[tuple[tuple[str, ...], str], Box]


def matrices(view: View) -> list[Matrix]:
    """One matrix for each hypothesis, gate or control whose cells have parameters; of gates and controls where there are several cells. Hypotheses first."""
    ordered = sorted(view.cells, key=lambda pair: pair[1].kind != "hypothesis")
    seen = Counter((cell.kind, cell.owner) for _, cell in ordered if cell.params)
    return [_matrix(view, owner) for (kind, owner), count in seen.items() if count > 1 or kind == "hypothesis"]


def _matrix(view: View, owner: str) -> Matrix:
    cells = [(at, cell) for at, cell in view.cells if cell.owner == owner]
    names = param_names([cell for _, cell in cells])
    if len(names) > 2 and names[-1] == SEED:
        names[-2:] = [SEED, names[-2]]
    row_names, column_name = (names[:-1], names[-1]) if len(names) > 1 else (names, "")
    points: Points = {
        (tuple(str(cell.params.get(name, "")) for name in row_names), str(cell.params.get(column_name, ""))): Box(cell.verdict, cell, at) for at, cell in cells
    }
    _add_lost(view, owner, len(names), points)
    orders = [{value: place for place, value in enumerate(axis_values(view, name, [cell for _, cell in cells]))} for name in (*row_names, column_name)]

    def place(values: tuple[str, ...]) -> list[int]:
        return [order.get(value, len(order)) for order, value in zip(orders[: len(values)], values, strict=True)]

    rows = sorted(dict.fromkeys(row for row, _ in points), key=place)
    columns = sorted(dict.fromkeys(column for _, column in points), key=lambda column: orders[-1].get(column, len(orders[-1])))
    lines = tuple((" · ".join(row), tuple(points.get((row, column)) or _unplaced(view, owner, row, column) for column in columns)) for row in rows)
    return Matrix(owner, " · ".join(row_names), column_name, tuple(columns), lines)


def _add_lost(view: View, owner: str, parts: int, points: Points) -> None:
    """Promised cells without a record: their parameters can only be read from their ids."""
    for where in view.lost:
        named, _, inside = str(value_at(view.tree, where)).removesuffix("]").partition("[")
        values = inside.split("-") if inside else []
        if named == owner and len(values) == parts:
            row, column = (tuple(values[:-1]), values[-1]) if parts > 1 else (tuple(values), "")
            points.setdefault((row, column), Box("missing"))


def _unplaced(view: View, owner: str, row: tuple[str, ...], column: str) -> Box:
    """Missing where the promise names the point (values with a hyphen cannot be split), never planned otherwise."""
    name = f"{owner}[{'-'.join(part for part in (*row, column) if part)}]"
    return Box("missing" if name in view.results.missing else ABSENT)
