"""What changed between two runs of one experiment: what went in, what was concluded, what was measured. Times and hosts are left out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from harness.errors import HarnessError
from harness.records import Interval, Record
from harness.report.addresses import below, leaves
from harness.report.build import view_of
from harness.report.escape import one_line
from harness.report.number_format import in_unit
from harness.report.view import View

NOTHING = "absent"
WARNED = ("scale", "environment/commit", "environment/dirty")  # and whatever stands below facts/Model
CONTEXT = ("scale", "seeds", "claim", "parents", "promise", "inputs", "thresholds", "facts", "environment", "missing")


class Change(Record, frozen=True, kw_only=True):
    """A value that differs, by its address, as text on either side."""

    address: str
    before: str
    after: str


class Shift(Record, frozen=True, kw_only=True):
    """A measured value that differs; `apart` is true where both intervals are there and do not overlap, None where one is not there."""

    address: str
    unit: str
    before: float | None
    after: float | None
    difference: float | None
    apart: bool | None


class Comparison(Record, frozen=True, kw_only=True):
    """Run `before` against run `after`."""

    experiment: str
    before: str
    after: str
    warnings: tuple[str, ...]
    inputs: tuple[Change, ...]
    verdicts: tuple[Change, ...]
    numbers: tuple[Shift, ...]

    @property
    def empty(self) -> bool:
        """True where nothing changed."""
        return not (self.inputs or self.verdicts or self.numbers)

    def lines(self) -> list[str]:
        """The comparison for the terminal, control characters made visible."""
        head = [f"{self.experiment}: {self.before} -> {self.after}", *(f"WARNING {warning}" for warning in self.warnings)]
        if self.empty:
            return [one_line(line) for line in [*head, "nothing changed"]]
        changed = [f"input    {change.address}: {change.before} -> {change.after}" for change in self.inputs]
        changed += [f"verdict  {change.address}: {change.before} -> {change.after}" for change in self.verdicts]
        return [one_line(line) for line in [*head, *changed, *(_shift_line(shift) for shift in self.numbers)]]


def compare(before: Path, after: Path) -> Comparison:
    """Compares two run folders. Raises HarnessError where they are not runs of one experiment."""
    one, two = view_of(before, noted=False), view_of(after, noted=False)
    if one.results.experiment != two.results.experiment:
        told = f"{before} is a run of {one.results.experiment!r}, {after} one of {two.results.experiment!r}"
        raise HarnessError(told, where="compare", mend="Compare two runs of one experiment.")
    changes = _changes(_context(one), _context(two))
    return Comparison(
        experiment=one.results.experiment,
        before=one.results.execution.run,
        after=two.results.execution.run,
        warnings=(
            *(f"{view.results.execution.run} was superseded {view.superseded}" for view in (one, two) if view.superseded),
            *(f"{change.address} differs: {change.before} against {change.after}" for change in changes if _warned(change.address)),
        ),
        inputs=tuple(changes),
        verdicts=tuple(_changes(_verdicts(one), _verdicts(two))),
        numbers=tuple(_shifts(one, two)),
    )


def _warned(where: str) -> bool:
    return where in WARNED or where.startswith("facts/Model")


def _context(view: View) -> dict[str, Any]:
    """Everything that was given rather than found. Inputs are addressed by their path: an index says nothing across two runs."""
    tree = {
        **{name: view.tree[name] for name in CONTEXT},
        "inputs": {item["path"]: {"sha256": item["sha256"], "lines": item["lines"]} for item in view.tree["inputs"]},
    }
    return dict(leaves(tree))


def _verdicts(view: View) -> dict[str, Any]:
    found: dict[str, Any] = {"verdict": view.results.verdict, "confidence/level": view.results.confidence.level}
    found |= {below(at, "verdict"): result.verdict for at, result in view.hypotheses}
    found |= {below(at, "verdict"): check.verdict for at, check in view.checks}
    return found | {below(at, "verdict"): cell.verdict for at, cell in view.cells}


def _changes(one: dict[str, Any], two: dict[str, Any]) -> list[Change]:
    places = list(dict.fromkeys([*one, *two]))
    pairs = ((place, _text(one, place), _text(two, place)) for place in places)
    return [Change(address=place, before=before, after=after) for place, before, after in pairs if before != after]


def _text(found: dict[str, Any], place: str) -> str:
    return str(found[place]) if place in found else NOTHING


def _shifts(one: View, two: View) -> Iterator[Shift]:
    first, second = ({row.measured_at: row.measurement for row in view.rows if row.measurement} for view in (one, two))
    for place in dict.fromkeys([*first, *second]):
        a, b = first.get(place), second.get(place)
        if a and b and (a.value, a.unit, a.interval) == (b.value, b.unit, b.interval):
            continue
        same_unit = a is not None and b is not None and a.unit == b.unit
        yield Shift(
            address=below(place, "value"),
            unit=a.unit if a and (same_unit or not b) else b.unit if b and not a else f"{a.unit if a else ''} against {b.unit if b else ''}",
            before=a.value if a else None,
            after=b.value if b else None,
            difference=b.value - a.value if a and b and same_unit else None,
            apart=_apart(a.interval, b.interval) if a and b and same_unit else None,
        )


def _apart(one: Interval | None, two: Interval | None) -> bool | None:
    return None if one is None or two is None else one.high < two.low or two.high < one.low


def _shift_line(shift: Shift) -> str:
    sides = " -> ".join(NOTHING if value is None else in_unit(value, shift.unit) for value in (shift.before, shift.after))
    change = "" if shift.difference is None else f" (change {in_unit(shift.difference, shift.unit)})"
    return f"number   {shift.address}: {sides}{change}{' INTERVALS DO NOT OVERLAP' if shift.apart else ''}"
