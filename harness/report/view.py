"""What both tellings need, as addresses into results.json: who is primary, which cells are open, which measurement is a cell's effect."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import msgspec

from harness.history import REVISED, SUPERSEDED
from harness.plaintext import by_number
from harness.records import AFTER_DATA, Cell, Check, Event, HypothesisResult, Measurement, Results, Threshold, encode
from harness.report.addresses import address, below, handles

ANSWERED = ("supported", "falsified", "passed", "failed")
OPEN = ("inconclusive", "blocked", "killed", "error", "missing")
SYMBOLS = {
    "supported": "✓",
    "passed": "✓",
    "falsified": "✗",
    "failed": "✗",
    "inconclusive": "?",
    "blocked": "⊘",
    "killed": "⊘",
    "error": "!",
    "missing": "–",
}


SEED = "seed"  # the parameter by which a test is repeated; it never splits a figure, and stands among the rows of a matrix


def param_names(cells: list[Cell]) -> list[str]:
    """The parameters in the order in which a cell's id tells them: JSON objects are sorted on writing, ids are not."""
    first: dict[str, int] = {}
    for cell in cells:
        inside = cell.id.partition("[")[2]
        for name, value in cell.params.items():
            first.setdefault(name, inside.find(str(value)))
    return sorted(first, key=lambda name: first[name])


@dataclass(frozen=True)
class Row:
    """One line of the numbers table: a cell with one of its measurements, or with none."""

    cell: Cell
    at: str
    measurement: Measurement | None = None
    measured_at: str = ""


