"""Checkpoints: a run stopped at a generation, with all that it takes to go on as if it had never stopped.

Random numbers are addressed and sums exact, so a population and three seeds are the whole state: nothing else is kept between generations.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from harness.errors import HarnessError
from harness.populations import reference
from harness.populations.arms import leaves
from harness.populations.history import MEASURED, History
from harness.populations.population import Population
from harness.populations.portions import code
from harness.populations.runs import Engine, engine_named
from harness.populations.sealed import sealed, unsealed
from harness.populations.simulation import Simulation, simulation
from harness.populations.streams import Streams
from harness.populations.world import founders, world

KIND = "checkpoint"
ALWAYS = ("held", "sizes", "founders", "personalities", "born")


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """`population` is the state; `history` what was measured so far, none at all before the first step. The seeds are those of `runs`."""

    simulation: Simulation
    seed: int
    world_seed: int | None = None
    founder_seed: int | None = None
    population: Population
    history: History

    @property
    def generation(self) -> int:
        return self.population.generation

    @property
    def streams(self) -> Streams:
        return Streams.of(self.seed, self.world_seed, self.founder_seed)


def started(simulation: Simulation, seed: int, *, world_seed: int | None = None, founder_seed: int | None = None) -> Checkpoint:
    """A run before its first generation."""
    streams = Streams.of(seed, world_seed, founder_seed)
    first = founders(simulation, len(world(simulation, streams.world).activations), streams.founders)
    history = History(np.zeros((0, len(MEASURED))))
    return Checkpoint(simulation=simulation, seed=seed, world_seed=world_seed, founder_seed=founder_seed, population=first, history=history)


def continued(checkpoint: Checkpoint, until: int | None = None, *, engine: Engine = "auto") -> Checkpoint:
    """The same run at generation `until` (the last one if None), bit for bit as if it had never stopped, whichever engine ran before.

    Where no model was left to have children it stays at that generation, and the rows after it are NaN, as they are without a stop.
    """
    until = checkpoint.simulation.generations if until is None else until
    if not checkpoint.generation <= until <= checkpoint.simulation.generations:
        mend = f"Give a generation from {checkpoint.generation} to {checkpoint.simulation.generations}; a longer run is a simulation of more generations"
        raise HarnessError(f"a run at generation {checkpoint.generation} cannot go on until {until}", where=KIND, mend=mend)
    if engine_named(engine) == "compiled":
        from harness.populations.compiled.engine import evolved
    else:
        evolved = reference.evolved
    streams = checkpoint.streams
    found, population = evolved(world(checkpoint.simulation, streams.world), checkpoint.population, until, streams.course)
    rows = np.concatenate([checkpoint.history.values[: checkpoint.generation], found.values])
    return replace(checkpoint, population=population, history=History(rows, found.extinct))


def saved(path: Path | str, checkpoint: Checkpoint) -> None:
    """Writes a checkpoint beside `path` and renames it there."""
    population = checkpoint.population
    arrays = {name: getattr(population, name) for name in ALWAYS} | ({} if population.test is None else {"test": population.test})
    about = {
        "simulation": checkpoint.simulation.described(),
        "seeds": [checkpoint.seed, checkpoint.world_seed, checkpoint.founder_seed],
        "generation": population.generation,
        "extinct": checkpoint.history.extinct,
        "code": code(),
    }
    sealed(Path(path), KIND, about, {**arrays, "history": checkpoint.history.values})


def loaded(path: Path | str, expected: Simulation | None = None) -> Checkpoint:
    """A saved checkpoint. Raises HarnessError in one line for a file that is not a whole one, or not of the simulation `expected`.

    Warns where other code wrote it: the run that goes on is then not the one that would never have stopped.
    """
    about, arrays = unsealed(Path(path), KIND)
    found = simulation(about["simulation"], str(path))
    if expected is not None and found != expected:
        raise foreign(path, found, expected)
    if about["code"] != code():
        warnings.warn(f"{path}: written by other code than this; what goes on from it may differ from a run that never stopped", stacklevel=2)
    seed, world_seed, founder_seed = about["seeds"]
    population = Population(generation=about["generation"], test=arrays.get("test"), **{name: arrays[name] for name in ALWAYS})
    history = History(arrays["history"], about["extinct"])
    return Checkpoint(simulation=found, seed=seed, world_seed=world_seed, founder_seed=founder_seed, population=population, history=history)


def resumed(path: Path | str, until: int | None = None, *, expected: Simulation | None = None, engine: Engine = "auto") -> Checkpoint:
    """A saved run gone on with, see `loaded` and `continued`."""
    return continued(loaded(path, expected), until, engine=engine)


def foreign(path: Path | str, found: Simulation, expected: Simulation) -> HarnessError:
    """The one line about a checkpoint of another simulation: the innermost path that differs first."""
    here, there = dict(leaves(found.described())), dict(leaves(expected.described()))
    differ = [name for name in {**here, **there} if here.get(name) != there.get(name)]
    name = max(differ, key=lambda one: one.count("."))
    told = f"a checkpoint of another simulation: {name} is {here.get(name)!r}, not {there.get(name)!r}"
    return HarnessError(told, where=str(path), mend="Take the checkpoint of this simulation, or start anew")
