"""The plan of a run, simulated once: kept in the store under its design and the code that simulates it."""

from __future__ import annotations

from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, cast

from harness.code_dependencies import code_fingerprint
from harness.design.plan import plan_of
from harness.errors import HarnessError
from harness.extensions import simulations
from harness.fingerprint import fingerprint, tree_fingerprint
from harness.records import Universe
from harness.store import Store

PACKAGE = Path(__file__).parent.parent


def cached_plan(universe: Universe, store: Store | None) -> dict[str, Any]:
    """The plan from the store, or simulated and kept there, unless a simulation failed. A store that cannot be read or written costs time alone."""
    planned = {"design": universe.design, "scale": universe.scale, "seeds": universe.seeds, "cells": [cell.id for cell in universe.cells]}
    key = fingerprint({**planned, "by": [planner(), *simulated_by(universe)]})
    with suppress(HarnessError):
        if store and (kept := store.peek("plans", key, dict[str, Any])) is not None:
            return cast("dict[str, Any]", kept)
    found = plan_of(universe)
    with suppress(HarnessError):
        if store and all(one.get("argued", True) for one in found["hypotheses"].values()):
            store.put("plans", key, found)
    return found


@cache
def planner() -> str:
    """sha256 over the code of the design half: a plan kept by other code is not this one."""
    paths = [path.relative_to(PACKAGE).as_posix() for half in ("design", "verdict") for path in (PACKAGE / half).glob("*.py")]
    return tree_fingerprint(PACKAGE, ["costs.py", *paths])


def simulated_by(universe: Universe) -> list[str]:
    """sha256 over the code of the domains that simulate its thresholds."""
    units = sorted({bar["unit"] for bar in universe.design["thresholds"].values() if bar.get("simulation")})
    return [code_fingerprint(type(simulations()[unit]).__module__) for unit in units if unit in simulations()]
