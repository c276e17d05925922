"""Rows of the activations that compiled code draws by itself: `Simple` and what is made of it, and `Similarity`. All others are drawn by numpy and packed."""

from __future__ import annotations

from typing import Any

import numpy as np

from harness.populations.activations.correlated import Correlated
from harness.populations.activations.coverage import Coverage
from harness.populations.activations.personality import Personality
from harness.populations.activations.similarity import Similarity
from harness.populations.activations.simple import Simple
from harness.populations.compiled.founding import pack, simple_rows
from harness.populations.compiled.quick import quick
from harness.populations.compiled.words import exponential
from harness.populations.grid import ACTIVATION
from harness.populations.simulation import Simulation
from harness.populations.stream import Stream


def width(simulation: Simulation) -> int:
    """Entries that the row of a belief may have."""
    if simulation.test is not None or not isinstance(simulation.activation, Simple | Coverage):
        return simulation.most_questions
    return probing(simulation)


def personalities(simulation: Simulation) -> int:
    """How many kinds of models a test tells apart."""
    return simulation.activation.personalities if isinstance(simulation.activation, Personality) else 1


def probing(simulation: Simulation) -> int:
    """How many questions probe a belief where that is the same for all, or for most; else 0."""
    activation = simulation.activation
    return Simple(density=activation.density).probing(simulation.questions) if isinstance(activation, Simple | Coverage | Correlated) else 0


def fill(simulation: Simulation, columns: Any, weights: Any, filled: Any, words: Any, stream: Stream) -> bool:
    """Draws the activations of a simulation into rows; True where all are 0 or 1. `words` is room."""
    activation, beliefs, questions = simulation.activation, simulation.beliefs, simulation.questions
    if isinstance(activation, Similarity):
        similar_rows(
            columns, weights, filled, activation.believed(beliefs, stream), np.ascontiguousarray(activation.asked(questions, stream).T), activation.sharpness
        )
        return False
    if not isinstance(activation, Simple | Coverage | Correlated):
        drawn = np.ascontiguousarray(activation.draw(beliefs, questions, stream))
        pack(drawn, columns, weights, filled)
        return bool(((drawn == 0.0) | (drawn == 1.0)).all())
    simple_rows(columns, filled, questions, probing(simulation), words, np.uint64(stream.key))
    if isinstance(activation, Coverage):
        filled[0, activation.unprobed(beliefs, questions, stream)] = 0
    if isinstance(activation, Correlated):
        every, none = activation.apart(beliefs, questions, stream)
        columns[0, every, :questions], filled[0, every], filled[0, none] = np.arange(questions, dtype=np.uint16), questions, 0
    return True


@quick
def similar_rows(columns: Any, weights: Any, filled: Any, believed: Any, asked: Any, sharpness: float) -> None:
    """Activations by nearness, from (B, D) and (D, Q) places: see `Similarity`."""
    questions = asked.shape[1]
    near = np.empty(questions)
    for belief in range(len(believed)):
        near[:] = 0.0
        for dimension in range(believed.shape[1]):
            place = believed[belief, dimension]
            for question in range(questions):
                near[question] += place * asked[dimension, question]
        for question in range(questions):
            away = near[question] if near[question] < 1.0 else 1.0
            near[question] = np.rint(exponential(sharpness * (away - 1.0)) * ACTIVATION) / ACTIVATION
        entry = 0
        for question in range(questions):
            columns[0, belief, entry], weights[0, belief, entry] = question, near[question]
            entry += near[question] > 0
        filled[0, belief] = entry
