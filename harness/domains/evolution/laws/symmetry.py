"""Names do not matter: beliefs and questions in another order, or a world in which every signal is twice as strong, give the same history."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from harness.domains.evolution.activations import Activations
from harness.domains.evolution.config import simulation
from harness.domains.evolution.laws.claim import Claim
from harness.domains.evolution.laws.engines import begin, evolve_history, list_engines
from harness.domains.evolution.laws.law import Finding, Simulate, Size, many
from harness.domains.evolution.state import EMPTY, Measure, Population
from harness.domains.evolution.world import World

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
    """Of the engines here: a world whose parts are put in another order. Sums are then taken in another order, too, so measures agree but for rounding."""
    found = []
    for engine, evolve in list_engines().items():
        for name, change in KINDS.items():
            one = simulation({**BASE, **change})
            for seed in range(many(1, size)):
                land, start = begin(one, seed)
                whole, others = (
                    evolve_history(evolve, land, start, seed),
                    {"beliefs": renumber_beliefs(land, start, seed), "questions": reorder_questions(land, start, seed)},
                )
                for claim, what in ((BELIEFS, "beliefs"), (QUESTIONS, "questions")):
                    history = evolve_history(evolve, *others[what], seed)
                    found.append(claim.near(f"measures under other {what} ({name}, {engine}, seed {seed})", fill_gaps(history), fill_gaps(whole), 1))
                if name == "additive":
                    history = evolve_history(evolve, double_signals(land), start, seed)
                    found.append(SCALED.equal(f"measures under doubled signals ({engine}, seed {seed})", halve_signals(history), whole, 1))
    return found


def fill_gaps(history: np.ndarray) -> np.ndarray:
    """The history with -1 for what has no meaning."""
    return np.where(np.isnan(history), -1.0, history)


def renumber_beliefs(land: World, start: Population, seed: int) -> tuple[World, Population]:
    """Belief `order[i]` becomes number i everywhere, and each model lists its beliefs in another order."""
    rng = np.random.default_rng(seed)
    order = rng.permutation(land.traits.shape[1])
    number = np.argsort(order)
    activations = Activations.from_dense(land.activations.dense()[:, order])
    links = {"neighbours": number[land.neighbours[order]].astype(np.int32), "strengths": land.strengths[order]} if land.neighbours.size else {}
    moved = replace(land, traits=np.ascontiguousarray(land.traits[:, order]), used=land.used[order], activations=activations, **links)
    held = np.where(start.held == EMPTY, EMPTY, number[start.held]).astype(np.int32)
    return moved, start.change(held=np.ascontiguousarray(rng.permuted(held, axis=1)), test=activations)


def reorder_questions(land: World, start: Population, seed: int) -> tuple[World, Population]:
    """The same questions in another order."""
    order = np.random.default_rng(seed).permutation(land.activations.questions)
    activations = Activations.from_dense(land.activations.dense()[:, :, order])
    return replace(land, activations=activations), start.change(test=activations)


def double_signals(land: World) -> World:
    """Signals twice as strong under half the pressure."""
    return replace(land, traits=land.traits * np.array([[2.0], [1.0]]), betas=land.betas / 2.0)


def halve_signals(history: np.ndarray) -> np.ndarray:
    """The measures, those of the signal in the old unit."""
    values = history.copy()
    values[:, [Measure.FITNESS, Measure.FITNESS_SD]] /= 2.0
    return values
