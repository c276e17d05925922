"""Runs of a simulation: equal seeds give equal runs, whatever the batch, the number of workers, or where a run was split."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from harness.commands import DISTRIBUTION, install
from harness.domains.evolution import engine_numpy
from harness.domains.evolution.config import Simulation
from harness.domains.evolution.rng import Purpose, check_seeds, check_whole, make_generator
from harness.domains.evolution.state import DERIVED, MEASURES, Measure, Population, derive_measure
from harness.domains.evolution.world import World, draw_founders, draw_world
from harness.errors import HarnessError, nearest
from harness.jit import ABSENT, unusable

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from pandas import DataFrame

Engine = Literal["auto", "numba", "numpy"]


@dataclass(frozen=True)
class Runs:
    """`values` is (runs, generations + 1, len(MEASURES)), in the order of `seeds`; rows after an extinction are NaN, as is what has no meaning."""

    simulation: Simulation
    seeds: tuple[int, ...]
    values: np.ndarray

    def __len__(self) -> int:
        return len(self.seeds)

    def __getitem__(self, name: str) -> np.ndarray:
        """(runs, generations + 1) one measure of `state.MEASURES` or `state.DERIVED`. Raises HarnessError for another name."""
        if name not in (*MEASURES, *DERIVED):
            raise HarnessError(f"there is no measure {name!r}", where="runs", mend=nearest(str(name), (*MEASURES, *DERIVED)))
        return derive_measure(self.values, name)

    @property
    def extinct(self) -> np.ndarray:
        """(runs,) the generation in which no model was left to have children, -1 where there always was one."""
        dead = self.values[:, :, Measure.ALIVE] == 0
        return np.where(dead.any(axis=1), dead.argmax(axis=1), -1)

    @property
    def frame(self) -> DataFrame:
        """A row for each generation of each run: generation, seed, every measure. Needs pandas."""
        from harness.domains.evolution.run_tables import every_generation

        return every_generation(self)

    @property
    def mean(self) -> DataFrame:
        """A row for each generation: every measure's mean over the runs that have it, and how many `runs` had a population. Needs pandas."""
        from harness.domains.evolution.run_tables import means_over_runs

        return means_over_runs(self)

    def plot(self, *measures: str) -> Figure:
        """Means over the runs by generation with Student's 95 % interval, as the report draws them; some measures of its own choice where none is named."""
        from harness.domains.evolution.run_tables import DRAWN, draw

        return draw(self, measures or DRAWN)

    def _repr_html_(self) -> str:
        from harness.domains.evolution.run_tables import to_html

        return to_html(self)

    def __repr__(self) -> str:
        return f"<{len(self)} runs of {self.simulation.generations} generations: runs['fitness'], runs.mean, runs.plot()>"


@dataclass
class Run:
    """One run, which may stop at any generation and go on: its seeds (own, world's, founders'), its world, its population, the generator of its course, and its
    history so far."""

    seeds: tuple[int, int, int]
    world: World
    population: Population
    rng: np.random.Generator
    history: np.ndarray = field(repr=False)

    def advance(self, until: int | None = None, engine: Engine = "auto") -> Run:
        """The same run at generation `until` (the last one if None), bit for bit as if it had never stopped. Raises HarnessError where it cannot go there."""
        last = self.world.simulation.generations
        until = last if until is None else check_whole("generation", until)
        if not self.population.generation <= until <= last:
            mend = f"Give a generation from {self.population.generation} to {last}; a longer run is a simulation of more generations"
            raise HarnessError(f"a run at generation {self.population.generation} cannot go on until {until}", where="run", mend=mend)
        self.population = choose_engine(engine)(self.world, self.population, until, self.rng, self.history)
        return self

    def state(self) -> dict[str, Any]:
        """All that `start(…, state=…)` needs to go on in another process: arrays and the state of the generator."""
        made = {"simulation": self.world.simulation, "seeds": self.seeds}
        return made | {"population": self.population, "generator": self.rng.bit_generator.state, "history": self.history.copy()}


