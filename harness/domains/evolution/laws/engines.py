"""The engines that are there, for laws about their parts."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from harness.domains.evolution.config import Simulation
from harness.domains.evolution.rng import Purpose, make_generator
from harness.domains.evolution.runs import choose_engine, empty_history, is_compiled
from harness.domains.evolution.state import Population
from harness.domains.evolution.world import World, draw_founders, draw_world

Evolve = Callable[..., Population]


def list_engines() -> dict[str, Evolve]:
    """The readable engine, and the fast one where numba can be used."""
    return {name: choose_engine(name) for name in ("numpy", "numba")[: 2 if is_compiled() else 1]}  # type: ignore[arg-type]


def begin(simulation: Simulation, seed: int) -> tuple[World, Population]:
    """What a run starts from."""
    land = draw_world(simulation, seed)
    return land, draw_founders(land, seed)


def evolve_history(evolve: Evolve, land: World, start: Population, seed: int) -> np.ndarray:
    """(generations + 1, measures) of a whole run."""
    history = empty_history(land.simulation)
    evolve(land, start, land.simulation.generations, make_generator(seed, Purpose.COURSE), history)
    return history
