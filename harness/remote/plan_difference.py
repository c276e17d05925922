"""Whether a session plans what the controller plans, and what differs where it does not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from harness.run.experiment_run import ExperimentRun

SHOWN = 3


def describe_plan(actives: Iterable[ExperimentRun]) -> dict[str, Any]:
    """By experiment: the key of every cell, the versions, code and inputs behind it. `dirty` and `commit` say nothing of code that the keys do not."""
    plan = {}
    for active in actives:
        universe = active.universe
        environment = {name: value for name, value in universe.environment.items() if name not in ("commit", "dirty")}
        inputs = {entry.path: entry.sha256 for entry in universe.inputs}
        cells = {cell.id: cell.key for cell in universe.cells}
        plan[universe.experiment] = environment | {"settings": universe.settings, "inputs": inputs, "cells": cells}
    return plan


def describe_difference(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> str:
    """The first differences, what is told by name before the keys of cells; "" where there are none."""
    found = sorted(differences(ours, theirs), key=lambda found: "cells" in found[0])
    told = [f"{'/'.join(path[1:]) or path[0]} is {theirs!r} there and {ours!r} here" for path, ours, theirs in found[:SHOWN]]
    return f"plans other cells than the controller: {'; '.join(told)}" if told else ""


def differences(ours: Any, theirs: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any, Any]]:
    """(where, ours, theirs) of each leaf that differs; None where one side has none."""
    if isinstance(ours, Mapping) and isinstance(theirs, Mapping):
        for name in sorted({*ours, *theirs}):
            yield from differences(ours.get(name), theirs.get(name), (*path, name))
    elif ours != theirs:
        yield path, ours, theirs
