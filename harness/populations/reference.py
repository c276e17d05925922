"""The plain engine: scores every model of every generation, one formula after the other. Compiled code must give the same bits."""

from __future__ import annotations

import numpy as np

from harness.populations.breeding import bred, selected
from harness.populations.history import MEASURED, History
from harness.populations.measuring import alive, measured, values_of
from harness.populations.population import Population
from harness.populations.retesting import due, retested
from harness.populations.scoring import scores
from harness.populations.stream import Stream
from harness.populations.world import World


def evolved(world: World, population: Population, until: int, stream: Stream) -> tuple[History, Population]:
    """From a population's generation to generation `until`: the measures of both and of all between, and the population at the end.

    The population returned has met neither the change of test nor the measurement of its generation, so that going on from it repeats both.
    """
    rows = np.full((until - population.generation + 1, len(MEASURED)), np.nan)
    for row in rows:
        found, values = scores(world, population), values_of(population, world.values)
        living, last = alive(world, values), population
        if due(world, population.generation):
            population = retested(world, population, found, values, living, stream)
            found = scores(world, population)
        fitness = found.fitness(world.coefficients[population.generation])
        row[:] = measured(world, population, fitness, found.value(), values)
        if population.generation == until:
            break
        if not living.any():
            return History(rows, extinct=population.generation), last
        weighed = selected(world, fitness, living, population.generation, stream)
        test = world.activations if population.test is None else population.test
        population = bred(world, population, test, weighed, stream)
    return History(rows, extinct=None if living.any() else population.generation), last
