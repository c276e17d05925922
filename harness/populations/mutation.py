"""Mutation: slots that take another belief, and beliefs that are lost and gained."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Annotated

import numpy as np
from pydantic import Field

from harness.populations.form import Form
from harness.populations.normals import logarithm
from harness.populations.stream import Purpose, Stream, unit

Chance = Annotated[float, Field(ge=0, le=1)]
ATTEMPTS = 64  # blocks of four words kept for one new belief
FARTHEST = 2.0**52  # beyond any slot
MANY = 64  # gaps worked out at once


class Mutation(Form):
    """Chances per generation: `rate` for each held belief to be replaced by one that the child lacks, `loss` for each to go, `gain` for one more to come.

    With `proposals` above 1 a new belief is the best of so many candidates by what it adds to the test's sum less `price` (the adversary's lambda) times its
    true value: model makers who look before they train.
    """

    rate: Chance = 0.0
    loss: Chance = 0.0
    gain: Chance = 0.0
    proposals: Annotated[int, Field(ge=1, le=64)] = 1
    price: Annotated[float, Field(ge=-1e6, le=1e6)] = 0.0

    @property
    def any(self) -> bool:
        """True where children can differ from their parents at all."""
        return self.rate > 0 or self.loss > 0 or self.gain > 0


def replaced(slots: int, rate: float, stream: Stream, generation: int) -> list[int]:
    """Which of so many slots, laid end to end, take another belief: geometric gaps between them, as independent chances would leave."""
    if rate <= 0:
        return []
    found: list[int] = []
    place, draw = -1, 0
    while True:
        if draw % MANY == 0:
            passed = logarithm(1.0 - unit(stream.blocks(Purpose.MUTATED, MANY // 2, generation, draw // 2).ravel())) / (
                math.log1p(-rate) if rate < 1 else -math.inf
            )
            gaps = np.floor(np.minimum(passed, FARTHEST)).tolist()
        place += 1 + int(gaps[draw % MANY])
        if place >= slots:
            return found
        found.append(place)
        draw += 1


def lacking(taken: set[int], pool: int, stream: Stream, generation: int, number: int) -> int:
    """The first belief of draw `number` that is not taken."""
    for block in range(ATTEMPTS):
        for word in stream.blocks(Purpose.BELIEF, 1, generation, number * ATTEMPTS + block)[0].tolist():
            candidate = (word * pool) >> 32
            if candidate not in taken:
                return int(candidate)
    raise AssertionError("a pool of twice what is held always has a belief that is lacking")


def proposed(taken: set[int], pool: int, stream: Stream, generation: int, number: int, proposals: int, worth: Callable[[int], float]) -> int:
    """The best of the proposals, the first of equals; one proposal is taken as it is."""
    candidates = [lacking(taken, pool, stream, generation, number * proposals + one) for one in range(proposals)]
    return candidates[0] if proposals == 1 else max(candidates, key=worth)


def kept(held: np.ndarray, slots: int, child: int, loss: float, stream: Stream, generation: int) -> np.ndarray:
    """The beliefs of a child that are not lost; `slots` is the most that a model can hold."""
    first = child * slots
    uniforms = unit(stream.blocks(Purpose.LOST, slots // 2 + 2, generation, first // 2).ravel())[first % 2 :]
    return held[uniforms[: len(held)] >= loss]
