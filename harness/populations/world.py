"""The world that a population evolves in: beliefs with their value and signals, a test, evaluators, and what else acts on them. Drawn once from a stream."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from harness.populations.distinct import distinct
from harness.populations.evaluators import coefficients, traits
from harness.populations.grid import on_signal_grid
from harness.populations.population import EMPTY, Population
from harness.populations.simulation import Simulation
from harness.populations.stream import Purpose, Stream


@dataclass(frozen=True)
class World:
    """`traits` (R, B): the landscape's signal, true value and what evaluators see beside; `used` (B,) usage times value; `activations`
    (personalities, B, Q) at the start; `coefficients` (G + 1, 2, R) of the first questions and of those added later; `betas` (G,);
    `neighbours`, `strengths` (B, D) of the network."""

    simulation: Simulation
    traits: np.ndarray
    used: np.ndarray
    activations: np.ndarray
    coefficients: np.ndarray
    betas: np.ndarray
    neighbours: np.ndarray
    strengths: np.ndarray

    @property
    def values(self) -> np.ndarray:
        """(B,) true value of each belief."""
        found: np.ndarray = self.traits[1]
        return found

    @property
    def question_size(self) -> float:
        """How many beliefs a question activates on average: the size of those that are added."""
        return int(np.count_nonzero(self.activations)) / int(self.activations.shape[0] * self.activations.shape[2])

    def deceptive(self, generation: int) -> np.ndarray:
        """(B,) True for beliefs of negative value whose signal, as evaluators see it at that generation, is positive."""
        seen = np.zeros(self.traits.shape[1])
        for weight, trait in zip(self.coefficients[generation, 0], self.traits, strict=True):  # in this order, as compiled code adds them
            seen = seen + weight * trait
        found: np.ndarray = (self.values < 0) & (seen > 0)
        return found


def world(simulation: Simulation, stream: Stream) -> World:
    """The world of a simulation under a stream."""
    values, signals = (on_signal_grid(drawn) for drawn in simulation.landscape.draw(simulation.beliefs, stream))
    corrected = simulation.test.scored_with if simulation.test else None
    seen = traits(values, signals, simulation.evaluators, corrected is not None, stream)
    used = values if simulation.usage is None else on_signal_grid(values * simulation.usage.draw(simulation.beliefs, stream))
    neighbours, strengths = simulation.network.draw(simulation.beliefs, stream) if simulation.network else (np.zeros((0, 0), np.int32), np.zeros((0, 0)))
    return World(
        simulation=simulation,
        traits=seen,
        used=used,
        activations=simulation.activation.draw(simulation.beliefs, simulation.questions, stream),
        coefficients=coefficients(values, signals, simulation.evaluators, corrected, simulation.generations, len(seen)),
        betas=simulation.selection.betas(simulation.generations),
        neighbours=neighbours,
        strengths=strengths,
    )


def founders(simulation: Simulation, personalities: int, stream: Stream) -> Population:
    """The first generation: each model holds `held` distinct beliefs, every set of them equally likely."""
    models, kept = simulation.models, simulation.held
    held = np.full((models, simulation.slots), EMPTY, dtype=np.int32)
    held[:, :kept] = distinct(stream.words(Purpose.FOUNDERS, models * kept).reshape(models, kept), simulation.beliefs)
    born = np.full(simulation.most_questions, EMPTY, dtype=np.int32)
    born[: simulation.questions] = 0
    return Population(
        generation=0,
        held=held,
        sizes=np.full(models, kept, dtype=np.int32),
        founders=np.arange(models, dtype=np.int32) if simulation.reproduction == "clonal" else np.full(models, EMPTY, dtype=np.int32),
        personalities=stream.below(personalities, Purpose.PERSONALITY, models).astype(np.int32),
        born=born,
    )
