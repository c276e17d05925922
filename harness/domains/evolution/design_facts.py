"""What checks may ask of simulated populations: the arms of a study, as they are declared and as they are simulated."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.errors import HarnessError
from harness.findings import Fact, Facts

FILE = "arms.yaml"


@dataclass(frozen=True, kw_only=True)
class DeclaredArm:
    """An arm of `arms.yaml`, or one that the code makes: what it changes by dotted path, `whole` with all parameters as plain values, and its place."""

    name: str
    overrides: Mapping[str, Any]
    whole: Mapping[str, Any]
    path: Path
    line: int


def arms_of(facts: Facts) -> list[DeclaredArm]:
    """The arms of the experiment's own file, in order, then those with a literal name and literal parameters in its code; none without such a file."""
    path = facts.experiment.folder / FILE
    if not path.exists():
        return []
    base = base_of(facts.settings)
    found = [*arms_in_file(path), *(arm for source, tree in facts.sources.items() for arm in arms_in_code(source, tree))]
    return [DeclaredArm(name=name, overrides=overrides, whole=merge(base, overrides), path=where, line=line) for name, overrides, where, line in found]


def arms_in_file(path: Path) -> Iterator[tuple[str, Mapping[str, Any], Path, int]]:
    from harness.yamlfile import YamlFile

    file = YamlFile(path)
    for level, arms in file.data.items() if isinstance(file.data, dict) else ():
        for name, overrides in arms.items() if isinstance(arms, dict) else ():
            if isinstance(overrides, dict):
                yield name, overrides, path, int(file.where(level, name).rpartition(":")[2])


def arms_in_code(path: Path, tree: ast.Module) -> Iterator[tuple[str, Mapping[str, Any], Path, int]]:
    """Calls such as `simulated("rho 0.4", {"landscape.rho": 0.4}, base)`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and len(node.args) > 1 and isinstance(node.func, ast.Name) and node.func.id == "simulated":
            try:
                name, overrides = ast.literal_eval(node.args[0]), ast.literal_eval(node.args[1])
            except ValueError:  # made of something that only the run knows
                continue
            if isinstance(name, str) and isinstance(overrides, dict):
                yield name, overrides, path, node.lineno


def base_of(settings: Mapping[str, Any]) -> dict[str, Any]:
    """What every arm begins with at a scale: the defaults, and the sizes that the settings name."""
    from harness.domains.evolution.config import Simulation
    from harness.domains.evolution.fixtures import SIZES

    return Simulation().to_json() | {name: settings[name] for name in SIZES if name in settings}


def merge(base: Mapping[str, Any], overrides: Mapping[str, Any]) -> Mapping[str, Any]:
    """All parameters of an arm as plain values; what cannot be set is left out here, and refused where the arm is simulated."""
    from harness.domains.evolution.sweep import set_path, to_plain

    whole = to_plain(base)
    for path in sorted(overrides, key=lambda path: path.count(".")):
        set_path(whole, path.split("."), to_plain(overrides[path]))
    return whole  # type: ignore[no-any-return]


def simulations_of(facts: Facts) -> list[tuple[DeclaredArm, Any]]:
    """Each arm with its simulation, or with the HarnessError that says why it cannot be simulated."""
    if not facts.arms:
        return []  # without the second that numba takes to load
    from harness.domains.evolution.config import simulation

    def tried(arm: DeclaredArm) -> Any:
        try:
            return simulation(arm.whole, f"arm {arm.name!r}")
        except HarnessError as refusal:
            return refusal

    return [(arm, tried(arm)) for arm in facts.arms]


FACTS = {"arms": Fact("declare", arms_of), "simulations": Fact("plan", simulations_of)}
