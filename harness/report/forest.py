"""What the hero figure shows, before it is drawn: panels of marks, one mark a cell, nothing left out because it has no number."""

from __future__ import annotations

from dataclasses import dataclass, field

from harness.records import Cell, Measurement
from harness.report.addresses import below
from harness.report.numbers import Numbers
from harness.report.trajectories import grids
from harness.report.view import SEED, Row, View, param_names

CONTROLS = "controls"
TOWARDS = {"increase": "upwards", "decrease": "downwards", "either": "either way"}


@dataclass(frozen=True, kw_only=True)
class Mark:
    """One line of a panel. `value` is None where the cell gave no number; `note` then says why. `text` is the number as the report writes it."""

    label: str
    verdict: str
    value: float | None = None
    low: float | None = None
    high: float | None = None
    text: str = ""
    note: str = ""
    polarity: str = ""


@dataclass(kw_only=True)
class Panel:
    """Marks that share an axis, and the registered thresholds on it as (value, text)."""

    title: str
    unit: str
    marks: list[Mark] = field(default_factory=list)
    bars: dict[float, str] = field(default_factory=dict)


def panels(view: View, numbers: Numbers) -> list[Panel]:
    """The primary hypothesis' cells (all hypotheses' where none is primary), faceted by one parameter, then the controls."""
    primary = {result.id for _, result in view.hypotheses if result.primary}
    tested = [row for row in view.effects.values() if row.cell.kind == "hypothesis" and (row.cell.owner in primary or not primary)]
    facet = facet_of(tested)
    drawn = _Panels(view, numbers, facet)
    for row in tested:
        drawn.add(row, str(row.cell.params.get(facet, "")))
    for where in view.lost:
        drawn.add_lost(where, [str(row.cell.params.get(facet, "")) for row in tested], {row.cell.owner for row in tested})
    elsewhere = {grid.declared.of for grid in grids(view)}  # a control with a figure of its own would bury the others under its cells
    for row in view.effects.values():
        if row.cell.kind == "control" and row.cell.owner not in elsewhere:
            drawn.add(row, CONTROLS)
    return list(drawn.found.values())


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


class _Panels:
    def __init__(self, view: View, numbers: Numbers, facet: str) -> None:
        self.view, self.numbers, self.facet = view, numbers, facet
        self.found: dict[tuple[str, str], Panel] = {}

    def add(self, row: Row, title: str) -> None:
        label = self.label(row.cell)
        if row.measurement is None:
            self.panel(title, None).marks.append(Mark(label=label, verdict=row.cell.verdict, note=self.note(row.cell), polarity=self.polarity(row.cell)))
            return
        panel = self.panel(title, row.measurement.unit)
        panel.marks.append(self.mark(label, row, row.measurement))
        self.bar(panel, row.cell, row.measurement)

    def add_lost(self, where: str, titles: list[str], owners: set[str]) -> None:
        """A promised cell without any record: its parameters can only be read from its id."""
        name = self.numbers.text(where)
        owner, _, inside = name.rstrip("]").partition("[")
        if owner not in owners:
            return
        parts = inside.split("-")
        title = next((title for title in titles if title and title in parts), "")
        self.panel(title, None).marks.append(
            Mark(label=" · ".join(part for part in parts if part != title) or name, verdict="missing", note="missing: no record")
        )

    def panel(self, title: str, unit: str | None) -> Panel:
        """The panel of a title and unit; a cell without a number joins whichever panel of its title is there."""
        same = [panel for (named, _), panel in self.found.items() if named == title]
        fits = [panel for panel in same if unit is None or panel.unit in (unit, "")]
        if fits:
            fits[0].unit = fits[0].unit or unit or ""
            return fits[0]
        return self.found.setdefault((title, unit or ""), Panel(title=title, unit=unit or ""))

    def label(self, cell: Cell) -> str:
        rest = [str(cell.params[name]) for name in param_names([cell]) if name != self.facet]
        inside = " · ".join(rest)
        polarity = self.polarity(cell)
        return f"{inside or cell.id} ({polarity} control)" if polarity else inside or cell.id

    def polarity(self, cell: Cell) -> str:
        check = self.view.check_of(cell) if cell.kind == "control" else None
        return check.polarity if check else ""

    def note(self, cell: Cell) -> str:
        by = f" by {cell.stopped_by}" if cell.stopped_by else ""
        return f"{cell.verdict}{by}: not measured"

    def mark(self, label: str, row: Row, measurement: Measurement) -> Mark:
        at, interval = row.measured_at, measurement.interval
        shown = self.numbers.num(below(at, "value"))
        ends = f" {self.numbers.interval(below(at, 'interval'))}" if interval else " no interval"
        return Mark(
            label=label,
            verdict=row.cell.verdict,
            value=measurement.value,
            low=interval.low if interval else None,
            high=interval.high if interval else None,
            text=f"{shown}{ends}  N {self.numbers.num(below(at, 'n'))}",
            polarity=self.polarity(row.cell),
        )

    def bar(self, panel: Panel, cell: Cell, measurement: Measurement) -> None:
        found = self.view.threshold_of(cell, measurement)
        if not found:
            return
        at, bar = found
        shown = self.numbers.num(below(at, "value"), unit=False).lstrip("+")
        text = f"threshold {shown} {bar.unit}, {TOWARDS[bar.direction]}"
        size = abs(bar.value)
        for side in {"increase": (bar.value,), "decrease": (-size,), "either": (-size, size)}[bar.direction]:
            panel.bars[side] = text
