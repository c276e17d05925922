"""The universe of a run: every cell of the experiment, selected or not, with its key, as written down before the first cell runs."""

from __future__ import annotations

from typing import Any

import msgspec

from harness.design.catalogue import Catalogue
from harness.fingerprint import fingerprint
from harness.records import Cost, Input, Kind, Promise, ScaleName, Threshold, Word


class Planned(Word, frozen=True, kw_only=True):
    """A cell that may run: `needs` are cell ids; `key` is the hash of all that can change its outcome."""

    id: str
    owner: str
    kind: Kind
    nodeid: str
    params: dict[str, Any]
    statement: str
    polarity: str
    needs: tuple[str, ...]
    key: str
    selected: bool


class Universe(Word, frozen=True, kw_only=True):
    """Everything known before the run."""

    experiment: str
    folder: str
    scale: ScaleName
    seeds: tuple[int, ...]
    design: dict[str, Any]
    settings: dict[str, Any]
    thresholds: tuple[Threshold, ...]
    promise: Promise
    inputs: tuple[Input, ...]
    cells: tuple[Planned, ...]
    cell_cost: Cost
    environment: dict[str, Any]
    costs: dict[str, Cost] = msgspec.field(default_factory=dict)  # by the id of a test; `cell_cost` is for cells of hypotheses that are not in it

    def cell(self, cell_id: str) -> Planned:
        return next(cell for cell in self.cells if cell.id == cell_id)

    def of(self, owner: str) -> list[Planned]:
        return [cell for cell in self.cells if cell.owner == owner]


def planned_cells(catalogue: Catalogue, identity: dict[str, Any], selected: set[str]) -> tuple[Planned, ...]:
    """The cells in running order. `identity` is what all of them depend on: code, inputs, prompts, settings, models, versions."""
    base = fingerprint(identity)
    return tuple(
        Planned(
            id=cell.id,
            owner=cell.owner,
            kind=cell.declaration.kind,
            nodeid=cell.nodeid,
            params=cell.params,
            statement=cell.declaration.statement,
            polarity=cell.declaration.polarity,
            needs=tuple(need.id for need in catalogue.needs(cell)),
            key=fingerprint({"base": base, "cell": cell.id, "kind": cell.declaration.kind, "params": cell.params}),
            selected=cell.id in selected,
        )
        for cell in catalogue.cells.values()
    )
