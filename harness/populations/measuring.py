"""The measures of one generation, from its models and their scores."""

from __future__ import annotations

import numpy as np

from harness.populations.history import COLUMN, MEASURED
from harness.populations.population import EMPTY, Population
from harness.populations.world import World

NONE = float("nan")


def values_of(population: Population, each: np.ndarray) -> np.ndarray:
    """(P,) plain sums over the held beliefs of something that each belief has."""
    found: np.ndarray = np.where(population.held != EMPTY, each[population.held], 0).sum(axis=1)
    return found


def alive(world: World, values: np.ndarray) -> np.ndarray:
    """(P,) True for models above the catastrophe's threshold."""
    threshold = world.simulation.catastrophe
    return np.ones(len(values), dtype=bool) if threshold is None else values >= threshold


def measured(world: World, population: Population, fitness: np.ndarray, tested: np.ndarray, values: np.ndarray) -> np.ndarray:
    """(len(MEASURED),) one row of a history."""
    models, beliefs, held = len(fitness), world.traits.shape[1], int(population.sizes.sum())
    now, first = world.deceptive(population.generation), world.deceptive(0)
    counts = np.bincount(population.held[population.held != EMPTY], minlength=beliefs)
    wide = population.generation % world.simulation.diversity_every == 0 or population.generation == world.simulation.generations
    found = {
        "fitness": fitness.sum() / models,
        "fitness_sd": deviation(fitness),
        "value": values.sum() / models,
        "value_tested": tested.sum() / models,
        "value_used": values_of(population, world.used).sum() / models,
        "deceptive": int(counts[now].sum()) / held if held else NONE,
        "deceptive_first": int(counts[first].sum()) / held if held else NONE,
        "pool": int(now.sum()) / beliefs,
        "diversity": 1.0 - float((counts**2).sum()) / (float(models) * held) if held and wide else NONE,
        "founders": len(np.unique(population.founders)) if population.founders[0] != EMPTY else NONE,
        "size": held / models,
        "alive": int(alive(world, values).sum()),
        "questions": int((population.born >= 0).sum()),
    }
    row = np.empty(len(MEASURED))
    for name, value in found.items():
        row[COLUMN[name]] = value
    return row


def deviation(fitness: np.ndarray) -> float:
    """SD over models. Neighbours of equal fitness, as copies are, are added at once: compiled code does so, and the bits depend on it."""
    firsts = np.flatnonzero(np.append(True, fitness[1:] != fitness[:-1]))
    counts = np.diff(np.append(firsts, len(fitness)))
    return float(np.sqrt(in_order(counts * (fitness[firsts] - fitness.sum() / len(fitness)) ** 2) / len(fitness)))


def in_order(terms: np.ndarray) -> float:
    """The sum from the first to the last, as a loop adds: numpy's own sum pairs them."""
    return float(np.add.accumulate(terms)[-1])
