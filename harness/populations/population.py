"""A population at one generation: all that decides what comes next, since sums are exact and random numbers have addresses."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

EMPTY = -1


@dataclass(frozen=True)
class Population:
    """`held` is (P, slots) int32, EMPTY behind each model's `sizes`; `founders` (P,) the founder each descends from, EMPTY where beliefs recombine;
    `personalities` (P,). `test` is the present activations (personalities, B, most questions), None while they are the first ones; `born` (most questions,) the
    generation in which each question was written, -1 where there is none."""

    generation: int
    held: np.ndarray
    sizes: np.ndarray
    founders: np.ndarray
    personalities: np.ndarray
    born: np.ndarray
    test: np.ndarray | None = None

    def at(self, **changed: object) -> Population:
        """The same with some parts changed."""
        return replace(self, **changed)  # type: ignore[arg-type]
