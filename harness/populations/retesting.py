"""How a test changes: which questions go, and which beliefs the new ones activate."""

from __future__ import annotations

import numpy as np

from harness.populations.breeding import prevalence
from harness.populations.grid import nearest
from harness.populations.measuring import in_order
from harness.populations.population import EMPTY, Population
from harness.populations.scoring import Scores
from harness.populations.selection import weights
from harness.populations.stream import Purpose, Stream
from harness.populations.world import World


def due(world: World, generation: int) -> bool:
    """True where the test changes before the measurement of this generation."""
    return world.simulation.test is not None and generation > 0 and generation % world.simulation.test.every == 0


def retested(world: World, population: Population, found: Scores, values: np.ndarray, alive: np.ndarray, stream: Stream) -> Population:
    """The population before the changed test: its models are the same, `test` and `born` are not."""
    changing, generation = world.simulation.test, population.generation
    assert changing is not None
    test, born = widened(world, population), population.born.copy()
    for _ in range(changing.dropped):
        place = dropped(world, population, found, test, born)
        test[:, :, place], born[place] = 0.0, EMPTY
    chances = aimed(world, population, found, values, alive, test)
    stride = -(-len(chances) // 2)
    for number in range(changing.added):
        uniforms = stream.uniforms(Purpose.QUESTION, (number + 1) * stride * 2, generation)[number * stride * 2 :][: len(chances)]
        place = int(np.flatnonzero(born == EMPTY)[0])
        test[:, :, place], born[place] = uniforms < chances, generation
    return population.at(test=test, born=born)


def widened(world: World, population: Population) -> np.ndarray:
    """A copy of the present test with room for every question that may come."""
    present = world.activations if population.test is None else population.test
    found = np.zeros((*present.shape[:2], len(population.born)))
    found[:, :, : present.shape[2]] = present
    return found


def aimed(world: World, population: Population, found: Scores, values: np.ndarray, alive: np.ndarray, test: np.ndarray) -> np.ndarray:
    """(B,) chance of each belief to be activated by a new question."""
    changing, generation, models = world.simulation.test, population.generation, len(values)
    assert changing is not None
    if changing.policy == "random":
        sought = np.ones(test.shape[1])
    elif changing.policy == "common":
        beta = float(world.betas[min(generation, len(world.betas) - 1)])
        weighed = weights(found.fitness(world.coefficients[generation]), alive, beta) if alive.any() else np.ones(models)
        sought = prevalence(world, population, weighed / np.cumsum(weighed)[-1])
    elif changing.policy == "harmful":
        sought = np.maximum(0.0, prevalence(world, population, values.sum() / models - values))
    else:
        sought = prevalence(world, population, np.ones(models)) / (1.0 + test.sum(axis=2).sum(axis=0) / test.shape[0])
    total = in_order(sought)
    return np.ones(len(sought)) * world.question_size / len(sought) if total <= 0 else np.minimum(1.0, world.question_size * sought / total)


def dropped(world: World, population: Population, found: Scores, test: np.ndarray, born: np.ndarray) -> int:
    """The place of the question that goes."""
    assert world.simulation.test is not None
    asked = np.flatnonzero(born != EMPTY)
    if world.simulation.test.drop == "oldest":
        return int(asked[np.argmin(born[asked])])
    if world.simulation.test.drop == "uninformative":
        return int(asked[np.argmin([informed(world, population, found, place, int(born[place])) for place in asked.tolist()])])
    return int(asked[np.argmax(redundancies(test[:, :, asked]))])


def informed(world: World, population: Population, found: Scores, place: int, written: int) -> float:
    """The variance over models of their score on one question."""
    score = np.zeros(len(population.sizes))
    for weight, trait in zip(world.coefficients[population.generation, int(written > 0)], found.by_question[:, :, place], strict=True):
        score = score + weight * trait
    score = nearest(score)
    return in_order((score - score.sum() / len(score)) ** 2) / len(score)


def redundancies(test: np.ndarray) -> np.ndarray:
    """(questions,) mean Pearson correlation of each question's activations with those of the others."""
    flat = test.reshape(-1, test.shape[2])
    count = len(flat)
    sums, products = flat.sum(axis=0), flat.T @ flat  # exact, being on the grid
    spread = np.diag(products) / count - (sums / count) ** 2
    covariance = products / count - (sums / count)[:, None] * (sums / count)[None, :]
    scale = np.sqrt(spread[:, None] * spread[None, :])
    correlation = np.divide(covariance, scale, out=np.zeros_like(scale), where=scale > 0)
    np.fill_diagonal(correlation, 0.0)
    found: np.ndarray = np.add.accumulate(correlation, axis=1)[:, -1] / max(1, len(sums) - 1)
    return found