@dataclass(frozen=True)
class View:
    """Results with an address for everything; `history` are the events after the results (history.jsonl), `notes` what people wrote beside them."""

    results: Results
    history: tuple[Event, ...] = ()
    notes: Mapping[str, Any] = field(default_factory=dict)
    parents_superseded: Mapping[str, str] = field(default_factory=dict)  # run of a parent to why it does not stand any more, as it is now
    kept: tuple[int, ...] = ()  # the earlier versions in versions/

    @cached_property
    def tree(self) -> dict[str, Any]:
        """results.json as plain values, with every default written out, and the events of history.jsonl as `history`."""
        # Through JSON text and back: encode() leaves tuples as they are, and addresses mean JSON's lists.
        tree: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(self.results))
        return {**tree, "history": msgspec.json.decode(msgspec.json.encode(self.history))}

    @cached_property
    def events(self) -> list[tuple[str, Event]]:
        """The timeline: the events up to the results, then those after them, with their addresses."""
        run = [(address("execution", "timeline", place), event) for place, event in enumerate(self.results.execution.timeline)]
        return run + [(address("history", place), event) for place, event in enumerate(self.history)]

    @cached_property
    def lock_words(self) -> str:
        """Whether the lock came before the data."""
        after = any(deviation.what == AFTER_DATA for deviation in self.results.promise.deviations)
        return "Locked after the data" if after else "Locked before the data"

    @cached_property
    def version(self) -> int:
        """The version of the clean result: 1, and one more for each revision; never one of those that are kept."""
        return 1 + max(sum(event.event == REVISED for event in self.history), *self.kept, 0)

    @cached_property
    def superseded(self) -> str:
        """Why this result does not stand any more, "" where it does."""
        return next((event.note or "without a reason" for event in reversed(self.history) if event.event == SUPERSEDED), "")

    def _addresses(self, name: str) -> list[str]:
        return [address(name, handle) for handle in handles(self.tree[name])]

    @cached_property
    def cells(self) -> list[tuple[str, Cell]]:
        """Every cell with its address."""
        return list(zip(self._addresses("cells"), self.results.cells, strict=True))

    @cached_property
    def hypotheses(self) -> list[tuple[str, HypothesisResult]]:
        """Every hypothesis with its address, the primary ones first."""
        pairs = zip(self._addresses("hypotheses"), self.results.hypotheses, strict=True)
        return sorted(pairs, key=lambda pair: not pair[1].primary)

    @cached_property
    def checks(self) -> list[tuple[str, Check]]:
        """Gates, then kill criteria, then controls, each with its address, G2 before G10."""
        order = {"gate": 0, "kill": 1, "control": 2}
        pairs = zip(self._addresses("checks"), self.results.checks, strict=True)
        return sorted(pairs, key=lambda pair: (order.get(pair[1].kind, 3), by_number(pair[1].id)))

    @cached_property
    def thresholds(self) -> list[tuple[str, Threshold]]:
        """Every registered threshold with its address."""
        return list(zip(self._addresses("thresholds"), self.results.thresholds, strict=True))

    def measurements(self, at: str, cell: Cell) -> list[tuple[str, Measurement]]:
        """A cell's measurements with their addresses."""
        names = handles([encode(measurement) for measurement in cell.measurements])
        return [(below(at, "measurements", name), measurement) for name, measurement in zip(names, cell.measurements, strict=True)]

    @cached_property
    def rows(self) -> list[Row]:
        """The numbers table: a cell without a measurement keeps its line, so that what is missing is seen."""
        found: list[Row] = []
        for at, cell in self.cells:
            measured = self.measurements(at, cell)
            found += [Row(cell, at, measurement, where) for where, measurement in measured] or [Row(cell, at)]
        return found

    @cached_property
    def effects(self) -> dict[str, Row]:
        """Address of a cell to the row of its effect: the measurement that its criterion judged, as far as the record tells."""
        grouped: dict[str, list[Row]] = {}
        for row in self.rows:
            grouped.setdefault(row.at, []).append(row)
        return {at: min(rows, key=self._rank) for at, rows in grouped.items()}

    def _rank(self, row: Row) -> tuple[bool, bool, bool]:
        """Smaller is likelier: the criterion judged it (the cell says which), a registered threshold fits it, it has a p. Ties go to the first."""
        measured = row.measurement
        if measured is None:
            return (True, True, True)
        return (measured.name != row.cell.effect, self.threshold_of(row.cell, measured) is None, measured.p is None)

    @cached_property
    def sample_refs(self) -> dict[str, list[tuple[str, str]]]:
        """Samples file to the (cell id, address of the reference) pairs that stand on it."""
        refs: dict[str, list[tuple[str, str]]] = {}
        for row in self.rows:
            for place, ref in enumerate(row.measurement.samples if row.measurement else ()):
                refs.setdefault(ref.path, []).append((row.cell.id, below(row.measured_at, "samples", place)))
        return refs

    @cached_property
    def open_cells(self) -> list[tuple[str, Cell]]:
        """Cells that gave no answer."""
        return [(at, cell) for at, cell in self.cells if cell.verdict in OPEN]

    @cached_property
    def lost(self) -> list[str]:
        """Addresses of promised cells of which the run holds no record at all."""
        known = {cell.id for cell in self.results.cells}
        return [address("missing", place) for place, name in enumerate(self.results.missing) if name not in known]

    @cached_property
    def successor(self) -> str:
        """The folder, from this one, of the run that superseded it; "" where the history does not name one that is safe to link."""
        found = re.match(r"by ((?:\.\./)*[A-Za-z0-9][A-Za-z0-9_./-]*): ", self.superseded)
        return found[1] if found and ".." not in found[1].replace("../", "") else ""

    def verdict_counts(self, name: str, only: tuple[str, ...]) -> list[tuple[str, str]]:
        """(verdict, address of its count) for the verdicts that occur among `name` ("cells" or "checks")."""
        seen = {item["verdict"] for item in self.tree[name]}
        return [(verdict, f"{name}/#verdict={verdict}") for verdict in only if verdict in seen]

    def check_of(self, cell: Cell) -> Check | None:
        """The gate, kill criterion or control that a cell belongs to."""
        return next((check for check in self.results.checks if check.id == cell.owner or cell.id in check.cells), None)

    def threshold_of(self, cell: Cell, measurement: Measurement) -> tuple[str, Threshold] | None:
        """The registered threshold for a measurement: the one it was judged by, else one of its unit that is named like it or like a parameter of the cell."""
        named = {measurement.name, *(str(value) for value in cell.params.values())}
        if measurement.name == cell.effect and cell.threshold:
            named = {cell.threshold}
        found = [(at, bar) for at, bar in self.thresholds if bar.unit == measurement.unit and bar.name in named]
        return found[0] if found else None
