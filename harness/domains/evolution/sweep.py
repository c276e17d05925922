"""Sweeps: the arms of a study, each a simulation with some parameters changed by dotted path, and their runs as one tidy table."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import numpy as np

from harness.domains.evolution.base_model import Config
from harness.domains.evolution.config import Simulation, simulation
from harness.domains.evolution.rng import check_seeds
from harness.domains.evolution.runs import Engine, simulate
from harness.domains.evolution.state import DERIVED, MEASURES
from harness.errors import HarnessError, nearest
from harness.fingerprint import canonical
from harness.plaintext import shorten_text
from harness.yamlfile import YamlFile


@dataclass(frozen=True)
class Arm:
    """`overrides` maps dotted paths to values."""

    name: str
    overrides: Mapping[str, Any]
    simulation: Simulation


def cross_arms(base: Mapping[str, Any], axes: Mapping[str, Sequence[Any]]) -> list[Arm]:
    """An arm for each combination of the axes' values (path to values), named like `rho=0.4 beta=5`; the last axis varies fastest."""
    check_mapping("axes", axes)
    for path, values in axes.items():
        if isinstance(values, str) or not isinstance(values, Sequence | np.ndarray) or not len(values):
            raise HarnessError(f"axis {path!r} has no list of values", where="sweep", mend="Give at least one")
    last = [path.rsplit(".", 1)[-1] for path in axes]
    short = last if len(set(last)) == len(last) else list(axes)
    arms: dict[str, dict[str, Any]] = {}
    for values in itertools.product(*axes.values()):
        name = " ".join(f"{part}={to_text(value)}" for part, value in zip(short, values, strict=True)) or "base"
        if name in arms:
            raise HarnessError(f"arm {name!r} is given twice", where="sweep", mend="Give each value of an axis once")
        arms[name] = dict(zip(axes, values, strict=True))
    return list_arms(base, arms)


def list_arms(base: Mapping[str, Any], arms: Mapping[str, Mapping[str, Any]]) -> list[Arm]:
    """The arms as written: name to what each changes. Raises HarnessError in one line for what is unknown, impossible, or given twice."""
    check_mapping("arms", arms)
    whole, names = simulation(base, "base").to_json(), dict[Simulation, str]()
    for name, overrides in arms.items():
        check_mapping(f"arm {name!r}", overrides)
    made = [Arm(name, dict(overrides), override(whole, f"arm {name!r}", overrides)) for name, overrides in arms.items()]
    for arm in made:
        if (other := names.setdefault(arm.simulation, arm.name)) != arm.name:
            raise HarnessError(f"arms {other!r} and {arm.name!r} have identical parameters", where="sweep", mend="Leave one out, or change a value")
    return made


def read_simulation(config: Simulation | Mapping[str, Any] | str | Path | None, changes: Mapping[str, Any]) -> Simulation:
    """The simulation that a `config` of `simulate` names, changed. Raises HarnessError in one line for what is unknown or impossible."""
    base = Simulation() if config is None else config
    if not isinstance(base, Simulation):
        where, given = read_parameters(str(base)) if isinstance(base, str | Path) else ("simulation", base)
        check_mapping(where, given)
        base = override(Simulation().to_json(), where, given)
    return override(base.to_json(), "simulation", changes) if changes else base


def read_parameters(spec: str) -> tuple[str, Any]:
    """(where it stands, the parameters) of `FILE` or of `FILE#arm`."""
    name, mark, arm = spec.partition("#")
    if mark:
        return f"arm {arm!r}", find_arm(load_levels(Path(name)), arm, name)
    data = YamlFile(Path(name)).data
    if is_levels(data) and (arms := [one for level in data.values() for one in level]) and not data.keys() & Simulation.model_fields.keys():
        raise HarnessError("the file holds arms, and none is named", where=name, mend=f"Write {name}#<arm>, such as {name}#{arms[0]}")
    return name, data


def is_levels(data: Any) -> bool:
    """True for levels, each with arms by name, each with what it changes."""
    return isinstance(data, dict) and all(isinstance(arms, dict) and all(isinstance(arm, dict) for arm in arms.values()) for arms in data.values())


def load_levels(path: Path) -> dict[str, dict[str, Mapping[str, Any]]]:
    """Level to its arms, each with what it changes, as a file in the form of arms.yaml declares them."""
    file = YamlFile(path)
    levels: dict[str, dict[str, Mapping[str, Any]]] = file.data
    if not is_levels(levels):
        raise HarnessError("arms.yaml holds levels, each with arms by name, each with what it changes", where=file.where(), mend="See the file of the study")
    return levels


def find_arm(levels: Mapping[str, Mapping[str, Mapping[str, Any]]], name: str, where: str) -> Mapping[str, Any]:
    """What an arm changes. Raises HarnessError for a name that no level has."""
    arms = {one: overrides for level in levels.values() for one, overrides in level.items()}
    if name not in arms:
        raise HarnessError(f"no arm is called {name!r}", where=where, mend=nearest(name, arms))
    return arms[name]


def check_mapping(what: str, value: object) -> None:
    """Raises HarnessError for what is no mapping of names."""
    if not isinstance(value, Mapping) or not all(isinstance(name, str) for name in value):
        raise HarnessError(f"{what}: this is no mapping of names", where="sweep", mend="Write name: value")


