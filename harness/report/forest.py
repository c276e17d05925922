"""What the hero figure shows, before it is drawn: panels of marks, one mark a cell, nothing left out because it has no number."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product

from harness.plaintext import one_line
from harness.records import Cell, Kind, Measurement
from harness.report.addresses import below
from harness.report.axis_order import axis_values, is_number
from harness.report.margins import Bar, bar_of
from harness.report.numbers import NO_INTERVAL, Numbers
from harness.report.plot_frame import label_of
from harness.report.record_format import axis_limits
from harness.report.trajectories import grids
from harness.report.view import SEED, Row, View, param_names

CONTROLS = "controls"
MOST_NAMES = 4  # measurements that the label of an axis names

Place = tuple[int, ...]  # where the values of a cell stand on its axes


@dataclass(frozen=True, kw_only=True)
class Mark:
    """One line of a panel. `value` is None where the cell gave no number; `note` then says why. `text` is the number with its interval and
    `count` how many units are behind it, as the report writes them; `addresses` say where all that is shown stands in results.json."""

    label: str
    verdict: str
    value: float | None = None
    low: float | None = None
    high: float | None = None
    level: float | None = None
    text: str = ""
    count: str = ""
    note: str = ""
    polarity: str = ""
    bar: Bar | None = None
    addresses: tuple[str, ...] = ()


@dataclass(kw_only=True)
class Panel:
    """Marks that share an axis, which measures `names` in `unit`."""

    title: str
    unit: str = ""
    names: dict[str, None] = field(default_factory=dict)
    marks: list[Mark] = field(default_factory=list)
    span: tuple[float, float] | None = None  # of the axis, where the panel is a part of another

    @property
    def label(self) -> str:
        """What is measured, with its unit: `shift of the target (pp)`."""
        many = len(self.names) > MOST_NAMES
        name = f"{len(self.names)} measurements" if many else "; ".join(self.names)
        return label_of(name, self.unit)

    @property
    def limits(self) -> tuple[float, float]:
        """The ends of the axis: zero, all intervals and the thresholds lie between."""
        if self.span:
            return self.span
        points = [0.0]
        for mark in self.marks:
            sides = (*mark.bar.lines, *(mark.bar.margin or ())) if mark.bar else ()
            points += [point for point in (mark.value, mark.low, mark.high, *sides) if point is not None]
        return axis_limits(points)

    @property
    def bar(self) -> str:
        """The threshold where all marks that have one share it."""
        return _shared({mark.bar.text for mark in self.marks if mark.bar})

    @property
    def count(self) -> str:
        """How many units are behind every mark, where they are as many."""
        return _shared({mark.count for mark in self.marks if mark.count})


def _shared(texts: set[str]) -> str:
    return texts.pop() if len(texts) == 1 else ""


def panels(view: View, numbers: Numbers) -> list[Panel]:
    """The cells of the primary hypothesis, then of the others that are supported, each faceted by one parameter, then the controls. All hypotheses are
    shown where none is primary. Cells stand in the order of the design."""
    results = [result for _, result in view.hypotheses]
    first = [result.id for result in results if result.primary] or [result.id for result in results]
    shown = dict.fromkeys([*first, *(result.id for result in results if result.verdict == "supported")])
    elsewhere = {grid.declared.of for grid in grids(view)}  # a control with a figure of its own would bury the others under its cells
    controls = dict.fromkeys(check.id for _, check in view.checks if check.kind == "control" and check.id not in elsewhere)
    tested = [panel for owner in shown for panel in _panels_of([_Cells(view, numbers, owner, "hypothesis")])]
    return tested + _panels_of([_Cells(view, numbers, owner, "control") for owner in controls])


def _panels_of(owners: list[_Cells]) -> list[Panel]:
    found: dict[tuple[str, str], Panel] = {}
    for cells in owners:
        for title, row in cells.rows():
            measured = row.measurement
            panel = _panel(found, title, measured.unit if measured else None)
            panel.marks.append(cells.mark(row, measured) if measured else cells.unmeasured(row.cell))
            panel.names |= {measured.name: None} if measured else {}
    return list(found.values())


def _panel(found: dict[tuple[str, str], Panel], title: str, unit: str | None) -> Panel:
    """The panel of a title and unit; a cell without a number joins whichever panel of its title is there."""
    fits = [panel for (named, _), panel in found.items() if named == title and (unit is None or panel.unit == unit or not panel.names)]
    if fits:
        fits[0].unit = fits[0].unit or unit or ""
        return fits[0]
    return found.setdefault((title, unit or ""), Panel(title=title, unit=unit or ""))


def facet_of(rows: list[Row]) -> str:
    """The parameter that splits the cells into panels of one unit each; among those the one with the fewest values; "" where none splits."""
    names = param_names([row.cell for row in rows])
    values = {name: {str(row.cell.params.get(name)) for row in rows} for name in names}
    splitting = [name for name in names if len(values[name]) > 1 and name != SEED] if len(names) > 1 else []
    return min(splitting, key=lambda name: (_mixed(rows, name), len(values[name])), default="")


def _mixed(rows: list[Row], name: str) -> int:
    units: dict[str, set[str]] = {}
    for row in rows:
        if row.measurement:
            units.setdefault(str(row.cell.params.get(name)), set()).add(row.measurement.unit)
    return sum(len(found) - 1 for found in units.values())


def name_value(name: str, value: object) -> str:
    """`villain`, but `epoch 2`: a bare number does not say what it counts."""
    text = str(value)
    return f"{name} {text}" if is_number(text) or isinstance(value, bool) else text


class _Cells:
    """The cells of one hypothesis or control, those without a record included, as lines of a panel."""

    def __init__(self, view: View, numbers: Numbers, owner: str, kind: Kind) -> None:
        self.view, self.numbers, self.owner, self.kind = view, numbers, owner, kind
        self.recorded = [row for row in view.effects.values() if (row.cell.owner, row.cell.kind) == (owner, kind)]
        cells = [row.cell for row in self.recorded]
        self.names = param_names(cells)
        self.orders = {name: {value: place for place, value in enumerate(axis_values(view, name, cells))} for name in self.names}
        self.polarity = next((check.polarity for _, check in view.checks if (check.id, check.kind) == (owner, kind)), "")
        self.facet = "" if self.is_control else facet_of(self.recorded)

    @property
    def is_control(self) -> bool:
        return self.kind == "control"

    def rows(self) -> Iterator[tuple[str, Row]]:
        """(title of its panel, row) in the order of the design."""
        for row in sorted([*self.recorded, *self.lost()], key=lambda row: self.place(row.cell)):
            facet = row.cell.params.get(self.facet, "")
            yield one_line(CONTROLS if self.is_control else f"{self.owner} · {name_value(self.facet, facet)}" if facet != "" else self.owner), row

    def place(self, cell: Cell) -> Place:
        names = sorted(self.names, key=lambda name: name != self.facet)
        return tuple(self.orders[name].get(str(cell.params.get(name, "")), len(self.orders[name])) for name in names)

    def lost(self) -> list[Row]:
        """Promised cells without any record; their parameters are those whose id they have."""
        ids = {str(self.numbers.value(where)): where for where in self.view.lost}
        ours = {name: where for name, where in ids.items() if name.partition("[")[0] == self.owner}
        known = {f"{self.owner}[{'-'.join(values)}]": values for values in product(*self.orders.values())} if ours else {}
        return [Row(self._without_record(name, dict(zip(self.names, known.get(name, ()), strict=False))), where) for name, where in ours.items()]

    def _without_record(self, name: str, params: dict[str, str]) -> Cell:
        return Cell(id=name, owner=self.owner, kind=self.kind, nodeid="", params=params, key="", verdict="missing", reason="no record")

    def label(self, cell: Cell) -> str:
        """`villain · epoch 2`; a control's begins with its id and ends with what it is for."""
        rest = " · ".join(name_value(name, cell.params[name]) for name in param_names([cell]) if name != self.facet)
        if not self.is_control:
            return one_line(rest or cell.id)
        named = f"{self.owner} {rest}" if rest else cell.id
        return one_line(f"{named}, {self.polarity} control" if self.polarity else named)

    def unmeasured(self, cell: Cell) -> Mark:
        why = f"{cell.verdict} by {cell.stopped_by}" if cell.stopped_by else "no record" if cell.reason == "no record" else cell.verdict
        return Mark(label=self.label(cell), verdict=cell.verdict, note=one_line(f"not measured: {why}"), polarity=self.polarity)

    def mark(self, row: Row, measured: Measurement) -> Mark:
        at, interval = row.measured_at, measured.interval if measured.interval and measured.interval.has_width else None
        shown, ends = self.numbers.num(below(at, "value"), unit=False), self.numbers.interval(below(at, "interval")) if interval else NO_INTERVAL
        bar = bar_of(self.view, self.numbers, row.cell, measured)
        parts = [below(at, "value"), *([below(at, "interval")] if interval else []), below(at, "n"), *([below(bar.at, "value")] if bar else [])]
        return Mark(
            label=self.label(row.cell),
            verdict=row.cell.verdict,
            value=measured.value,
            low=interval.low if interval else None,
            high=interval.high if interval else None,
            level=interval.level if interval else None,
            text=f"{shown} {ends}",
            count=f"N {self.numbers.num(below(at, 'n'))}",
            polarity=self.polarity,
            bar=bar,
            addresses=tuple(parts),
        )
