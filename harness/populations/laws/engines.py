"""The engines that are there, for the laws that need their inner door."""

from __future__ import annotations

from collections.abc import Callable

from harness.populations import reference
from harness.populations.history import History
from harness.populations.population import Population
from harness.populations.runs import compiled
from harness.populations.simulation import Simulation
from harness.populations.stream import Stream
from harness.populations.streams import Streams
from harness.populations.world import World, founders, world

Evolve = Callable[[World, Population, int, Stream], tuple[History, Population]]


def engines() -> dict[str, Evolve]:
    """The reference, and the compiled engine where numba is installed."""
    found: dict[str, Evolve] = {"reference": reference.evolved}
    if compiled():
        from harness.populations.compiled.engine import evolved

        found["compiled"] = evolved
    return found


def begun(simulation: Simulation, seed: int) -> tuple[World, Population, Stream]:
    """What a run starts from."""
    streams = Streams.of(seed)
    land = world(simulation, streams.world)
    return land, founders(simulation, len(land.activations), streams.founders), streams.course
