"""A run that is stopped and goes on is the run that never stopped; so is one that shares its work with others."""

from __future__ import annotations

from typing import Any

import numpy as np

from harness.domains.evolution.config import Simulation, simulation
from harness.domains.evolution.laws.claim import Claim
from harness.domains.evolution.laws.engines import list_engines
from harness.domains.evolution.laws.law import Finding, Simulate, Size, many
from harness.domains.evolution.runs import Engine, simulate, start
from harness.domains.evolution.state import Population

SPLIT = Claim("checkpoint", "A run split at any generation equals the unsplit run, bit for bit.")
SHARED = Claim("checkpoint", "Runs do not depend on how many workers share them.")
BASE: dict[str, Any] = {"models": 12, "beliefs": 60, "held": 5, "questions": 12, "generations": 6}
KINDS: dict[str, dict[str, Any]] = {
    "plain": {},
    "mutation": {"mutation": {"rate": 0.1, "loss": 0.1, "gain": 0.5}},
    "replacement": {"mutation": {"rate": 0.1}},
    "recombining": {"reproduction": "recombining", "mutation": {"rate": 0.05}},
    "changing test": {"test": {"every": 2, "added": 3, "dropped": 2, "policy": "harmful", "scored_with": 0.5}, "mutation": {"rate": 0.1}},
    "evaluators": {"evaluators": {"each": [{"correlation": 0.8, "last": 0.0}], "every": 2, "noise": 0.2}, "selection": {"beta": 1.0, "last": 9.0}},
}


def checkpoint(_simulate: Simulate, size: Size) -> list[Finding]:
    """Of the engines here."""
    found = []
    for kind, change in KINDS.items():
        one = simulation({**BASE, **change})
        for engine in list_engines():
            for seed in range(many(1, size)):
                found += check_continuation(one, seed, engine, f"{kind}, {engine}, seed {seed}")  # type: ignore[arg-type]
        found.append(check_workers(one, kind, many(5, size)))
    return found


def check_continuation(one: Simulation, seed: int, engine: Engine, told: str) -> list[Finding]:
    """At every generation, the first and the last included: the history, and the population at the end."""
    whole = start(one, seed).advance(engine=engine)
    differ = others = 0
    for when in range(one.generations + 1):
        half = start(one, seed).advance(when, engine).state()
        joined = start(one, seed, state=half).advance(engine=engine)
        differ += int(not np.array_equal(joined.history, whole.history, equal_nan=True))
        others += int(not are_equal(joined.population, whole.population))
    return [
        SPLIT.exact(f"splits that change the history ({told})", differ, 0, 1, "splits"),
        SPLIT.exact(f"splits that change the last population ({told})", others, 0, 1, "splits"),
    ]


def are_equal(one: Population, other: Population) -> bool:
    """Equal in every part."""
    arrays = all(np.array_equal(getattr(one, name), getattr(other, name)) for name in ("held", "sizes", "founders", "personalities", "genotypes", "written"))
    return arrays and one.generation == other.generation and np.array_equal(one.test.dense(), other.test.dense())


def check_workers(one: Simulation, kind: str, count: int) -> Finding:
    """One worker, two, and more workers than runs."""
    alone = simulate(one, range(count)).values
    differ = sum(not np.array_equal(alone, simulate(one, range(count), workers=workers).values, equal_nan=True) for workers in (2, 3, count + 2))
    return SHARED.exact(f"numbers of workers that change a result ({kind})", differ, 0, count, "numbers of workers")
