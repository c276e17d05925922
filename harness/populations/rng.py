"""Random numbers of a run: one numpy Generator for each purpose, from the run's seed."""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum
from operator import index
from typing import Any

import numpy as np

from harness import jit
from harness.errors import HarnessError


class Purpose(IntEnum):
    """What a generator is for. The numbers are part of every result: none is ever given a second meaning."""

    LANDSCAPE = 1
    ACTIVATION = 2
    EVALUATORS = 3
    NETWORK = 4
    USAGE = 5
    FOUNDERS = 6
    COURSE = 7


def make_generator(seed: int, purpose: Purpose) -> np.random.Generator:
    """The generator of a seed and a purpose: equal in every process, independent of all others (`numpy.random.SeedSequence`)."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, int(purpose)])))


def check_seed(seed: object) -> int:
    """A seed as Python's own whole number. Raises HarnessError for anything else."""
    try:
        number = index(seed)  # type: ignore[arg-type]
    except TypeError:
        number = -1
    if number < 0 or isinstance(seed, bool):
        raise HarnessError(f"seed {seed!r} is not a whole number from 0 on", where="runs", mend="Give whole numbers")
    return number


def _choose_distinct(uniforms: np.ndarray, pool: int) -> np.ndarray:
    """Rows of distinct whole numbers below `pool`, every set equally likely (Floyd's algorithm, Bentley and Floyd, 1987).

    `uniforms` (rows, count) in [0, 1): one for each number. Gives (rows, count) int32.
    """
    rows, count = uniforms.shape
    chosen = np.empty((rows, count), np.int32)
    taken_by = np.full(pool, -1, np.int64)
    for row in range(rows):
        for step in range(count):
            last = pool - count + step
            drawn = int(uniforms[row, step] * (last + 1))
            if taken_by[drawn] == row:
                drawn = last
            taken_by[drawn] = row
            chosen[row, step] = drawn
    return chosen


choose_distinct: Callable[[Any, int], Any] = jit.kernel(_choose_distinct)
