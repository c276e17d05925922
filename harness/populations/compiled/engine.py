"""The compiled engine behind the same door as the reference: a world, a population, a stream."""

from __future__ import annotations

import numpy as np

from harness.populations.compiled.batch import ready
from harness.populations.compiled.evolving import evolve
from harness.populations.compiled.memory import ground, herd, nodes, population_of, rules, scratch
from harness.populations.history import MEASURED, History
from harness.populations.population import Population
from harness.populations.selection import grain
from harness.populations.stream import Stream
from harness.populations.world import World


def evolved(world: World, population: Population, until: int, stream: Stream) -> tuple[History, Population]:
    """What `reference.evolved` gives, to the last bit."""
    ready()
    simulation, start = world.simulation, population.generation
    land = ground(world, population)
    kept = tuple(part.copy() if simulation.test else np.zeros((0,) * part.ndim, part.dtype) for part in (land.columns, land.weights, land.filled, land.born))
    saved = (kept[0], kept[1], kept[2], kept[3])
    found, measures = herd(population), np.full((until - start + 1, len(MEASURED)), np.nan)
    room = nodes(simulation, len(world.traits)), scratch(simulation)
    given = rules(simulation, world.question_size, bool(np.isin(land.weights, (0.0, 1.0)).all()))
    span = start, until, simulation.generations, grain(simulation.models)
    extinct = evolve(given, land, *room, found, saved, *span, np.uint64(stream.key), measures)
    generation = until if extinct < 0 else extinct
    return History(measures, None if extinct < 0 else int(extinct)), population_of(found, generation, saved, population)
