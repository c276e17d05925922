"""Whole runs, compiled: worlds of the plain kind drawn by compiled code, the others by numpy."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from functools import cache
from pathlib import Path

import numpy as np

from harness.errors import HarnessError
from harness.populations.activations.simple import Simple
from harness.populations.compiled.evolving import evolve, evolve_plain
from harness.populations.compiled.founding import draw_founders, draw_links, normal_beliefs, unasked
from harness.populations.compiled.layout import Ground, Herd
from harness.populations.compiled.memory import nodes, parts, rules, scratch
from harness.populations.compiled.quick import KEPT
from harness.populations.compiled.testing import fill, personalities, probing, width
from harness.populations.evaluators import OTHERS, coefficients, traits
from harness.populations.grid import on_signal_grid
from harness.populations.history import MEASURED
from harness.populations.landscapes.bivariate_normal import BivariateNormal
from harness.populations.selection import grain
from harness.populations.simulation import Simulation
from harness.populations.stream import Purpose, Stream
from harness.populations.streams import Streams
from harness.store import held

TOGETHER = 32  # runs between which an interruption is heard


@cache
def ready() -> None:
    """Compiles what is not compiled yet (about a minute, once for each version of the code), one process at a time: the others wait and use it, too."""
    small = Simulation(models=2, beliefs=4, held=1, questions=2, generations=1, activation=Simple(density=0.5))
    found, extinct = np.zeros((1, 2, len(MEASURED))), np.zeros(1, dtype=np.int64)
    stream = Stream(0)
    with waiting():
        batch_of_plain(small, [Streams(stream, stream, stream)], found, extinct)
        Room(small).run(Streams(stream, stream, stream), found[0])


@contextmanager
def waiting() -> Iterator[None]:
    """Holds the lock of what is compiled, where it is kept."""
    with ExitStack() as stack:
        with suppress(HarnessError):
            if KEPT:
                stack.enter_context(held(Path(f"{KEPT}.lock")))
        yield


def batch(simulation: Simulation, streams: Sequence[Streams], values: np.ndarray, extinct: np.ndarray) -> None:
    """Fills `values` (runs, G + 1, measures) and `extinct` (runs,)."""
    ready()
    if plain(simulation):
        batch_of_plain(simulation, streams, values, extinct)
        return
    room = Room(simulation)
    for place, each in enumerate(streams):
        extinct[place] = room.run(each, values[place])


def plain(simulation: Simulation) -> bool:
    """True where a world is so simple that compiled code makes it all by itself."""
    corrected = simulation.test is not None and simulation.test.scored_with is not None
    usual = isinstance(simulation.landscape, BivariateNormal) and isinstance(simulation.activation, Simple)
    return usual and simulation.evaluators.own and not corrected and simulation.network is None and simulation.usage is None


def shape(simulation: Simulation) -> tuple[float, float, float, float, float]:
    """rho, means and SDs of a bivariate normal landscape."""
    found = simulation.landscape
    assert isinstance(found, BivariateNormal)
    return float(found.rho), float(found.value_mean), float(found.signal_mean), float(found.value_sd), float(found.signal_sd)


def batch_of_plain(simulation: Simulation, streams: Sequence[Streams], values: np.ndarray, extinct: np.ndarray) -> None:
    """Runs whose world is drawn anew in the same memory."""
    each, words, land = probing(simulation), room_for_words(simulation), earth(simulation, 2)
    land.coefficients[:, :, 0] = 1.0
    given = rules(simulation, simulation.beliefs * each / simulation.questions, unweighted=True)
    memory = nodes(simulation, 2), scratch(simulation), empty_herd(simulation), kept(simulation, land)
    drawn = shape(simulation), simulation.questions, each, simulation.held
    keys = np.array([[stream.world.key, stream.founders.key, stream.course.key] for stream in streams], np.uint64).reshape(-1, 3)
    for first in range(0, len(keys), TOGETHER):
        part = slice(first, first + TOGETHER)
        evolve_plain(given, land, *memory, drawn, words, keys[part], grain(simulation.models), values[part], extinct[part])


def room_for_words(simulation: Simulation) -> np.ndarray:
    """Blocks enough for any part of a world."""
    links = 2 * simulation.network.degree if simulation.network else 0
    most = max(simulation.beliefs * max(4, probing(simulation), links), simulation.models * simulation.held)
    return np.zeros((4, most // 4 + 1), np.uint32)


class Room:
    """Memory for one run at a time, used again for the next."""

    def __init__(self, simulation: Simulation) -> None:
        self.simulation = simulation
        self.scratch, self.herd = scratch(simulation), empty_herd(simulation)
        self.words = room_for_words(simulation)
        mixed = not simulation.evaluators.own or (simulation.test is not None and simulation.test.scored_with is not None)
        self.land = earth(simulation, OTHERS + len(simulation.evaluators.each) if mixed else 2)
        self.nodes = nodes(simulation, self.land.coefficients.shape[2])
        self.kept = kept(simulation, self.land)

    def run(self, streams: Streams, rows: np.ndarray) -> int:
        """One run into its rows; the generation of its extinction, -1 where there was none."""
        simulation = self.simulation
        size, unweighted = self.settle(streams.world)
        draw_founders(self.herd, simulation.held, simulation.beliefs, simulation.reproduction == "clonal", self.words, np.uint64(streams.founders.key))
        if personalities(simulation) > 1:
            self.herd.personalities[:] = streams.founders.below(personalities(simulation), Purpose.PERSONALITY, simulation.models)
        memory = self.nodes, self.scratch, self.herd, self.kept
        span = 0, simulation.generations, simulation.generations, grain(simulation.models)
        return int(evolve(rules(simulation, size, unweighted), self.land, *memory, *span, np.uint64(streams.course.key), rows))

    def settle(self, stream: Stream) -> tuple[float, bool]:
        """Draws a world into `land`; the size of its questions, and whether all activations are 0 or 1."""
        simulation, land, key = self.simulation, self.land, np.uint64(stream.key)
        values, signals = self.beliefs(stream)
        corrected = simulation.test.scored_with if simulation.test else None
        seen = traits(values, signals, simulation.evaluators, corrected is not None, stream)
        land.parts[:, : len(seen)] = seen.T
        land.used[:] = values if simulation.usage is None else on_signal_grid(values * simulation.usage.draw(simulation.beliefs, stream))
        land.coefficients[:] = coefficients(values, signals, simulation.evaluators, corrected, simulation.generations, len(seen))
        if simulation.network is not None:
            draw_links(land.neighbours, land.strengths, np.uint64(simulation.network.bound), *simulation.network.steps, self.words, key)
        unasked(land.born, land.first, land.later, simulation.questions)
        unweighted = fill(simulation, land.columns, land.weights, land.filled, self.words, stream)
        return int(land.filled.sum()) / (len(land.filled) * simulation.questions), unweighted

    def beliefs(self, stream: Stream) -> tuple[np.ndarray, np.ndarray]:
        """Values and signals on the grid."""
        landscape, count = self.simulation.landscape, self.simulation.beliefs
        if isinstance(landscape, BivariateNormal):
            found = np.empty((count, 2))
            normal_beliefs(found, shape(self.simulation), self.words, np.uint64(stream.key))
            return np.ascontiguousarray(found[:, 1]), np.ascontiguousarray(found[:, 0])
        values, signals = landscape.draw(count, stream)
        return on_signal_grid(values), on_signal_grid(signals)


def earth(simulation: Simulation, traits: int) -> Ground:
    """Ground with room for everything and nothing in it."""
    beliefs, generations, questions = simulation.beliefs, simulation.generations, simulation.most_questions
    shape, degree = (personalities(simulation), beliefs), 0
    if simulation.network is not None:
        simulation.network.fits(beliefs)
        degree = simulation.network.degree
    return Ground(
        columns=np.zeros((*shape, width(simulation)), np.uint16),
        weights=np.ones((*shape, width(simulation))),
        filled=np.zeros(shape, np.int32),
        born=np.zeros(questions, np.int32),
        first=np.zeros(questions),
        later=np.zeros(questions),
        parts=parts(np.zeros((traits, beliefs))),
        used=np.zeros(beliefs),
        coefficients=np.zeros((generations + 1, 2, traits)),
        betas=simulation.selection.betas(generations),
        neighbours=np.zeros((beliefs, degree), np.int32) if degree else np.zeros((0, 0), np.int32),
        strengths=np.zeros((beliefs, degree)) if degree else np.zeros((0, 0)),
    )


def kept(simulation: Simulation, land: Ground) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Room for the test as it is at the end; none where it does not change."""
    if not simulation.test:
        return np.zeros((0, 0, 0), np.uint16), np.zeros((0, 0, 0)), np.zeros((0, 0), np.int32), np.zeros(0, np.int32)
    return land.columns.copy(), land.weights.copy(), land.filled.copy(), land.born.copy()


def empty_herd(simulation: Simulation) -> Herd:
    models = simulation.models
    return Herd(
        held=np.full((models, simulation.slots), -1, np.int32),
        sizes=np.zeros(models, np.int32),
        founders=np.zeros(models, np.int32),
        personalities=np.zeros(models, np.int32),
    )