def override(base: Mapping[str, Any], where: str, overrides: Mapping[str, Any]) -> Simulation:
    """The simulation with some parameters changed, by dotted path."""
    changed = to_plain(base)
    for path in sorted(overrides, key=lambda path: path.count(".")):  # wholes before their parts
        if not set_path(changed, path.split("."), to_plain(overrides[path])):
            raise unknown_path(where, path, base)
    try:
        return simulation(changed, where)
    except HarnessError:
        known = list_paths(base)
        for path in overrides:
            if path not in known and not any(path.startswith(f"{other}.") for other in overrides):
                raise unknown_path(where, path, base) from None
        raise


def run_sweep(arms: Sequence[Arm], seeds: Sequence[int], *, workers: int = 1, engine: Engine = "auto") -> dict[str, np.ndarray]:
    """Columns of equal length, a row for each generation of each run: arm, the parameters that any arm changes (as text where they are not numbers), seed,
    generation, and every measure. `pandas.DataFrame` takes it as it is.

    Arms with equal seeds share what they do not change (worlds, founders), so they may be compared run by run. Raises HarnessError where two arms have equal
    runs: a parameter that nothing reads would be reported as one without effect.
    """
    numbers, twice = check_seeds(seeds), [name for name, count in Counter(arm.name for arm in arms).items() if count > 1]
    if not arms or not numbers or len(set(numbers)) < len(numbers) or twice:
        raise HarnessError(f"a sweep needs arms and seeds, each once{f' ({twice[0]!r} is there twice)' if twice else ''}", where="sweep", mend="Give each once")
    found = [simulate(arm.simulation, numbers, workers=workers, engine=engine) for arm in arms]
    for (one, ours), (other, theirs) in itertools.combinations(zip(arms, found, strict=True), 2):
        if np.array_equal(ours.values, theirs.values, equal_nan=True):
            what = f"arms {one.name!r} and {other.name!r} give identical runs: nothing reads what they differ in"
            raise HarnessError(what, where="sweep", mend="Leave one out, or turn on what reads it")
    lengths = [one.values[:, :, 0].size for one in found]
    columns = {"arm": np.repeat([arm.name for arm in arms], lengths)}
    for path in dict.fromkeys(path for arm in arms for path in arm.overrides):
        columns[f"simulation.{path}" if path in (*MEASURES, *DERIVED) else path] = np.repeat(to_column([parameter(arm, path) for arm in arms]), lengths)
    columns["seed"] = np.concatenate([np.repeat(np.array(numbers), one.values.shape[1]) for one in found])
    columns["generation"] = np.concatenate([np.tile(np.arange(one.values.shape[1]), len(numbers)) for one in found])
    return columns | {name: np.concatenate([one[name].ravel() for one in found]) for name in (*MEASURES, *DERIVED)}


def parameter(arm: Arm, path: str) -> Any:
    """What an arm has at a path, None where it has no such parameter."""
    return arm.overrides[path] if path in arm.overrides else dict(walk(arm.simulation.to_json())).get(path)


def to_column(values: Sequence[Any]) -> np.ndarray:
    """Numbers where all are numbers (NaN for what is missing), else text."""
    if all(value is None or isinstance(value, (int, float)) for value in values):
        return np.array([np.nan if value is None else value for value in values], dtype=float)
    return np.array([to_text(value) for value in values])


def to_text(value: Any) -> str:
    """A value as text: JSON, but for text itself. Raises HarnessError for what is no plain finite value."""
    try:
        return value if isinstance(value, str) else canonical(to_plain(value))
    except (TypeError, ValueError):
        raise HarnessError(f"{shorten_text(repr(value), 60)} is no plain finite value", where="sweep", mend="Give numbers, text, lists or mappings") from None


def set_path(value: Any, parts: Sequence[str], new: Any) -> bool:
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
    last = parts[-1]
    if isinstance(value, list) and last.isdecimal() and int(last) < len(value):
        value[int(last)] = new
    elif isinstance(value, dict):
        value[last] = new
    else:
        return False
    return True


def walk(value: Any, before: str = "") -> Iterator[tuple[str, Any]]:
    """Every path and what is there, the inner ones included."""
    for name, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield f"{before}{name}", inner
        yield from walk(inner, f"{before}{name}.")


def list_paths(base: Mapping[str, Any]) -> list[str]:
    """Every path of a simulation, those of absent parts included."""
    paths = [path for path, _ in walk(base)]
    for name, field in Simulation.model_fields.items():
        absent = [part for part in get_args(field.annotation) if isinstance(part, type) and issubclass(part, Config)]
        paths += [f"{name}.{inner}" for part in absent if base[name] is None for inner in part.model_fields]
    return paths


def unknown_path(where: str, path: str, base: Mapping[str, Any]) -> HarnessError:
    """The one line about a path that does not exist."""
    paths = list_paths(base)
    hint = nearest(path, paths)
    if not hint.startswith("Did"):
        hint = nearest(path, [one for one in paths if "." not in one])  # rather than a hundred paths
    return HarnessError(f"unknown parameter {path!r}", where=where, mend=hint)


def to_plain(value: Any) -> Any:
    """A deep copy as plain JSON values: numpy's numbers become Python's, tuples lists, configurations dicts."""
    if isinstance(value, Config):
        return value.model_dump(mode="json")
    if isinstance(value, (np.generic, np.ndarray)):
        return value.tolist()
    if isinstance(value, Mapping):
        return {str(name): to_plain(inner) for name, inner in value.items()}
    return [to_plain(inner) for inner in value] if isinstance(value, (list, tuple, range)) else value
