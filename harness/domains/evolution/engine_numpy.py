"""The readable engine: scores every model of every generation, one formula after the other."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from harness.domains.evolution.operators import (
    Scores,
    belief_worth,
    change_test,
    choose_parents,
    is_alive,
    measure,
    mutate,
    recombine,
    score,
    selection_weights,
)
from harness.domains.evolution.state import Population
from harness.domains.evolution.world import World

Score = Callable[[World, Population], Scores]


def evolve(world: World, population: Population, until: int, rng: np.random.Generator, history: np.ndarray, score: Score = score) -> Population:
    """From a population's generation to generation `until`: fills the rows (generations + 1, len(MEASURES)) of those not yet measured.

    Gives the population at the end: generation `until`, or the one in which no model was left to have children.
    """
    while True:
        if not population.measured and world.is_due(population.generation):
            population = change_test(world, population, partial(score, world, population), rng)
        scores, alive = score(world, population), is_alive(world, population)
        if not population.measured:
            measure(world, population, scores, history[population.generation])
            population = population.change(measured=True)
        if population.generation == until or not alive.any():
            return population
        population = breed(world, population, scores, alive, rng)


def breed(world: World, population: Population, scores: Scores, alive: np.ndarray, rng: np.random.Generator) -> Population:
    """The next generation."""
    simulation, models = world.simulation, len(population.sizes)
    noise = simulation.evaluators.noise
    wanted = scores.fitness + population.sum_held(world.pays) / np.maximum(1, population.sizes)
    fitness = wanted + noise * rng.standard_normal(models) if noise > 0 else wanted
    weights = selection_weights(fitness, alive, float(world.betas[population.generation]))
    parents = choose_parents(weights, rng.random(models))
    if simulation.reproduction == "recombining":
        held, sizes = recombine(population, weights, simulation.beliefs, rng)
    else:
        held, sizes = population.held[parents], population.sizes[parents]
    children = population.change(
        generation=population.generation + 1,
        held=held,
        sizes=sizes,
        founders=population.founders[parents],
        personalities=population.personalities[parents],
        genotypes=population.genotypes[parents],
        measured=False,
    )
    changed = mutate(world, children, belief_worth(world, population), rng) if simulation.mutation.any else np.zeros(models, dtype=bool)
    return children.change(genotypes=np.arange(models, dtype=np.int32)) if simulation.reproduction == "recombining" else put_copies_first(children, changed)


def put_copies_first(children: Population, changed: np.ndarray) -> Population:
    """Among the children of one genotype, its copies before those that changed, each of which is a genotype of its own: the order of the fast engine."""
    order = np.lexsort((changed, children.genotypes))
    group, changed = children.genotypes[order], changed[order]
    begins = np.append(True, (group[1:] != group[:-1]) | changed[1:])
    parts = {name: getattr(children, name)[order] for name in ("held", "sizes", "founders", "personalities")}
    return children.change(genotypes=(np.cumsum(begins) - 1).astype(np.int32), **parts)
