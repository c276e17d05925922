"""How fast populations evolve, on one core: a run of the published size beside a plain compiled sketch and a plain numpy version of it.

Run: python benchmarks/population_runs.py [--study] [--compile]. All sides run in turn in the same session; medians are shown, and ratios of one round each.
The sketch (`../shared/tools/evolution_sketch.py`, or --sketch PATH) is 149 lines that know nothing but mutation; it is left out where it is not there.
`--study` runs all 4,200 runs of evals/belief_evolution; `--compile` compiles everything in an empty folder, in a process of its own.
"""

from __future__ import annotations

import argparse
import importlib
import math
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import yaml

from harness.domains.evolution.config import Simulation, simulation
from harness.domains.evolution.runs import simulate
from harness.domains.evolution.sweep import list_arms

REPO = Path(__file__).parents[1]
SKETCH = REPO.parent / "shared" / "tools" / "evolution_sketch.py"
SIZES = {"models": 300, "beliefs": 3000, "held": 50, "questions": 100, "generations": 100}
RHO, BETA, DENSITY = 0.5, 5.0, 0.1
RATES = (0.0, 0.001, 0.005, 0.01)
SKETCH_BOUND, COMPILE_BOUND, STUDY_BOUND = 1.5, 15.0, 60.0  # times the sketch, seconds, seconds
BATCH, ROUNDS = 40, 7
COMPILE = "import time; from harness.domains.evolution.runs import simulate; from harness.domains.evolution.config import Simulation; import numba"
COMPILE += "; t = time.perf_counter(); simulate(Simulation(generations=1), [0]); print(time.perf_counter() - t)"


def run_plain(rate: float, generations: int) -> None:
    """One run in plain numpy, world included: every model scored afresh in each generation, as the public code does."""
    rng = np.random.default_rng(1)
    models, pool, held, questions = (SIZES[name] for name in ("models", "beliefs", "held", "questions"))
    value = rng.standard_normal(pool)
    signal = RHO * value + math.sqrt(1 - RHO**2) * rng.standard_normal(pool)
    activation = np.zeros((pool, questions))
    np.put_along_axis(activation, rng.random((pool, questions)).argsort(axis=1)[:, : round(DENSITY * questions)], 1.0, axis=1)
    population = np.stack([rng.choice(pool, held, replace=False) for _ in range(models)])
    for _ in range(generations):
        active = activation[population]
        mass = active.sum(axis=1)
        share = np.divide(1.0, mass, out=np.zeros_like(mass), where=mass > 0)
        fitness = (np.einsum("pkq,pk->pq", active, signal[population]) * share).mean(axis=1)
        (np.einsum("pkq,pk->pq", active, value[population]) * share).mean(axis=1)
        weights = np.exp(BETA * (fitness - fitness.max()))
        population = population[rng.choice(models, models, p=weights / weights.sum())]
        for model, slot in zip(*np.nonzero(rng.random(population.shape) < rate), strict=True):
            drawn = rng.integers(pool, size=4)
            population[model, slot] = drawn[~np.isin(drawn, population[model])][0]


def load_module(path: Path) -> Any:
    """A module by its path, found by its name: numba looks for it there when it loads what it compiled."""
    sys.path.insert(0, str(path.parent))
    return importlib.import_module(path.stem)


def time_one(call: Callable[[], object], count: int) -> float:
    """Milliseconds for one of `count` runs that a call makes."""
    began = time.perf_counter()
    call()
    return (time.perf_counter() - began) / count * 1000


def published(rate: float) -> Simulation:
    """A run of the published size."""
    return simulation(SIZES | {"landscape": {"kind": "bivariate_normal", "rho": RHO}, "mutation": {"rate": rate}})


def time_pairs(made: Simulation, sketch: Any, rate: float) -> list[tuple[float, float]]:
    """(ours, the sketch's) milliseconds a run, round by round."""
    landscape = sketch.biv(RHO, SIZES["beliefs"])
    sketch.sim(1, landscape, mut=rate)
    calls = (lambda: simulate(made, range(BATCH)), lambda: sketch.sim(BATCH, landscape, mut=rate))
    return [(time_one(calls[0], BATCH), time_one(calls[1], BATCH)) for _ in range(ROUNDS)]


def compare(sketch: Path) -> bool:
    """Runs of the published size by mutation rate. True where the bound is kept."""
    other = load_module(sketch) if sketch.exists() else None
    if other is None:
        print(f"no sketch at {sketch}: it is left out")
    kept = True
    for rate in RATES:
        made = published(rate)
        simulate(made, [0])
        plain = time_one(lambda rate=rate: run_plain(rate, 20), 1) * SIZES["generations"] / 20  # type: ignore[misc]
        if other is None:
            ours = median(time_one(lambda made=made: simulate(made, range(BATCH)), BATCH) for _ in range(ROUNDS))  # type: ignore[misc]
            print(f"mutation {rate:5}: {ours:6.2f} ms a run; plain numpy {plain:5.0f} ms, {plain / ours:.0f} times as long")
            continue
        pairs = time_pairs(made, other, rate)
        ours, theirs, ratio = median(one for one, _ in pairs), median(two for _, two in pairs), median(one / two for one, two in pairs)
        kept &= ratio <= SKETCH_BOUND
        told = f"sketch {theirs:5.2f} ms, ratio {ratio:.2f} (bound: {SKETCH_BOUND})"
        print(f"mutation {rate:5}: {ours:6.2f} ms a run; {told}; plain numpy {plain:5.0f} ms, {plain / ours:.0f} times as long")
    print(f"the numpy engine (what runs without numba): {time_one(lambda: simulate(published(0.0), [0], engine='numpy'), 1) / 1000:.2f} s a run")
    return kept


def compile_anew() -> bool:
    """Seconds to compile everything, numba imported."""
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [sys.executable, "-c", COMPILE], env={**os.environ, "NUMBA_CACHE_DIR": folder}, cwd=REPO, capture_output=True, text=True, check=True
        )
    seconds = float(done.stdout)
    print(f"compilation: {seconds:.1f} s (bound: {COMPILE_BOUND:.0f})")
    return seconds <= COMPILE_BOUND


def run_study() -> bool:
    """The arms of the published levels, 0 to 4, fifty runs each."""
    total, levels = 0.0, yaml.safe_load((REPO / "evals/belief_evolution/arms.yaml").read_text(encoding="utf-8"))
    for level, arms in list(levels.items())[:5]:
        made, began = list_arms(SIZES, arms), time.perf_counter()
        for arm in made:
            simulate(arm.simulation, range(50))
        took = time.perf_counter() - began
        total += took
        print(f"{level}: {len(made) * 50} runs in {took:.1f} s")
    print(f"levels 0 to 4: {total:.1f} s (bound: {STUDY_BOUND:.0f}, cold)")
    return total <= STUDY_BOUND


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--study", action="store_true")
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--sketch", type=Path, default=SKETCH)
    asked = parser.parse_args()
    return 0 if (run_study() if asked.study else compile_anew() if asked.compile else compare(asked.sketch)) else 1


if __name__ == "__main__":
    raise SystemExit(main())
