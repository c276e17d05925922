"""The cells of a run with their keys, as written down before the first cell runs."""

from __future__ import annotations

from typing import Any

from harness.design.catalogue import Catalogue
from harness.fingerprint import fingerprint
from harness.records import PlannedCellRecord


def planned_cells(catalogue: Catalogue, identity: dict[str, Any], selected: set[str]) -> tuple[PlannedCellRecord, ...]:
    """The cells in running order. `identity` is what all of them depend on: code, inputs, prompts, settings, models, versions."""
    base = fingerprint(identity)
    return tuple(
        PlannedCellRecord(
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
