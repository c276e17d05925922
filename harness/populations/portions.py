"""Portions of a sweep: some seeds of one arm, run whole and kept whole under the hash of everything that makes them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from harness.errors import HarnessError
from harness.fingerprint import fingerprint, tree_fingerprint
from harness.populations.arms import Arm
from harness.populations.runs import Engine, runs
from harness.store import Store

KIND = "sweep"
SIZE = 16  # seeds: what a kill loses at most, for each worker
HOUSE = Path(__file__).parents[1]
VALUES = "values.npy"


@dataclass(frozen=True)
class Portion:
    """Some of an arm's runs, by the seeds that make them."""

    arm: Arm
    seeds: tuple[int, ...]

    @property
    def key(self) -> str:
        """sha256 of the simulation, the seeds and the code. Not of the engine: both give the same bits."""
        return fingerprint({"simulation": self.arm.key, "seeds": self.seeds, "code": code()})

    def run(self, engine: Engine, store: Store | None) -> np.ndarray:
        """(seeds, generations + 1, measures), from the store where they are in it."""
        if store is None:
            return self.made(engine)
        place = store.folder(KIND, self.key, lambda folder: np.save(folder / VALUES, self.made(engine), allow_pickle=False))
        found: np.ndarray = np.load(place / VALUES, allow_pickle=False)
        return found

    def made(self, engine: Engine) -> np.ndarray:
        """The same, run now."""
        try:
            return runs(self.arm.simulation, self.seeds, engine=engine).values
        except HarnessError as error:
            raise HarnessError(f"arm {self.arm.name!r}: {error}") from error


def portions(arm: Arm, seeds: Sequence[int]) -> list[Portion]:
    """An arm's runs in portions that depend on the seeds alone."""
    return [Portion(arm, tuple(seeds[start : start + SIZE])) for start in range(0, len(seeds), SIZE)]


def gathered(
    parts: Sequence[Portion], *, engine: Engine, workers: int, store: Store | None, told: Callable[[Portion], None] = lambda _: None
) -> list[np.ndarray]:
    """The values of all portions in their order, some at once; `told` is called from this thread for each that is done. The first error stops the rest."""
    pool = ThreadPoolExecutor(workers)
    try:
        found = {pool.submit(part.run, engine, store): part for part in parts}
        for one in as_completed(found):
            one.result()
            told(found[one])
        return [one.result() for one in found]
    finally:
        pool.shutdown(cancel_futures=True)


@cache
def code() -> str:
    """sha256 of all code that runs can depend on: the whole of populations, and how streams are named."""
    return tree_fingerprint(HOUSE, ["seeds.py", "fingerprint.py", *(path.relative_to(HOUSE).as_posix() for path in (HOUSE / "populations").rglob("*.py"))])
