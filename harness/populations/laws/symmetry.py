"""Names do not matter: beliefs and questions in another order, or a world in which every signal is twice as strong, give the same history."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from harness.populations.history import COLUMN, History
from harness.populations.laws.claim import Claim
from harness.populations.laws.engines import begun, engines
from harness.populations.laws.law import Finding, Simulate, Size, many
from harness.populations.population import EMPTY, Population
from harness.populations.simulation import simulation
from harness.populations.world import World

BELIEFS = Claim("symmetry", "Beliefs numbered in another order are the same beliefs.")
QUESTIONS = Claim("symmetry", "Questions asked in another order are the same test.")
SCALED = Claim("symmetry", "Twice the signal under half the pressure is the same selection, to the last bit of the plain sum.")
BASE: dict[str, Any] = {"models": 25, "beliefs": 90, "held": 6, "questions": 20, "generations": 5}
KINDS: dict[str, dict[str, Any]] = {
    "mean": {},
    "additive": {"fitness": "additive", "selection": {"beta": 0.25}},
    "network": {"network": {"degree": 3}},
    "zipf": {"activation": {"kind": "zipf"}},
    "evaluators": {"evaluators": {"each": [{"correlation": 0.6, "last": 0.1}, {"weight": 2.0}], "noise": 0.1}},
    "personalities": {"activation": {"kind": "personality"}, "usage": {"kind": "zipf"}},
}


def symmetry(_simulate: Simulate, size: Size) -> list[Finding]:
    """Of the engines here, at their inner door: a world whose parts are put in another order."""
    found = []
    for engine, evolved in engines().items():
        for name, change in KINDS.items():
            one = simulation({**BASE, **change})
            for seed in range(many(1, size)):
                land, start, course = begun(one, seed)
                whole, _ = evolved(land, start, one.generations, course)
                for claim, (other, begin), what in (
                    (BELIEFS, renumbered(land, start, seed), "beliefs"),
                    (QUESTIONS, (reordered(land, seed), start), "questions"),
                ):
                    history, _ = evolved(other, begin, one.generations, course)
                    found.append(claim.equal(f"measures under other {what} ({name}, {engine}, seed {seed})", history.values, whole.values, 1))
                if name == "additive":
                    history, _ = evolved(doubled(land), start, one.generations, course)
                    found.append(SCALED.equal(f"measures under doubled signals ({engine}, seed {seed})", halved(history), whole.values, 1))
    return found


def renumbered(land: World, start: Population, seed: int) -> tuple[World, Population]:
    """Belief `order[i]` becomes number i everywhere, and each model lists its beliefs in another order."""
    rng = np.random.default_rng(seed)
    order = rng.permutation(land.traits.shape[1])
    number = np.argsort(order)
    neighbours = number[land.neighbours[order]].astype(np.int32) if land.neighbours.size else land.neighbours
    strengths = land.strengths[order] if land.strengths.size else land.strengths
    moved = replace(
        land,
        traits=np.ascontiguousarray(land.traits[:, order]),
        used=land.used[order],
        activations=np.ascontiguousarray(land.activations[:, order]),
        neighbours=np.ascontiguousarray(neighbours),
        strengths=np.ascontiguousarray(strengths),
    )
    held = np.where(start.held == EMPTY, EMPTY, number[start.held]).astype(np.int32)
    return moved, start.at(held=np.ascontiguousarray(rng.permuted(held, axis=1)))


def reordered(land: World, seed: int) -> World:
    """The same questions in another order."""
    order = np.random.default_rng(seed).permutation(land.activations.shape[2])
    return replace(land, activations=np.ascontiguousarray(land.activations[:, :, order]))


def doubled(land: World) -> World:
    """Signals twice as strong under half the pressure."""
    return replace(land, traits=land.traits * np.array([[2.0], [1.0]]), betas=land.betas / 2.0)


def halved(history: History) -> np.ndarray:
    """The measures, those of the signal in the old unit."""
    values = history.values.copy()
    values[:, [COLUMN["fitness"], COLUMN["fitness_sd"]]] /= 2.0
    return values
