"""What cells cost by the declaration. What is not declared is None, which is not zero: it is told, and never summed away."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol

from harness.records import Cost, Kind, Universe

FIELDS = ("gpu_hours", "usd", "seconds")
Charged = tuple[str, Kind]


class Amount(Protocol):
    """A cost as declared or as recorded."""

    @property
    def gpu_hours(self) -> float | None: ...
    @property
    def usd(self) -> float | None: ...
    @property
    def seconds(self) -> float | None: ...


class Priced(Protocol):
    """What says the cost of its cells: a declared scale, or what a run recorded of it."""

    @property
    def costs(self) -> Mapping[str, Amount]: ...
    @property
    def cell_cost(self) -> Amount: ...


def cost_of(declared: Priced, owner: str, kind: Kind) -> Amount:
    """What one cell of a test costs: by its id, else `cell_cost` for a hypothesis and nothing declared for the rest."""
    if owner in declared.costs:
        return declared.costs[owner]
    return declared.cell_cost if kind == "hypothesis" else Cost()


def total(universe: Universe, cells: Iterable[Charged]) -> Cost:
    """The declared costs of cells, given as (owner, kind), summed field by field.

    A field is None where none of them declares it, or a cell of a hypothesis does not: the sum would tell less than the work costs. Gates, kills and
    controls without a declared cost are left out of it and named by `undeclared`. No cells cost nothing.
    """
    charged = list(cells)
    return Cost(**{field: sum_costs(universe, charged, field) for field in FIELDS})


def sum_costs(universe: Universe, charged: list[Charged], field: str) -> float | None:
    declared = [value for owner, kind in charged if (value := getattr(cost_of(universe, owner, kind), field)) is not None]
    lacks = any(kind == "hypothesis" and getattr(cost_of(universe, owner, kind), field) is None for owner, kind in charged)
    return None if lacks or (charged and not declared) else float(sum(declared))


def total_of_judges(universe: Universe, cells: Iterable[Charged]) -> float | None:
    """The part of the declared US dollars of cells that judges cost; None where no test declares it."""
    declared = universe.design["scales"][universe.scale]
    parts = (declared["costs"].get(owner, declared["cell_cost"] if kind == "hypothesis" else {}) for owner, kind in cells)
    found = [usd for part in parts if (usd := part.get("judge_usd")) is not None]
    return float(sum(found)) if found else None


def list_undeclared(universe: Universe, cells: Iterable[Charged]) -> dict[str, list[str]]:
    """Field to the ids of the tests whose cells declare no cost in it; fields that all declare are left out."""
    owners = dict(cells)
    found = {field: [owner for owner, kind in owners.items() if getattr(cost_of(universe, owner, kind), field) is None] for field in FIELDS}
    return {field: lacking for field, lacking in found.items() if lacking}


def in_words(cost: Cost) -> str:
    """`0.5 GPU-hours, $0.25, seconds not declared`."""
    gpu = "GPU-hours not declared" if cost.gpu_hours is None else f"{cost.gpu_hours:g} GPU-hours"
    usd = "dollars not declared" if cost.usd is None else f"${cost.usd:g}"
    return f"{gpu}, {usd}, {'seconds not declared' if cost.seconds is None else f'{cost.seconds:g} s'}"
