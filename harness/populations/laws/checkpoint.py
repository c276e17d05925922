"""A run that is stopped and goes on is the run that never stopped; so is one that shares its work with others."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np

from harness.populations.laws.claim import Claim
from harness.populations.laws.engines import Evolve, begun, engines
from harness.populations.laws.law import Finding, Simulate, Size, many
from harness.populations.population import Population
from harness.populations.runs import runs
from harness.populations.simulation import Simulation, simulation

SPLIT = Claim("checkpoint", "A run split at any generation equals the unsplit run, bit for bit.")
SHARED = Claim("checkpoint", "Runs do not depend on how many workers share them.")
BASE: dict[str, Any] = {"models": 12, "beliefs": 60, "held": 5, "questions": 12, "generations": 6}
KINDS: dict[str, dict[str, Any]] = {
    "plain": {},
    "mutation": {"mutation": {"rate": 0.1, "loss": 0.1, "gain": 0.5}},
    "recombining": {"reproduction": "recombining", "mutation": {"rate": 0.05}},
    "changing test": {"test": {"every": 2, "added": 3, "dropped": 2, "policy": "harmful", "scored_with": 0.5}, "mutation": {"rate": 0.1}},
    "evaluators": {"evaluators": {"each": [{"correlation": 0.8, "last": 0.0}], "every": 2, "noise": 0.2}, "selection": {"beta": 1.0, "last": 9.0}},
}


def checkpoint(_simulate: Simulate, size: Size) -> list[Finding]:
    """Of the engines here, at their inner door."""
    found = []
    for kind, change in KINDS.items():
        one = simulation({**BASE, **change})
        for engine, evolved in engines().items():
            for seed in range(many(1, size)):
                found += split(evolved, one, seed, f"{kind}, {engine}, seed {seed}")
        found.append(shared(one, kind, many(5, size)))
    return found


def split(evolved: Evolve, one: Simulation, seed: int, told: str) -> list[Finding]:
    """At every generation, the first and the last included: the history, and the population at the end."""
    land, start, course = begun(one, seed)
    whole, last = evolved(land, start, one.generations, course)
    differ = others = 0
    for when in range(one.generations + 1):
        before, middle = evolved(land, start, when, course)
        after, end = evolved(land, middle, one.generations, course)
        joined = np.concatenate([before.values[:-1], after.values])
        differ += int(not np.array_equal(joined, whole.values, equal_nan=True))
        others += int(not same(end, last))
    return [
        SPLIT.exact(f"splits that change the history ({told})", differ, 0, 1, "splits"),
        SPLIT.exact(f"splits that change the last population ({told})", others, 0, 1, "splits"),
    ]


def same(one: Population, other: Population) -> bool:
    """Equal in every part."""
    pairs = ((getattr(one, part.name), getattr(other, part.name)) for part in fields(Population))
    return all(np.array_equal(first, second) if first is not None and second is not None else first is second for first, second in pairs)


def shared(one: Simulation, kind: str, count: int) -> Finding:
    """One worker, two, and more workers than runs."""
    alone = runs(one, range(count)).values
    differ = sum(not np.array_equal(alone, runs(one, range(count), workers=workers).values, equal_nan=True) for workers in (2, 3, count + 2))
    return SHARED.exact(f"numbers of workers that change a result ({kind})", differ, 0, count, "numbers of workers")
