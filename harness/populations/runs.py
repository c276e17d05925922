"""Many runs of one simulation: equal seeds give equal runs, whatever the batch, the number of workers, or the engine."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from operator import index
from typing import Literal, get_args

import numpy as np

from harness.errors import HarnessError, nearest
from harness.jit import ABSENT, unusable
from harness.populations import reference
from harness.populations.history import MEASURED, History
from harness.populations.simulation import Simulation
from harness.populations.streams import Streams
from harness.populations.world import founders, world

Engine = Literal["auto", "compiled", "reference"]


@dataclass(frozen=True)
class Runs:
    """`values` is (runs, generations + 1, len(MEASURED)), in the order of `seeds`; `extinct` (runs,) the generation in which no model was left, -1 where there
    always was one."""

    simulation: Simulation
    seeds: tuple[int, ...]
    values: np.ndarray
    extinct: np.ndarray

    def __len__(self) -> int:
        return len(self.seeds)

    def __getitem__(self, name: str) -> np.ndarray:
        """(runs, generations + 1) one measure; see `History`."""
        return np.stack([History(values)[name] for values in self.values])


def compiled() -> bool:
    """True where numba can be used. Without it the reference runs: equal, and hundreds of times slower."""
    return not unusable()


def engine_named(asked: Engine = "auto") -> str:
    """The engine that will run. Raises HarnessError where the compiled one is asked for and cannot be had."""
    if asked not in get_args(Engine):
        raise HarnessError(f"unknown engine {asked!r}", where="runs", mend=nearest(asked, get_args(Engine)))
    if asked == "compiled" and not compiled():
        told = "" if unusable() == ABSENT else f": {unusable()}"
        raise HarnessError(f"the compiled engine needs numba{told}", mend="Install it (pip install 'harness-evals[fast]') or use the reference")
    return "compiled" if asked == "compiled" or (asked == "auto" and compiled()) else "reference"


def whole(seed: object) -> int:
    """A seed as Python's own whole number, whose name is one for all types."""
    try:
        return index(seed)  # type: ignore[arg-type]
    except TypeError:
        raise HarnessError(f"seed {seed!r} is not a whole number", where="runs", mend="Give whole numbers") from None


def runs(
    simulation: Simulation, seeds: Sequence[int], *, world_seed: int | None = None, founder_seed: int | None = None, engine: Engine = "auto", workers: int = 1
) -> Runs:
    """One run for each seed. With `world_seed` all share one world, with `founder_seed` one set of founders (which asks for a shared world)."""
    if founder_seed is not None and world_seed is None:
        raise HarnessError("founder_seed without world_seed", mend="Founders are beliefs of one world: give world_seed, too")
    seeds = [whole(seed) for seed in seeds]
    streams = [Streams.of(seed, world_seed, founder_seed) for seed in seeds]
    values, extinct = np.full((len(seeds), simulation.generations + 1, len(MEASURED)), np.nan), np.full(len(seeds), -1)
    if engine_named(engine) == "reference":
        one_by_one(simulation, streams, values, extinct)
    else:
        in_batches(simulation, streams, values, extinct, max(1, workers))
    return Runs(simulation=simulation, seeds=tuple(seeds), values=values, extinct=extinct)


def one_by_one(simulation: Simulation, streams: Sequence[Streams], values: np.ndarray, extinct: np.ndarray) -> None:
    """The reference for each run in turn."""
    for place, each in enumerate(streams):
        land = world(simulation, each.world)
        found, _ = reference.evolved(land, founders(simulation, len(land.activations), each.founders), simulation.generations, each.course)
        values[place], extinct[place] = found.values, -1 if found.extinct is None else found.extinct


def in_batches(simulation: Simulation, streams: Sequence[Streams], values: np.ndarray, extinct: np.ndarray, workers: int) -> None:
    """Compiled, a share of the runs in each thread: compiled code holds no lock of Python's."""
    from harness.populations.compiled.batch import batch

    parts = np.array_split(np.arange(len(streams)), min(workers, max(1, len(streams))))
    if len(parts) == 1:
        batch(simulation, streams, values, extinct)
        return
    with ThreadPoolExecutor(len(parts)) as pool:
        spans = [(part[0], part[-1] + 1) for part in parts]
        found = [pool.submit(batch, simulation, streams[first:end], values[first:end], extinct[first:end]) for first, end in spans]
        for one in found:
            one.result()
