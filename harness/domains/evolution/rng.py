"""Random numbers of a run: one numpy Generator for each purpose, from the run's seed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import IntEnum
from operator import index
from typing import Any

import numpy as np

from harness import jit
from harness.errors import HarnessError
from harness.plaintext import shorten_text


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


def check_whole(what: str, value: object, least: int = 0) -> int:
    """A whole number as Python's own, at least `least` and below 2**63. Raises HarnessError for anything else."""
    try:
        number = index(value)  # type: ignore[arg-type]
    except TypeError:
        number = least - 1
    if not least <= number < 2**63 or isinstance(value, bool):
        raise HarnessError(
            f"{what} {shorten_text(repr(value), 60)} is not a whole number from {least} on", where="runs", mend="Give a whole number below 2**63"
        )
    return number


def check_seeds(seeds: object) -> list[int]:
    """Seeds as Python's own whole numbers. Raises HarnessError for anything else, for none, and for one that stands twice, which would count as two runs."""
    if not isinstance(seeds, Iterable):
        raise HarnessError(f"seeds are {shorten_text(repr(seeds), 60)}, which is no list", where="runs", mend="Give a list of whole numbers, such as range(20)")
    found = [check_whole("seed", seed) for seed in seeds]
    if not found or len(set(found)) < len(found):
        told = "there are no seeds" if not found else f"the seed {next(seed for seed in found if found.count(seed) > 1)} stands twice"
        raise HarnessError(told, where="runs", mend="Give each run a seed of its own, such as range(20)")
    return found


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
