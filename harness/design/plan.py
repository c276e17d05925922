"""The plan: what will be run, what is there already, what it costs, and what the design can find out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from harness.design.power import simulated
from harness.design.spec import ExperimentSpec
from harness.design.universe import Universe


def plan_of(universe: Universe) -> dict[str, Any]:
    """Cells by kind, expected cost of the whole design, and the rule's properties for each hypothesis. Depends on the design alone."""
    spec = ExperimentSpec.model_validate(universe.design)
    cost = universe.cell_cost
    runs = sum(cell.kind == "hypothesis" for cell in universe.cells)
    return {
        "cells": dict(sorted(Counter(cell.kind for cell in universe.cells).items())),
        "cost": {"gpu_hours": cost.gpu_hours * runs, "usd": cost.usd * runs, "seconds": cost.seconds * runs},
        "hypotheses": {name: simulated(spec, name, universe.scale) for name in spec.hypotheses},
    }


def work_left(universe: Universe, known: Callable[[str], bool]) -> dict[str, Any]:
    """Selected cells that are cached (`known(key)`) or to do, and the cost of those to do."""
    selected = [cell for cell in universe.cells if cell.selected]
    left = [cell for cell in selected if not known(cell.key)]
    runs = sum(cell.kind == "hypothesis" for cell in left)
    cost = universe.cell_cost
    return {
        "selected": len(selected),
        "cached": len(selected) - len(left),
        "to_do": [cell.id for cell in left],
        "cost": {"gpu_hours": cost.gpu_hours * runs, "usd": cost.usd * runs, "seconds": cost.seconds * runs},
    }
