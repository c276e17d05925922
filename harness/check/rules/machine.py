"""Preflight: can this machine do what the scale asks for? Looked at once, when a run begins."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from harness.costs import cost_of
from harness.findings import Facts, MissingFact, found, rule
from harness.records import Finding, Place
from harness.run.heartbeat import is_overdue

SITE = ("site-packages", "dist-packages")
BYTES = {"float32": 4, "float64": 8, "bfloat16": 2, "float16": 2, "auto": 4}
SAMPLES, RESERVE = 2**20, 2**28  # bytes of the samples of a cell, and what is to be left
OPTIONS = {"store": "--harness-store", "reports": "--harness-run-dir"}
BUSY = 0.5  # share of an accelerator that others hold, from which on it is not free
TRAINED = 1.5  # memory of LoRA training by that of the weights


def in_bytes(number: float) -> str:
    return f"{number / 2**30:.3g} GiB" if number >= 2**30 else f"{number / 2**20:.3g} MiB"


def scale_place(facts: Facts, *more: str) -> Place:
    place: Place = facts.place("scales", facts.scale, *more)
    return place


@rule("P601", "device", needs=("machine", "spec", "yaml"), source="T11: four runs shared GPU 0, since nobody had looked which were free")
def find_missing_devices(facts: Facts) -> Iterable[Finding]:
    """A scale that holds GPUs (`gpus`), or names a device in its settings, needs them here, visible and free. Reads nvidia-smi and CUDA_VISIBLE_DEVICES.

    Bad: `gpus: 1` on a machine without one; `device: cuda:3` where two are visible; a GPU most of whose memory another process holds.

    Good: as many free GPUs as the scale holds.
    """
    machine, wanted = facts.machine, facts.spec.scales[facts.scale].gpus or 0
    if wanted > len(machine.gpus):
        yield found(
            f"the scale holds {wanted} GPUs, and {len(machine.gpus)} are visible",
            where=scale_place(facts, "gpus"),
            fix="Run it where they are, or correct gpus",
        )
    named = [(name, int(match[1] or 0)) for name, value in facts.settings.items() if (match := re.fullmatch(r"cuda(?::(\d+))?", str(value)))]
    for name, number in named:
        if number >= len(machine.gpus):
            message = f"{name} is {facts.settings[name]}, and {len(machine.gpus)} GPUs are visible"
            yield found(message, where=scale_place(facts, "settings", name), fix="Name a device that is there", subject=name)
    free = sum(left > (1 - BUSY) * size for size, left in machine.gpus)
    if 0 < wanted <= len(machine.gpus) and free < wanted:
        message = f"{free} of {len(machine.gpus)} visible GPUs are free, and the scale holds {wanted}: others hold more than half of their memory"
        yield found(message, where=scale_place(facts, "gpus"), fix="Wait, or choose another with CUDA_VISIBLE_DEVICES")


@rule("P602", "versions", needs=("machine",), source="T13: versions that do not go together failed in the middle of a run")
def find_broken_packages(facts: Facts) -> Iterable[Finding]:
    """What is installed must be what its packages require of one another, and what the project's constraints.txt pins. Reads metadata, imports nothing: that a
    model generates is for a gate to show.

    Bad: transformers requires tokenizers<0.22, installed is 0.23.

    Good: `pip install -c constraints.txt …`.
    """
    if facts.machine.broken:
        message = f"{len(facts.machine.broken)} installed packages do not go together: {facts.machine.broken[0]}"
        yield found(message, where=Place(file="constraints.txt"), fix="Install with -c constraints.txt", evidence=facts.machine.broken)


@rule("P603", "module outside the environment", needs=("machine", "root"), source="T14: a system package shadowed the one of the environment")
def find_shadowing_modules(facts: Facts) -> Iterable[Finding]:
    """Versions are read from the environment, modules from the first place on the path: a package of the system or of another environment, or a file of the
    project that is called as a package is, is what computes. Looks up where each package that can change a number would be imported from.

    Bad: numpy from /usr/lib/python3/dist-packages or /opt/libs, in an environment that has its own; a `tokenizers.py` beside the tests.

    Good: every package from below the environment's prefix.
    """
    outside: dict[str, str] = {}
    for name, file in facts.machine.modules.items():
        path = Path(file)
        installed = any(part in SITE for part in path.parts)
        if path.is_relative_to(facts.root) and not installed:
            yield found(f"{name} is imported from the project ({file}), not from the package", where=Place(file=file), fix="Rename the file", subject=name)
        elif not any(path.is_relative_to(place) for place in (facts.machine.prefix, Path(facts.machine.prefix).resolve())):
            outside[name] = file
    if outside:
        name, file = next(iter(outside.items()))
        more = f" (and {', '.join(list(outside)[1:])})" if len(outside) > 1 else ""
        message = f"{name} is imported from {file}{more}, outside of the environment {facts.machine.prefix}"
        yield found(message, where=Place(file=file), fix="Install it into the environment, and clear PYTHONPATH", subject=", ".join(outside))


@rule("P604", "free space", needs=("machine", "spec", "yaml", "run"), source="T15: the disk was full after hours, and the last adapters were lost")
def find_full_disks(facts: Facts) -> Iterable[Finding]:
    """Estimates the bytes that a run writes: adapters by rank, size of the model and kept epochs, samples by cells. Compared with what is free where the store
    and the reports lie.

    Bad: 120 adapters of 320 MB each on a disk with 20 GB.

    Good: room for all of them and a quarter of a gigabyte more.
    """
    trainings = facts.trainings if facts.knows("trainings") else ()
    kept = sum(adapter_bytes(training, facts) * max(1, len(training.kept_epochs)) for training in {one.key: one for one in trainings}.values())
    samples = SAMPLES * len(facts.run.universe.cells)
    for place, need in (("store", kept + samples + RESERVE), ("reports", samples + RESERVE)):
        free = facts.machine.free.get(place)
        if free is not None and need > free:
            message = f"the run writes about {in_bytes(need)} to the {place}, and {in_bytes(free)} are free"
            yield found(message, where=scale_place(facts), fix=f"Free space, or name another {OPTIONS[place]}", subject=place)


def adapter_bytes(training: Any, facts: Facts) -> int:
    """About what a LoRA adapter of this rank takes in float32, on the largest model of the scale."""
    rank = (training.recipe.get("lora") or {}).get("r") or training.recipe.get("r") or 16
    parameters = max((one[1] for one in models_of(facts)), default=135_000_000)
    width = 576 * (parameters / 135e6) ** (1 / 3)
    return int(4 * 1.5 * int(rank) / width * parameters)


def models_of(facts: Facts) -> list[tuple[str, int, str]]:
    """(spec, parameters, dtype) of the models that the settings name; none where they are not here."""
    try:
        return list(facts.models) if facts.knows("models") else []
    except MissingFact:
        return []


@rule("P605", "memory", needs=("machine", "spec", "yaml", "models"), source="T16: a model that did not fit was killed after it had been loaded for minutes")
def find_too_large(facts: Facts) -> Iterable[Finding]:
    """Weights take parameters x bytes of their dtype, training with LoRA about half as much again, each worker its own. Compared with what is free: memory of a
    GPU where the scale holds one, else main memory. Quantised weights and activations are not counted.

    Bad: 7 billion parameters in float32 (26 GiB) with 16 GiB free.

    Good: the same in bfloat16 on a GPU of 80 GiB.
    """
    on_gpu = bool(facts.spec.scales[facts.scale].gpus) and bool(facts.machine.gpus)
    free = max(left for _, left in facts.machine.gpus) if on_gpu else facts.machine.memory
    trains = TRAINED if any(name.endswith("_lr") or name in ("lr", "learning_rate") for name in facts.settings) else 1.0
    for spec, parameters, dtype in facts.models:
        need = int(parameters * BYTES.get(dtype, 4) * trains * facts.machine.workers)
        if need > free:
            message = f"{spec} takes about {in_bytes(need)} ({parameters / 1e9:.2g} billion parameters, {dtype}, {facts.machine.workers} processes)"
            where = scale_place(facts, "settings")
            yield found(f"{message}, and {in_bytes(free)} are free", where=where, fix="Take a smaller model or dtype, or fewer workers", subject=spec)


@rule("P606", "no heartbeat", needs=("results", "spec"), severity="warning", source="T17: a run was dead for 16 hours, and nobody noticed")
def find_overdue(facts: Facts) -> Iterable[Finding]:
    """A cell that runs ten times as long as its declared seconds, and for more than a minute, is reported on the terminal while it runs, and here when it has
    ended. Nothing is interrupted. Cells without declared seconds are not looked at.

    Bad: 16 hours in a cell of 60 declared seconds.

    Good: seconds that were measured once, by cell or by test (`costs`).
    """
    results = facts.results
    for cell in results.cells:
        declared = cost_of(facts.spec.scales[results.scale], cell.owner, cell.kind).seconds
        took = results.execution.seconds.get(cell.id, 0.0)
        if declared and cell.id not in results.execution.reused and is_overdue(took, declared):
            message = f"{cell.id} took {took:.0f} s, and {declared:g} s are declared"
            yield found(message, where=Place(file="results.json", path=f"execution/seconds/{cell.id}"), fix="Declare what it takes", subject=cell.id)
