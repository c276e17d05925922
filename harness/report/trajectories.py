"""What a declared trajectory shows, before it is drawn: every cell of its test with the measurements it names, or the word for why there is none."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import product
from typing import Any

import msgspec

from harness.errors import HarnessError, nearest
from harness.records import Cell, Measurement, Record, decode
from harness.report.addresses import value_at
from harness.report.axis_order import axis_values
from harness.report.escape import one_line
from harness.report.view import Row, View, param_names

FILE_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.]{0,79}")
STOPPED = ("blocked", "killed", "error")
MISSING = "missing"
MOST_PANELS = 40  # of one picture


class Trajectory(Record, frozen=True, kw_only=True):
    """The declaration as it stands in `design`; what each key means is said in harness/design/spec.py."""

    of: str
    x: str
    lines: tuple[str, ...]
    rows: str
    columns: str = ""

    @property
    def axes(self) -> tuple[str, ...]:
        """The axes that lay it out: rows, columns where there are any, x."""
        return tuple(axis for axis in (self.rows, self.columns, self.x) if axis)


@dataclass(frozen=True, kw_only=True)
class Point:
    """A measurement with its address, or the word for why there is none."""

    measurement: Measurement | None = None
    at: str = ""
    word: str = ""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One cell: its values on rows, columns (where there are any), x and on whatever else it is repeated over; its points, line by line."""

    values: tuple[str, ...]
    verdict: str
    points: tuple[tuple[Point, ...], ...]
    cell: Cell | None = None
    at: str = ""


@dataclass(frozen=True, kw_only=True)
class Grid:
    """A trajectory with its entries in the declared order. `names` are the axes of `Entry.values`; `stem` is the name of its figure's files."""

    name: str
    stem: str
    declared: Trajectory
    names: tuple[str, ...]
    orders: tuple[tuple[str, ...], ...]
    entries: tuple[Entry, ...]

    @property
    def title(self) -> str:
        """`source × behaviour × epoch`."""
        return " × ".join(one_line(name) for name in self.names)

    @property
    def across(self) -> int:
        """How many panels stand side by side."""
        return len(self.orders[1]) if self.declared.columns else 1

    @property
    def pages(self) -> list[tuple[str, tuple[str, ...]]]:
        """(stem, rows) of each picture of the figure: `trajectory_leakage`, `trajectory_leakage-2`; at least one, which may have no rows."""
        rows, most = self.orders[0] if self.entries else (), max(1, MOST_PANELS // max(1, self.across))
        parts = [rows[start : start + most] for start in range(0, len(rows), most)] or [()]
        return [(self.stem if number == 1 else f"{self.stem}-{number}", part) for number, part in enumerate(parts, start=1)]

    @property
    def alt(self) -> str:
        """What the picture shows, for those who do not see it."""
        of, lines = one_line(self.declared.of), ", ".join(one_line(line) for line in self.declared.lines)
        panels = " and ".join(one_line(axis) for axis in self.declared.axes[:-1])
        return f"{lines} of {of} over {one_line(self.declared.x)}, one panel for each {panels}; the same numbers stand in the table below."

    @property
    def methods(self) -> list[tuple[tuple[str, ...], Point]]:
        """(lines, their first point) for each way in which they were measured: unit, coverage, method, sampling unit."""
        found: dict[tuple[Any, ...], tuple[dict[str, None], Point]] = {}
        for entry in self.entries:
            for line, points in zip(self.declared.lines, entry.points, strict=True):
                for point in points:
                    if point.measurement:
                        found.setdefault(how(point.measurement), ({}, point))[0][line] = None
        return [(tuple(lines), point) for lines, point in found.values()]

    @property
    def notes(self) -> list[str]:
        """What the reader must know about the figure itself: a test without cells, a line that nothing was measured for."""
        if not self.entries:
            return [f"No cell of this run belongs to {self.declared.of}."]
        known = sorted({found.name for entry in self.entries if entry.cell for found in entry.cell.measurements})
        absent = [line for line in self.declared.lines if line not in known]
        return [f"No cell holds a measurement called {line!r}. {nearest(line, known)}" for line in absent if known]


def grids(view: View) -> list[Grid]:
    """Every declared trajectory. Raises HarnessError where the design holds one that cannot be read."""
    found = view.tree["design"].get("trajectories")
    return [_grid(view, place, name, _read(name, value)) for place, (name, value) in enumerate(found.items())] if isinstance(found, dict) else []


def shown_in(grids: list[Grid], row: Row) -> bool:
    """True where the table of a trajectory tells all that this row of the numbers table does."""
    ours = [grid.declared.lines for grid in grids if grid.declared.of == row.cell.owner]
    return any(row.measurement is None or row.measurement.name in lines for lines in ours)


def how(measured: Measurement) -> tuple[Any, ...]:
    """What two measurements of one line must share to be told of in one sentence."""
    interval = measured.interval
    return (measured.unit, measured.sampling_unit, interval.level if interval else None, interval.method if interval else "")


def _read(name: str, value: Any) -> Trajectory:
    try:
        return decode(value, Trajectory)
    except msgspec.ValidationError as error:
        where = f"results.json design/trajectories/{one_line(name)}"
        raise HarnessError(f"does not fit: {one_line(str(error))}", where=where, mend="The keys are of, x, lines, rows and columns.") from error


def _grid(view: View, place: int, name: str, declared: Trajectory) -> Grid:
    cells = [(at, cell) for at, cell in view.cells if cell.owner == declared.of]
    inside = param_names([cell for _, cell in cells])
    names = (*declared.axes, *(param for param in inside if param not in declared.axes))
    known = {axis: axis_values(view, axis, [cell for _, cell in cells]) for axis in names}
    entries = [_entry(view, declared, names, at, cell) for at, cell in cells]
    entries += _lost(view, declared, names, {axis: known[axis] for axis in inside}, {entry.values for entry in entries})
    entries.sort(key=lambda entry: [known[axis].index(value) if value in known[axis] else -1 for axis, value in zip(names, entry.values, strict=True)])
    orders = tuple(tuple(value for value in known[axis] if any(entry.values[i] == value for entry in entries)) for i, axis in enumerate(names))
    stem = f"trajectory_{name if FILE_NAME.fullmatch(name) else place}"
    return Grid(name=name, stem=stem, declared=declared, names=names, orders=orders, entries=tuple(entries))


def _entry(view: View, declared: Trajectory, names: tuple[str, ...], at: str, cell: Cell) -> Entry:
    measured = view.measurements(at, cell)
    word = cell.verdict if cell.verdict in STOPPED else MISSING
    points = tuple(
        tuple(Point(measurement=found, at=where) for where, found in measured if found.name == line) or (Point(word=word),) for line in declared.lines
    )
    return Entry(values=tuple(str(cell.params.get(name, "")) for name in names), verdict=cell.verdict, points=points, cell=cell, at=at)


def _lost(view: View, declared: Trajectory, names: tuple[str, ...], inside: dict[str, list[str]], there: set[tuple[str, ...]]) -> list[Entry]:
    """Promised cells without any record: found by the ids that they would have."""
    lost = {str(value_at(view.tree, where)) for where in view.lost}
    lost = {name for name in lost if name.startswith(f"{declared.of}[")}
    points = tuple((Point(word=MISSING),) for _ in declared.lines)
    found = []
    for values in product(*inside.values()) if lost else ():
        named = dict(zip(inside, values, strict=True))
        place = tuple(named.get(name, "") for name in names)
        if place not in there and f"{declared.of}[{'-'.join(values)}]" in lost:
            found.append(Entry(values=place, verdict=MISSING, points=points))
    return found