def start(simulation: Simulation, seed: int, *, world_seed: int | None = None, founder_seed: int | None = None, state: dict[str, Any] | None = None) -> Run:
    """A run before its first generation is measured, or with the `state` of one that was stopped. Raises HarnessError for the state of another run."""
    if founder_seed is not None and world_seed is None:
        raise HarnessError("founder_seed without world_seed", mend="Founders are beliefs of one world: give world_seed, too")
    own, *others = (check_whole("seed", seed if given is None else given) for given in (None, world_seed, founder_seed))
    seeds = (own, others[0], others[1])
    if state is not None and (state["simulation"], state["seeds"]) != (simulation, seeds):
        what = "simulation" if state["simulation"] != simulation else "seed"
        raise HarnessError(f"the state is that of another {what}", where="start", mend="Start with the simulation and the seeds of the run that was stopped")
    world = draw_world(simulation, seeds[1])
    run = Run(seeds, world, draw_founders(world, seeds[2]), make_generator(own, Purpose.COURSE), empty_history(simulation))
    if state is not None:
        run.population, run.history, run.rng.bit_generator.state = state["population"], state["history"].copy(), state["generator"]
    return run


def empty_history(simulation: Simulation) -> np.ndarray:
    """(generations + 1, len(MEASURES)) of NaN."""
    return np.full((simulation.generations + 1, len(MEASURES)), np.nan)


def is_compiled() -> bool:
    """True where numba can be used. Without it the readable engine runs, hundreds of times slower."""
    return not unusable()


def engine_name(asked: Engine = "auto") -> str:
    """The engine that will run. Raises HarnessError where numba is asked for and cannot be used."""
    if asked not in get_args(Engine):
        raise HarnessError(f"unknown engine {asked!r}", where="runs", mend=nearest(str(asked), get_args(Engine)))
    if asked == "numba" and not is_compiled():
        reason = "" if unusable() == ABSENT else f": {unusable()}"
        raise HarnessError(f"the fast engine needs numba{reason}", mend=f"Install it ({install(f'{DISTRIBUTION}[fast]')}) or use engine='numpy'")
    return "numba" if asked == "numba" or (asked == "auto" and is_compiled()) else "numpy"


def choose_engine(asked: Engine = "auto") -> Callable[..., Population]:
    """The `evolve` of an engine."""
    if engine_name(asked) == "numpy":
        return engine_numpy.evolve
    from harness.domains.evolution import engine_numba

    return engine_numba.evolve


def simulate(
    config: Simulation | Mapping[str, Any] | str | Path | None = None,
    seeds: int | Sequence[int] = 1,
    *,
    world_seed: int | None = None,
    founder_seed: int | None = None,
    engine: Engine = "auto",
    workers: int = 1,
    **changes: Any,
) -> Runs:
    """One run for each seed. With `world_seed` all share one world, with `founder_seed` one set of founders (which asks for a shared world).

    `config` is a simulation, a mapping of parameters, the path of a YAML file of them, or `FILE#arm` for an arm of a file in the form of arms.yaml; the
    default parameters where it is left out. `changes` replace some of its parameters; `**{"selection.beta": 10}` names a part of one.
    Raises HarnessError in one line for what is unknown or impossible.
    """
    from harness.domains.evolution.sweep import read_simulation

    simulation = read_simulation(config, changes)
    numbers, workers = tuple(check_seeds(seeds if isinstance(seeds, Iterable) else [seeds])), check_whole("the number of workers", workers, 1)
    choose_engine(engine)

    def run(seed: int) -> np.ndarray:
        return start(simulation, seed, world_seed=world_seed, founder_seed=founder_seed).advance(engine=engine).history

    if workers > 1 and len(numbers) > 1:  # compiled code runs without Python's lock
        with ThreadPoolExecutor(workers) as pool:
            histories = list(pool.map(run, numbers))
    else:
        histories = [run(seed) for seed in numbers]
    return Runs(simulation, numbers, np.stack(histories))
