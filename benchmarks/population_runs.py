"""How fast populations evolve, on one core: a run of the published size beside a straightforward numpy version of it, the whole study, and how time grows.

The straightforward version scores every model of every generation, as the public code does: it gathers the activations of all held beliefs, (P, K, Q), and
sums them by question. It is timed here and now; for the public code itself 0.98 s a run and 1.7 s with mutation are told, of another machine. Exits with 1
where a bound is missed. `--growth` tells how the time grows with each size,
`--study` runs all 4,200 runs of evals/belief_evolution.
"""

from __future__ import annotations

import argparse
import math
import time
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import yaml

from harness.populations.arms import listed
from harness.populations.runs import runs
from harness.populations.simulation import Simulation, simulation

SIZES = {"models": 300, "beliefs": 3000, "held": 50, "questions": 100, "generations": 100}
RHO, BETA, DENSITY = 0.5, 5.0, 0.1
BOUNDS = {0.0: (0.6, 1000), 0.01: (4.0, 300)}  # mutation rate: milliseconds a run, times the straightforward version
STUDY = 10.0  # seconds
BATCH, BATCHES, ROUNDS = 50, 7, 5
ARMS = Path(__file__).parents[1] / "evals/belief_evolution/arms.yaml"
GROWN = {"models": (150, 300, 600, 1200), "generations": (100, 200, 400, 800), "beliefs": (3000, 6000, 12000, 24000), "questions": (100, 200, 400, 800)}


def straightforward(rate: float, generations: int) -> float:
    """Seconds for so many generations of one run, world included, in plain numpy: every model scored anew in each."""
    rng, began = np.random.default_rng(1), time.perf_counter()
    models, pool, held, questions = (SIZES[name] for name in ("models", "beliefs", "held", "questions"))
    value = rng.standard_normal(pool)
    signal = RHO * value + math.sqrt(1 - RHO**2) * rng.standard_normal(pool)
    activation = np.zeros((pool, questions))
    np.put_along_axis(activation, rng.random((pool, questions)).argsort(axis=1)[:, : round(DENSITY * questions)], 1.0, axis=1)
    population = np.stack([rng.choice(pool, held, replace=False) for _ in range(models)])
    history = []
    for _ in range(generations):
        active = activation[population]
        mass = active.sum(axis=1)
        share = np.divide(1.0, mass, out=np.zeros_like(mass), where=mass > 0)
        fitness = (np.einsum("pkq,pk->pq", active, signal[population]) * share).mean(axis=1)
        true = (np.einsum("pkq,pk->pq", active, value[population]) * share).mean(axis=1)
        deceptive = ((value[population] < 0) & (signal[population] > 0)).mean()
        history.append((fitness.mean(), true.mean(), deceptive))
        weights = np.exp(BETA * (fitness - fitness.max()))
        population = population[rng.choice(models, models, p=weights / weights.sum())]
        if rate:
            for model, slot in zip(*np.nonzero(rng.random(population.shape) < rate), strict=True):
                drawn = rng.integers(pool, size=4)
                population[model, slot] = drawn[~np.isin(drawn, population[model])][0]
    return time.perf_counter() - began


def timed(made: Simulation, batch: int = BATCH, batches: int = BATCHES) -> float:
    """Milliseconds a run: median over batches, compiled code ready."""
    runs(made, [0])
    found = []
    for number in range(batches):
        began = time.perf_counter()
        runs(made, range(number * batch, (number + 1) * batch))
        found.append((time.perf_counter() - began) / batch * 1000)
    return median(found)


def published(rate: float, **changed: int) -> Simulation:
    """A run of the published size with some of its sizes changed."""
    return simulation(SIZES | changed | {"landscape": {"kind": "bivariate_normal", "rho": RHO}, "mutation": {"rate": rate}})


def sizes() -> bool:
    """A run of the published size and the straightforward version, in turn; medians. True where the bounds are kept."""
    kept = True
    for rate in (0.0, 0.001, 0.005, 0.01):
        made, pairs = published(rate), []
        for _ in range(ROUNDS):
            pairs.append((timed(made, batches=3), 1000 * straightforward(rate, SIZES["generations"])))
        ours, plain, times = (median(each) for each in zip(*((one, other, other / one) for one, other in pairs), strict=True))
        kept &= rate not in BOUNDS or (ours <= BOUNDS[rate][0] and times >= BOUNDS[rate][1])
        bound = f"   bounds {BOUNDS[rate][0]} ms, {BOUNDS[rate][1]} times" if rate in BOUNDS else ""
        print(f"mutation {rate:5}: {ours:7.3f} ms a run, straightforward numpy {plain:6.0f} ms: {times:5.0f} times{bound}")
    began = time.perf_counter()
    runs(published(0.0), [0], engine="reference")
    print(f"the reference engine (what runs without numba): {time.perf_counter() - began:.2f} s a run")
    return kept


def study() -> bool:
    """All arms of the study, fifty runs each; True where they keep the bound."""
    total = 0.0
    for level, arms in yaml.safe_load(ARMS.read_text(encoding="utf-8")).items():
        found = listed(SIZES, arms)
        for arm in found:
            runs(arm.simulation, [0])  # compiled, and in memory
        began = time.perf_counter()
        for arm in found:
            runs(arm.simulation, range(50))
        took = time.perf_counter() - began
        total += took
        print(f"{level}: {len(found) * 50} runs in {took:.2f} s")
    print(f"the whole study: {total:.1f} s   bound {STUDY:.0f} s")
    return total <= STUDY


def growth() -> bool:
    """Exponents of time in each size: the slope of log time over log size."""
    for rate in (0.0, 0.005):
        for name, values in GROWN.items():
            took = [timed(published(rate, **{name: value}), 10) for value in values]
            slope = np.polyfit(np.log(values), np.log(took), 1)[0]
            print(f"mutation {rate:5}, {name}: time grows with the power {slope:.2f} ({', '.join(f'{one:.2f}' for one in took)} ms)")
    return True


def main() -> int:
    given: Any = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    given.add_argument("--growth", action="store_true")
    given.add_argument("--study", action="store_true")
    asked = given.parse_args()
    kept = growth() if asked.growth else study() if asked.study else sizes()
    return 0 if kept else 1


if __name__ == "__main__":
    raise SystemExit(main())
