"""What a session knows of the machine before its first cell: accelerators, memory, free space, and which packages would be imported from where."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

from harness.run.environment import PACKAGES

QUERY = ("nvidia-smi", "--query-gpu=memory.total,memory.free", "--format=csv,noheader,nounits")
OWN = "harness-evals"
SITES = ("site-packages", "dist-packages")


@dataclass(frozen=True)
class Machine:
    """`gpus` are (all, free) bytes of each accelerator that is visible, `memory` the free bytes of main memory, `free` those of a disk by the folder that is
    written to, `modules` the files of packages by the name that is imported, `broken` what installed packages require and do not get."""

    gpus: tuple[tuple[int, int], ...] = ()
    memory: int = 0
    free: Mapping[str, int] = field(default_factory=dict)
    modules: Mapping[str, str] = field(default_factory=dict)
    broken: tuple[str, ...] = ()
    prefix: str = sys.prefix
    workers: int = 1


def this_machine(folders: Mapping[str, Path], root: Path, workers: int) -> Machine:
    free = {name: shutil.disk_usage(existing(folder)).free for name, folder in folders.items()}
    return Machine(gpus=visible_gpus(), memory=free_memory(), free=free, modules=module_files(), broken=(*unmet(), *unpinned(root)), workers=max(1, workers))


def existing(folder: Path) -> Path:
    return next(place for place in (folder, *folder.parents) if place.exists())


def free_memory() -> int:
    try:
        lines = Path("/proc/meminfo").read_text(encoding="utf-8").splitlines()
        return 1024 * next(int(line.split()[1]) for line in lines if line.startswith("MemAvailable"))
    except (OSError, StopIteration):
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def visible_gpus() -> tuple[tuple[int, int], ...]:
    """Accelerators that the session may use; CUDA_VISIBLE_DEVICES leaves out the others."""
    try:
        done = subprocess.run(QUERY, capture_output=True, text=True, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return ()
    lines = done.stdout.strip().splitlines() if done.returncode == 0 else []
    every = [tuple(int(number) * 2**20 for number in line.split(",")) for line in lines if line.replace(",", "").replace(" ", "").isdigit()]
    shown = os.environ.get("CUDA_VISIBLE_DEVICES")
    chosen = every if shown is None else [every[int(name)] for name in shown.split(",") if name.strip().isdigit() and int(name) < len(every)]
    return tuple((pair[0], pair[1]) for pair in chosen)


def module_files() -> dict[str, str]:
    """Where each package that can change a number would be imported from; nothing is imported."""
    found = {}
    for name in (package.replace("-", "_") for package in PACKAGES if package != OWN):
        module = {"scikit_learn": "sklearn", "pyyaml": "yaml", "pytest_xdist": "xdist"}.get(name, name)
        try:
            spec = find_spec(module)
        except (ImportError, ValueError):
            continue
        if spec is not None and spec.origin:
            found[module] = spec.origin
    return found


def unmet() -> Iterator[str]:
    """What these packages require of one another and do not get."""
    from packaging.requirements import Requirement

    for package in PACKAGES:
        try:
            lines = metadata.requires(package) or []
        except metadata.PackageNotFoundError:
            continue
        for needed in map(Requirement, lines):
            if needed.name in PACKAGES and (needed.marker is None or needed.marker.evaluate({"extra": ""})) and package != OWN:
                yield from misfit(needed.name, needed.specifier, f"{package} requires {needed.name}{needed.specifier}")


def unpinned(root: Path) -> Iterator[str]:
    """Packages whose version is not the one that constraints.txt pins."""
    from packaging.requirements import InvalidRequirement, Requirement

    try:
        lines = (root / "constraints.txt").read_text(encoding="utf-8").splitlines()
    except OSError:
        return
    for line in lines:
        try:
            pinned = Requirement(line.partition("#")[0].strip())
        except InvalidRequirement:
            continue
        if pinned.name in PACKAGES and (pinned.marker is None or pinned.marker.evaluate()):
            yield from misfit(pinned.name, pinned.specifier, f"constraints.txt pins {pinned.name}{pinned.specifier}")


def misfit(name: str, specifier: object, told: str) -> Iterator[str]:
    try:
        version = metadata.version(name)
    except metadata.PackageNotFoundError:
        return
    if not specifier.contains(version.partition("+")[0], prereleases=True):  # type: ignore[attr-defined]
        yield f"{told}, installed is {version}"
