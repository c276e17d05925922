"""From a simulation, its world and a population to the arrays of compiled code, and back."""

from __future__ import annotations

import math

import numpy as np

from harness.populations.changing_test import DROPS, POLICIES
from harness.populations.compiled.founding import pack
from harness.populations.compiled.lanes import LANES, MASS
from harness.populations.compiled.layout import Ground, Herd, Nodes, Rules, Scratch
from harness.populations.grid import SIGNAL
from harness.populations.population import Population
from harness.populations.simulation import Simulation
from harness.populations.world import World

LINE = 8  # float64 numbers of a cache line of 64 bytes
CHUNK = 64  # so many draws are worked out at once; as many as there can be proposals


def rules(simulation: Simulation, question_size: float, unweighted: bool) -> Rules:
    """The parameters as numbers; question_size is `World.question_size`, `unweighted` true where all activations are 0 or 1."""
    mutation, test = simulation.mutation, simulation.test
    return Rules(
        models=simulation.models,
        slots=simulation.slots,
        beliefs=simulation.beliefs,
        additive=int(simulation.fitness == "additive"),
        recombining=int(simulation.reproduction == "recombining"),
        networked=int(simulation.network is not None),
        unweighted=int(unweighted and simulation.network is None),
        catastrophic=int(simulation.catastrophe is not None),
        threshold=0.0 if simulation.catastrophe is None else float(simulation.catastrophe),
        rate=float(mutation.rate),
        loss=float(mutation.loss),
        gain=float(mutation.gain),
        proposals=mutation.proposals,
        price=float(mutation.price),
        noise=float(simulation.evaluators.noise),
        every=test.every if test else 0,
        added=test.added if test else 0,
        dropped=test.dropped if test else 0,
        policy=POLICIES.index(test.policy) if test else 0,
        drop=DROPS.index(test.drop) if test else 0,
        question_size=float(question_size),
        diversity_every=simulation.diversity_every,
    )


def rows(activations: np.ndarray, room: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(columns, weights, filled) of dense (C, B, Q) activations; `room` entries a row at least."""
    width = max(room, int(np.count_nonzero(activations, axis=2).max(initial=0)), 1)
    shape = activations.shape[:2]
    columns, weights, filled = np.zeros((*shape, width), np.uint16), np.ones((*shape, width)), np.zeros(shape, np.int32)
    pack(np.ascontiguousarray(activations), columns, weights, filled)
    return columns, weights, filled


def dense(columns: np.ndarray, weights: np.ndarray, filled: np.ndarray, questions: int) -> np.ndarray:
    """(C, B, Q) activations of rows."""
    found = np.zeros((*filled.shape, questions))
    here = np.arange(columns.shape[2]) < filled[:, :, None]
    personality, belief, entry = np.nonzero(here)
    found[personality, belief, columns[personality, belief, entry]] = weights[personality, belief, entry]
    return found


def ground(world: World, population: Population) -> Ground:
    """The world with the population's present test. What may change is a copy."""
    changing = world.simulation.test is not None
    columns, weights, filled = rows(world.activations if population.test is None else population.test, world.simulation.most_questions if changing else 0)
    return Ground(
        columns=columns,
        weights=weights,
        filled=filled,
        born=population.born.copy(),
        first=(population.born == 0).astype(float),
        later=(population.born > 0).astype(float),
        parts=parts(world.traits),
        used=np.ascontiguousarray(world.used),
        coefficients=world.coefficients,
        betas=world.betas,
        neighbours=np.ascontiguousarray(world.neighbours, dtype=np.int32),
        strengths=np.ascontiguousarray(world.strengths, dtype=float),
    )


def parts(traits: np.ndarray) -> np.ndarray:
    """(B, W) what a belief adds to a question that activates it fully: its traits, then zeros up to a multiple of four. In column MASS stands 1: it is what the
    third trait is, where there are more than two."""
    found = aligned(traits.shape[1], lanes_of(len(traits)))
    found[:, : len(traits)] = traits.T
    found[:, MASS] = 1.0
    return found


def aligned(*shape: int) -> np.ndarray:
    """Zeros whose first is the first of a cache line, so that no four that are worked on at once lie in two lines."""
    size = math.prod(shape)
    room = np.zeros(size + LINE)
    first = -(room.ctypes.data // room.itemsize) % LINE
    return room[first : first + size].reshape(shape)


def lanes_of(traits: int) -> int:
    """How many numbers a node holds for each question."""
    return -(-max(traits, MASS + 1) // LANES) * LANES


def nodes_of(simulation: Simulation) -> int:
    """How many distinct models there can be at once: the present ones, and their children, twice where these are made anew before they mutate."""
    return simulation.models * (3 if simulation.reproduction == "recombining" else 2)


def nodes(simulation: Simulation, traits: int) -> Nodes:
    """Room for distinct models."""
    count, questions = nodes_of(simulation), simulation.most_questions
    keeping = simulation.mutation.any or simulation.test is not None
    return Nodes(
        held=np.full((count, simulation.slots), -1, np.int32),
        about=np.zeros((count, 5), np.int32),
        sums=aligned(count if keeping else 1, questions, lanes_of(traits)),
        totals=aligned(count, 2, lanes_of(traits)),
        score=aligned(count, 4),
    )


def scratch(simulation: Simulation) -> Scratch:
    """Room that is used again in every generation."""
    models, beliefs = simulation.models, simulation.beliefs
    count = nodes_of(simulation)
    return Scratch(
        node=np.zeros(models, np.int32),
        next=np.zeros(models, np.int32),
        parent=np.zeros(models, np.int32),
        live=np.zeros(count, np.int32),
        copies=np.zeros(count, np.int64),
        marks=np.zeros(count, np.int32),
        summed=np.zeros(models),
        guide=np.zeros(4 * models, np.int32),
        seen=np.zeros(models),
        shares=np.zeros(models),
        drawn=np.zeros(models),
        words=np.zeros((4, max(CHUNK, models + 1, beliefs + 1) // 2), np.uint32),
        counts=np.zeros(beliefs, np.int32),
        labels=np.zeros((2, beliefs), np.uint8),
        chances=np.zeros(beliefs),
        order=np.zeros(beliefs, np.int32),
        changed=np.zeros(simulation.most_questions + 1, np.int32),
        gains=np.zeros(simulation.slots),
        by=np.full(simulation.slots + 2, SIGNAL) if simulation.fitness == "additive" else SIGNAL * (1.0 / np.maximum(1, np.arange(simulation.slots + 2))),
        gone=np.zeros(simulation.slots, np.int32),
        gaps=np.zeros(CHUNK),
        proposed=np.zeros((4, CHUNK), np.uint32),
        place=np.zeros(beliefs, np.int32),
    )


def herd(population: Population) -> Herd:
    """A copy of the models."""
    return Herd(held=population.held.copy(), sizes=population.sizes.copy(), founders=population.founders.copy(), personalities=population.personalities.copy())


def population_of(found: Herd, generation: int, saved: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray], before: Population) -> Population:
    """The models as a population, with the test that `saved` holds where it has changed."""
    columns, weights, filled, born = saved
    test = before.test
    if len(born) and (test is not None or (born != before.born).any()):
        test = dense(columns, weights, filled, len(born))
    return Population(
        generation=generation,
        held=found.held,
        sizes=found.sizes,
        founders=found.founders,
        personalities=found.personalities,
        born=born if len(born) else before.born,
        test=test,
    )
