"""Whether every swept parameter is heeded: a parameter that nothing reads would be reported as one that has no effect."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np

from harness.errors import HarnessError
from harness.populations.arms import Arm, leaves
from harness.populations.portions import Portion

TRIES = 8  # seeds, at most, on which runs must be equal before it is said that nothing reads a parameter
Gather = Callable[[Sequence[Portion]], list[np.ndarray]]


def heeded(arms: Sequence[Arm], axes: Mapping[str, Sequence[Any]], seeds: Sequence[int], gather: Gather) -> None:
    """Raises HarnessError where two neighbouring values of an axis give the same bits in every combination of the others, or two listed arms do.

    Arms meet the same random numbers here, whether or not they will later: what differs then, differs by the parameter. One difference is enough, so that a
    parameter read in some combinations alone passes. Every arm runs once: what only shows in drawing its world is told now, too.
    """
    tried = Trials(gather)
    tried.run(arms, seeds[0])
    by_place = {arm.place: arm for arm in arms}
    for at, (path, values) in enumerate(axes.items()):
        for low in range(len(values) - 1):
            pairs = [(arm, by_place[(*place[:at], low + 1, *place[at + 1 :])]) for place, arm in by_place.items() if place[at] == low]
            if not tried.differ(pairs, seeds[:TRIES]):
                raise silent(f"{path}: {values[low]!r} and {values[low + 1]!r}", len(seeds[:TRIES]))
    if not axes:
        for one, other in combinations(arms, 2):
            if not tried.differ([(one, other)], seeds[:TRIES]):
                raise silent(f"arms {one.name!r} and {other.name!r}, which differ in {differing(one, other)},", len(seeds[:TRIES]))


class Trials:
    """The hash of each arm's history under each plain seed, run when first asked for."""

    def __init__(self, gather: Gather) -> None:
        self.gather = gather
        self.found: dict[tuple[str, int], str] = {}

    def run(self, arms: Sequence[Arm], seed: int) -> None:
        """Sees that each has been run."""
        parts = [Portion(arm, (seed,)) for arm in arms if (arm.key, seed) not in self.found]
        for part, values in zip(parts, self.gather(parts) if parts else [], strict=True):
            self.found[part.arm.key, seed] = hashlib.sha256(repr(values.shape).encode() + values.tobytes()).hexdigest()

    def differ(self, pairs: Sequence[tuple[Arm, Arm]], seeds: Sequence[int]) -> bool:
        """True where some pair differs under some seed; each seed is tried on all pairs before the next one."""
        for seed in seeds:
            for one, other in pairs:
                self.run([one, other], seed)
                if self.found[one.key, seed] != self.found[other.key, seed]:
                    return True
        return False


def silent(what: str, seeds: int) -> HarnessError:
    """The one line about a parameter that changes nothing."""
    under = "the first seed" if seeds == 1 else f"the first {seeds} seeds"
    return HarnessError(f"{what} give identical runs under {under}: nothing reads it", where="sweep", mend="Leave it out, or turn on what reads it")


def differing(one: Arm, other: Arm) -> str:
    """The paths in which two arms differ, the innermost ones."""
    left, right = dict(leaves(one.simulation.described())), dict(leaves(other.simulation.described()))
    plain = [path for path in {**left, **right} if not isinstance(left.get(path), (dict, list)) and not isinstance(right.get(path), (dict, list))]
    return ", ".join(path for path in plain if left.get(path) != right.get(path))
