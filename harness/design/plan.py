"""The plan: what will be run, what is there already, what it costs, and what the design can find out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from harness.costs import list_undeclared, total, total_of_judges
from harness.design.decision_simulation import simulate_decisions
from harness.design.spec import ExperimentSpec, ThresholdSpec
from harness.records import PlannedCellRecord, Universe, encode
from harness.verdict.between_seed_sd import detectable


def plan_of(universe: Universe) -> dict[str, Any]:
    """Cells by kind, expected cost of the whole design, the rule's properties for each hypothesis, seed noise. Depends on the design and the seeds alone."""
    spec = ExperimentSpec.model_validate(universe.design).at(universe.scale)
    return {
        "cells": dict(sorted(Counter(cell.kind for cell in universe.cells).items())),
        **costs(universe, universe.cells),
        "hypotheses": simulate_decisions(spec, universe.scale),
        "seed_noise": {name: seed_noise(bar, len(universe.seeds)) for name, bar in spec.thresholds.items() if bar.seed_sd is not None},
    }


def costs(universe: Universe, cells: tuple[PlannedCellRecord, ...] | list[PlannedCellRecord]) -> dict[str, Any]:
    """`cost` by field (None: not declared) and `undeclared`, the tests that declare none in a field."""
    charged = [(cell.owner, cell.kind) for cell in cells]
    return {"cost": encode(total(universe, charged)), "undeclared": list_undeclared(universe, charged)}


def seed_noise(bar: ThresholdSpec, seeds: int) -> dict[str, Any]:
    """A threshold beside the SD between seeds: their quotient, and the smallest effect (in the bar's unit) that `seeds` seeds can tell from seed noise alone.

    That is t_{k-1}(.975) SD / sqrt(k); None for one seed, which can tell nothing from it.
    """
    sd = bar.seed_sd or 0.0
    return {
        "value": bar.value,
        "unit": bar.unit,
        "seed_sd": sd,
        "ratio": bar.value / sd,
        "seeds": seeds,
        "smallest": detectable(sd, seeds) if seeds > 1 else None,
    }


def work_left(universe: Universe, known: Callable[[PlannedCellRecord], bool]) -> dict[str, Any]:
    """Selected cells that are cached (`known(cell)`) or to do, and the cost of those to do; `judge_usd` is the part of it that judges are declared to cost."""
    selected = [cell for cell in universe.cells if cell.selected]
    left = [cell for cell in selected if not known(cell)]
    counts = {"selected": len(selected), "cached": len(selected) - len(left), "to_do": [cell.id for cell in left]}
    return {**counts, **costs(universe, left), "judge_usd": total_of_judges(universe, [(cell.owner, cell.kind) for cell in left])}
