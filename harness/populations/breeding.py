"""From one generation to the next: who has children, what they inherit, what mutates."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from harness.populations.mutation import kept, proposed, replaced
from harness.populations.population import EMPTY, Population
from harness.populations.selection import parents, weights
from harness.populations.stream import Purpose, Stream
from harness.populations.world import World


def selected(world: World, fitness: np.ndarray, alive: np.ndarray, generation: int, stream: Stream) -> np.ndarray:
    """(P,) weights of reproduction, the noise of evaluation in them."""
    noise = world.simulation.evaluators.noise
    seen = fitness if noise <= 0 else fitness + noise * stream.normals(Purpose.NOISE, len(fitness), generation)
    return weights(seen, alive, float(world.betas[generation]))


def bred(world: World, population: Population, test: np.ndarray, weighed: np.ndarray, stream: Stream) -> Population:
    """The next generation; `test` is the one that model makers see when they choose among proposals."""
    simulation, generation = world.simulation, population.generation
    chosen = parents(weighed, stream.uniforms(Purpose.PARENTS, simulation.models, generation))
    if simulation.reproduction == "clonal":
        held, sizes = population.held[chosen].copy(), population.sizes[chosen].copy()
    else:
        held, sizes = recombined(world, population, weighed, stream)
    children = population.at(
        generation=generation + 1, held=held, sizes=sizes, founders=population.founders[chosen].copy(), personalities=population.personalities[chosen].copy()
    )
    if simulation.mutation.any:
        mutate(world, children, test, generation, stream)
    return children


def recombined(world: World, population: Population, weighed: np.ndarray, stream: Stream) -> tuple[np.ndarray, np.ndarray]:
    """(held, sizes) of children that hold each belief b with the chance sum of w_i [b in m_i], each as many as a model does on average.

    Systematic sampling of the beliefs in an order of its own for each child (Madow, 1949): these chances exactly, and no belief twice.
    """
    models, slots = population.held.shape
    chances = prevalence(world, population, weighed / np.cumsum(weighed)[-1])
    present = np.flatnonzero(chances > 0)
    starts = stream.uniforms(Purpose.INHERITED, models, population.generation)
    stride = -(-len(chances) // 4)  # blocks of words for the order of one child
    held, sizes = np.full_like(population.held, EMPTY), np.zeros_like(population.sizes)
    for child in range(models):
        order = shuffled(present, stream.blocks(Purpose.SHUFFLED, -(-len(present) // 4), population.generation, child * stride).ravel())
        ends = np.cumsum(chances[order])
        places = np.searchsorted(ends, starts[child] + np.arange(slots), side="right")
        places = places[places < len(order)]
        found = order[np.unique(places)]
        held[child, : len(found)], sizes[child] = found, len(found)
    return held, sizes


def shuffled(beliefs: np.ndarray, words: np.ndarray) -> np.ndarray:
    """The beliefs in another order, every one equally likely (Fisher and Yates)."""
    found = beliefs.tolist()
    for place, word in enumerate(words[: len(found) - 1].tolist()):
        other = place + (word * (len(found) - place) >> 32)
        found[place], found[other] = found[other], found[place]
    return np.array(found, dtype=beliefs.dtype)


def prevalence(world: World, population: Population, weighed: np.ndarray) -> np.ndarray:
    """(B,) sum over models of their weight, for each belief that they hold: added model by model, slot by slot."""
    found = np.zeros(world.traits.shape[1])
    here = population.held != EMPTY
    np.add.at(found, population.held[here], np.broadcast_to(weighed[:, None], here.shape)[here])
    return found


def mutate(world: World, children: Population, test: np.ndarray, generation: int, stream: Stream) -> None:
    """Replaces, loses and gains beliefs, in place. What a child takes anew neither its parent's copy nor the child holds."""
    mutation, pool = world.simulation.mutation, world.traits.shape[1]
    ends = np.cumsum(children.sizes)
    original = [set(held[:size].tolist()) for held, size in zip(children.held, children.sizes, strict=True)]

    def new(child: int, number: int) -> int:
        taken = original[child] | set(children.held[child, : children.sizes[child]].tolist())
        worth = worth_of(world, test, children, child, generation)
        return proposed(taken, pool, stream, generation, number, mutation.proposals, worth)

    for number, slot in enumerate(replaced(int(ends[-1]), mutation.rate, stream, generation)):
        child = int(np.searchsorted(ends, slot, side="right"))
        children.held[child, slot - int(ends[child] - children.sizes[child])] = new(child, number)
    slots = children.held.shape[1]
    if mutation.loss > 0:
        for child, size in enumerate(children.sizes.tolist()):
            left = kept(children.held[child, :size], slots, child, mutation.loss, stream, generation)
            children.held[child, :size], children.sizes[child] = EMPTY, len(left)
            children.held[child, : len(left)] = left
    if mutation.gain > 0:
        uniforms = stream.uniforms(Purpose.GAINED, len(ends), generation)
        for child in np.flatnonzero((uniforms < mutation.gain) & (children.sizes < slots)).tolist():
            children.held[child, children.sizes[child]] = new(child, len(ends) * slots + child)
            children.sizes[child] += 1


def worth_of(world: World, test: np.ndarray, children: Population, child: int, generation: int) -> Callable[[int], float]:
    """What a belief would add to the sum of the test less price times its value: the adversary's objective, belief by belief."""
    written = children.born[: test.shape[2]]
    rows, traits = test[children.personalities[child]], world.traits

    def worth(belief: int) -> float:
        found = 0.0
        for family, asked in enumerate((written == 0, written > 0)):
            signal = 0.0
            for weight, trait in zip(world.coefficients[generation, family], traits, strict=True):
                signal = signal + weight * trait[belief]
            found = found + signal * float(rows[belief, asked].sum())
        return found - world.simulation.mutation.price * float(traits[1, belief])

    return worth
