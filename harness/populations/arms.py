"""The arms of a sweep: which parameters each one sets, by dotted path, and the simulation that comes of it."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, get_args

import numpy as np

from harness.errors import HarnessError, nearest
from harness.fingerprint import canonical, fingerprint
from harness.populations.form import Form
from harness.populations.simulation import Simulation, simulation
from harness.seeds import derive

BASE = "base"


@dataclass(frozen=True)
class Arm:
    """`overrides` maps dotted paths to values; `place` is the number of its value on each axis, empty where arms were listed."""

    name: str
    overrides: Mapping[str, Any]
    simulation: Simulation
    place: tuple[int, ...] = ()

    @cached_property
    def key(self) -> str:
        """sha256 of all its parameters; its name does not count."""
        return fingerprint(self.simulation.described())

    def seed(self, seed: int, shared: bool) -> int:
        """The seed its run is made of: the plain one where arms share worlds, else one below 2**63 of its own, from its parameters and the plain one."""
        return seed if shared else derive("arm", self.key, seed) >> 65

    def value(self, path: str) -> Any:
        """What it has at a path: the value given, else that of its simulation, None where it has no such parameter."""
        if path in self.overrides:
            return self.overrides[path]
        return dict(leaves(self.simulation.described())).get(path)


def product(base: Mapping[str, Any], axes: Mapping[str, Sequence[Any]]) -> list[Arm]:
    """An arm for each combination of the axes' values; the last axis moves first."""
    for path, values in axes.items():
        if not values:
            raise HarnessError(f"axis {path!r} has no values", where="sweep", mend="Give at least one")
    whole = simulation(base, "base").described()
    found = []
    for place in itertools.product(*(range(len(values)) for values in axes.values())):
        overrides = {path: values[at] for (path, values), at in zip(axes.items(), place, strict=True)}
        found.append(arm(whole, called(overrides), overrides, place))
    return found


def listed(base: Mapping[str, Any], arms: Mapping[str, Mapping[str, Any]]) -> list[Arm]:
    """The arms as they were written."""
    whole = simulation(base, "base").described()
    return [arm(whole, name, overrides) for name, overrides in arms.items()]


def arm(base: Mapping[str, Any], name: str, overrides: Mapping[str, Any], place: tuple[int, ...] = ()) -> Arm:
    """One arm. Raises HarnessError in one line that names it, for a path or a value that cannot be."""
    where, changed = f"arm {name!r}", unshared(base)
    shallow_first = sorted(overrides, key=lambda path: path.count("."))
    for path in shallow_first:
        if not put(changed, path.split("."), unshared(overrides[path])):
            raise unknown(where, path, base)
    try:
        return Arm(name, dict(overrides), simulation(changed, where), place)
    except HarnessError:
        known = paths(base)
        for path in shallow_first:
            if path not in known and not any(path.startswith(f"{other}.") for other in overrides):
                raise unknown(where, path, base) from None
        raise


def put(value: Any, parts: Sequence[str], new: Any) -> bool:
    """Sets what is at a path; a part that is absent is begun with its defaults. False where the path leads nowhere."""
    for part in parts[:-1]:
        if isinstance(value, dict):
            if value.get(part) is None:
                value[part] = {}
            value = value[part]
        elif isinstance(value, list) and part.isdecimal() and int(part) < len(value):
            value = value[int(part)]
        else:
            return False
    if isinstance(value, list) and parts[-1].isdecimal() and int(parts[-1]) < len(value):
        value[int(parts[-1])] = new
        return True
    if isinstance(value, dict):
        value[parts[-1]] = new
        return True
    return False


def leaves(value: Any, before: str = "") -> Iterator[tuple[str, Any]]:
    """Every path and what is there, the inner ones included."""
    for name, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield f"{before}{name}", inner
        yield from leaves(inner, f"{before}{name}.")


def paths(described: Mapping[str, Any]) -> list[str]:
    """Every path of a simulation, those of absent parts included."""
    found = [path for path, _ in leaves(described)]
    for name, field in Simulation.model_fields.items():
        absent = [form for form in get_args(field.annotation) if isinstance(form, type) and issubclass(form, Form)]
        found += [f"{name}.{inner}" for form in absent if described[name] is None for inner in form.model_fields]
    return found


def unknown(where: str, path: str, base: Mapping[str, Any]) -> HarnessError:
    """The one line about a path that is not there."""
    known = paths(base)
    near = nearest(path, known)
    if not near.startswith("Did"):
        near = nearest(path, [one for one in known if "." not in one])  # rather than a hundred paths
    return HarnessError(f"unknown parameter {path!r}", where=where, mend=near)


def called(overrides: Mapping[str, Any]) -> str:
    """The name of a combination: `rho=0.4 beta=5`, with whole paths where their last parts are alike."""
    last = [path.rsplit(".", 1)[-1] for path in overrides]
    names = last if len(set(last)) == len(last) else list(overrides)
    return " ".join(f"{name}={value if isinstance(value, str) else canonical(value)}" for name, value in zip(names, overrides.values(), strict=True)) or BASE


def unshared(value: Any) -> Any:
    """A deep copy as plain JSON values: numpy's numbers become Python's, tuples lists, forms dicts."""
    if isinstance(value, Form):
        return value.model_dump(mode="json")
    if isinstance(value, (np.generic, np.ndarray)):
        return value.tolist()
    if isinstance(value, Mapping):
        return {str(name): unshared(inner) for name, inner in value.items()}
    return [unshared(inner) for inner in value] if isinstance(value, (list, tuple, range)) else value
