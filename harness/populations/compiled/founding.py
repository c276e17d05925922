"""Worlds and founders of the plain kind, compiled: normal beliefs, simple activation, models of distinct beliefs."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from harness.populations.compiled.quick import inlined, quick
from harness.populations.compiled.words import HALF, fill_blocks, normal_pair
from harness.populations.grid import LARGEST_SIGNAL, SIGNAL
from harness.populations.stream import Purpose

LANDSCAPE, ACTIVATION, FOUNDERS, NETWORK = np.int64(Purpose.LANDSCAPE), np.int64(Purpose.ACTIVATION), np.int64(Purpose.FOUNDERS), np.int64(Purpose.NETWORK)


@inlined
def on_grid(value: float) -> float:
    return np.rint(min(max(value, -LARGEST_SIGNAL), LARGEST_SIGNAL) * SIGNAL) / SIGNAL


@quick
def normal_beliefs(parts: Any, shape: Any, words: Any, key: Any) -> None:
    """(B, …): signals and values of `BivariateNormal` in the first two columns; shape holds rho, the means of value and signal, their SDs."""
    rho, value_mean, signal_mean, value_sd, signal_sd = shape
    rest = math.sqrt(1.0 - rho * rho)
    fill_blocks(words, len(parts), 0, 1, 0, LANDSCAPE, key)
    signals, values = np.empty(len(parts)), np.empty(len(parts))  # side by side, so that four are worked out at a time
    for belief in range(len(parts)):
        first, second = normal_pair(words[0, belief], words[1, belief], words[2, belief], words[3, belief])
        values[belief] = on_grid(value_sd * first + value_mean)
        signals[belief] = on_grid(signal_sd * (rho * first + rest * second) + signal_mean)
    for belief in range(len(parts)):
        parts[belief, 0], parts[belief, 1] = signals[belief], values[belief]


@quick
def simple_rows(columns: Any, filled: Any, questions: int, each: int, words: Any, key: Any) -> None:
    """The questions of `Simple`: `each` distinct ones for every belief, a word each (see `distinct.py`). Their weights are 1 from the
    beginning. `words` is room."""
    beliefs = columns.shape[1]
    fill_blocks(words, (beliefs * each + 3) // 4, 0, 1, 0, ACTIVATION, key)
    marks, place = np.full(questions, -1, np.int32), 0
    for belief in range(beliefs):
        for step in range(each):
            top = questions - each + step
            drawn = (np.uint64(words[place & 3, place >> 2]) * np.uint64(top + 1)) >> HALF
            drawn = np.uint64(top) if marks[drawn] == belief else drawn
            marks[drawn] = belief
            columns[0, belief, step] = drawn
            place += 1
        filled[0, belief] = each


@quick
def draw_links(neighbours: Any, strengths: Any, bound: Any, up: float, down: float, words: Any, key: Any) -> None:
    """The links of `Network`, (B, degree), two words each. `words` is room."""
    beliefs, degree = neighbours.shape
    fill_blocks(words, (2 * beliefs * degree + 3) // 4, 0, 1, 0, NETWORK, key)
    marks, place = np.full(beliefs, -1, np.int32), 0
    for belief in range(beliefs):
        for step in range(degree):
            top = beliefs - 1 - degree + step
            drawn = (np.uint64(words[place & 3, place >> 2]) * np.uint64(top + 1)) >> HALF
            drawn = np.uint64(top) if marks[drawn] == belief else drawn
            marks[drawn] = belief
            neighbours[belief, step] = drawn + np.uint64(drawn >= np.uint64(belief))
            strengths[belief, step] = -down if np.uint64(words[(place + 1) & 3, (place + 1) >> 2]) < bound else up
            place += 2


@quick
def draw_founders(herd: Any, held: int, beliefs: int, clonal: bool, words: Any, key: Any) -> None:
    """Founders of `held` distinct beliefs, a word each. `words` is room."""
    models, into, place = len(herd.sizes), herd.held, 0
    fill_blocks(words, (models * held + 3) // 4, 0, 1, 0, FOUNDERS, key)
    marks = np.full(beliefs, -1, np.int32)
    into[:] = -1
    for model in range(models):
        for step in range(held):
            top = beliefs - held + step
            drawn = (np.uint64(words[place & 3, place >> 2]) * np.uint64(top + 1)) >> HALF
            drawn = np.uint64(top) if marks[drawn] == model else drawn
            marks[drawn] = model
            into[model, step] = drawn
            place += 1
        herd.sizes[model], herd.founders[model], herd.personalities[model] = held, model if clonal else -1, 0


@quick
def plain_world(ground: Any, shape: Any, questions: int, each: int, words: Any, key: Any) -> None:
    """A world of `BivariateNormal` beliefs and a `Simple` test, in the place of the one before."""
    normal_beliefs(ground.parts, shape, words, key)
    ground.used[:] = ground.parts[:, 1]
    unasked(ground.born, ground.first, ground.later, questions)
    simple_rows(ground.columns, ground.filled, questions, each, words, key)


@quick
def unasked(born: Any, first: Any, later: Any, questions: int) -> None:
    """Before the beginning: so many first questions, and room for others."""
    born[:], first[:], later[:] = -1, 0.0, 0.0
    born[:questions], first[:questions] = 0, 1.0


@quick
def pack(activations: Any, columns: Any, weights: Any, filled: Any) -> None:
    """Dense activations as rows."""
    for personality in range(activations.shape[0]):
        for belief in range(activations.shape[1]):
            entry = 0
            for question in range(activations.shape[2]):
                weight = activations[personality, belief, question]
                if weight != 0:
                    columns[personality, belief, entry] = question
                    weights[personality, belief, entry] = weight
                    entry += 1
            filled[personality, belief] = entry
