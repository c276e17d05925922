"""How a test scores models: sums of activation times signal by question, their averages, and fitness as the evaluators see it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from harness.populations.grid import nearest, on_activation_grid
from harness.populations.network import gains
from harness.populations.population import EMPTY, Population
from harness.populations.world import World


@dataclass(frozen=True)
class Scores:
    """`by_question` (R, P, Q): of each trait, the activation-weighted mean over the beliefs that a question activates (additive: their sum), 0 where it
    activates none; `totals` (2, R, P): its sums over the first questions and over those added later; `asked`: what a total is divided by."""

    by_question: np.ndarray
    totals: np.ndarray
    asked: int

    def fitness(self, coefficients: np.ndarray) -> np.ndarray:
        """(P,) F(m) under (2, R) coefficients, on the grid."""
        found = np.zeros(self.totals.shape[2])
        for weights, totals in zip(coefficients, self.totals, strict=True):
            for weight, total in zip(weights, totals, strict=True):  # one at a time: sums of products are not exact, so their order counts
                found = found + weight * total
        fitness: np.ndarray = nearest(found / self.asked)
        return fitness

    def value(self) -> np.ndarray:
        """(P,) the same average of true value."""
        found: np.ndarray = nearest((self.totals[0, 1] + self.totals[1, 1]) / self.asked)
        return found


def scores(world: World, population: Population) -> Scores:
    """Every model scored on every question: F = sum over q of [sum over b in m of A(b, q) a(b) / sum over b in m of A(b, q)] / Q."""
    test = world.activations if population.test is None else population.test
    additive = world.simulation.fitness == "additive"
    rows = activated(world, population, test)
    sums = np.einsum("psq,rps->rpq", rows, world.traits[:, population.held], optimize=True)
    mass = np.ones(1) if additive else rows.sum(axis=1)
    by_question = nearest(sums * (1.0 / np.where(mass > 0, mass, 1.0)))
    written = population.born[: test.shape[2]]
    totals = np.stack([by_question[:, :, written == 0].sum(axis=2), by_question[:, :, written > 0].sum(axis=2)])
    return Scores(by_question=by_question, totals=totals, asked=1 if additive else int((population.born >= 0).sum()))


def activated(world: World, population: Population, test: np.ndarray) -> np.ndarray:
    """(P, slots, Q) activations of the held beliefs, as the network of those held together lets them be."""
    rows: np.ndarray = test[population.personalities[:, None], population.held]
    if world.simulation.network:
        found = np.zeros(population.held.shape)
        for model, size in enumerate(population.sizes):
            found[model, :size] = gains(population.held[model, :size], world.neighbours, world.strengths)
        rows = on_activation_grid(rows * found[:, :, None])
    return np.where((population.held != EMPTY)[:, :, None], rows, 0.0)
