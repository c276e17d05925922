"""A plain simulator of its own: numpy, its own random numbers, a switch for faults. Only where a law gives both seeds does it start from our founders."""

from __future__ import annotations

import math

import numpy as np

from harness.domains.evolution.runs import Runs
from harness.domains.evolution.state import MEASURES, Measure
from harness.domains.evolution.world import draw_founders, draw_world


class PlainSimulator:
    """Called as `runs.runs`. Knows the normal landscapes, three activations, both kinds of fitness and of reproduction, mutation, noise and catastrophe."""

    def __init__(self, fault: str | None = None) -> None:
        self.fault, self.stale, self.worlds = fault, {}, {}

    def __call__(self, simulation, seeds, *, world_seed=None, founder_seed=None) -> Runs:
        values = np.full((len(seeds), simulation.generations + 1, len(MEASURES)), np.nan)
        for place, seed in enumerate(seeds):
            course = seed + place if self.fault == "seeds by place" else seed
            values[place] = self.run(simulation, course, seed if world_seed is None else world_seed, founder_seed)
            if self.fault == "stale run" and place == 0:
                values[0] = self.stale.setdefault((seed, values[0].shape), values[0].copy())
        return Runs(simulation, tuple(seeds), values)

    def run(self, one, seed, world_seed, founder_seed) -> np.ndarray:
        key = (one, world_seed, founder_seed)
        if founder_seed is None:
            land = self.landscape(one, np.random.default_rng([world_seed, 1])), self.activation(one, np.random.default_rng([world_seed, 2]))
            held = self.founders(one, np.random.default_rng([seed, 3]))
        else:
            if key not in self.worlds:
                given = draw_world(one, world_seed)
                self.worlds[key] = ((given.traits[1], given.traits[0]), given.activations.dense()[0]), draw_founders(given, founder_seed).held
            land, held = self.worlds[key]
        return self.evolved(one, *land[0], land[1], held.copy(), np.random.default_rng([seed, 4]))

    def landscape(self, one, rng) -> tuple[np.ndarray, np.ndarray]:
        land, drawn = one.landscape, rng.normal(size=(2, one.beliefs))
        if land.kind == "unimodal":
            return (land.sd * drawn[0] + land.mean,) * 2
        rho = land.rho**2 if self.fault == "rho squared" else land.rho
        spread = 1.0 if self.fault == "signal spread ignored" else land.signal_sd
        return land.value_sd * drawn[0] + land.value_mean, spread * (rho * drawn[0] + math.sqrt(1 - rho**2) * drawn[1]) + land.signal_mean

    def activation(self, one, rng) -> np.ndarray:
        asked, beliefs, questions = one.activation, one.beliefs, one.questions
        density = 0.1 if self.fault == "density ignored" else asked.density
        probing = max(1, math.floor(density * questions + 0.5))
        active = (rng.random((beliefs, questions)).argsort(axis=1) < probing).astype(float)
        order = rng.permutation(beliefs)
        if asked.kind == "coverage" and self.fault == "coverage by question":
            active[rng.random((beliefs, questions)) >= asked.coverage] = 0.0
        elif asked.kind == "coverage":
            active[order[math.floor(asked.coverage * beliefs + 0.5) :]] = 0.0
        elif asked.kind == "correlated":
            correlation = asked.correlation**2 if self.fault == "correlation squared" else asked.correlation
            extreme = beliefs * (1 + (questions - 1) * correlation) / questions  # all or nothing; of the others every one is probed alike
            ones, nones = round(extreme * density), round(extreme * (1 - density))
            active[order[:ones]], active[order[ones : ones + nones]] = 1.0, 0.0
        return active

    def founders(self, one, rng) -> np.ndarray:
        held = rng.integers(one.beliefs, size=(one.models, one.held))
        if one.held**2 > 2 * one.beliefs:  # few draws would be free of repeats
            return rng.random((one.models, one.beliefs)).argsort(axis=1)[:, : one.held]
        while self.fault != "beliefs held twice":
            ordered = np.sort(held, axis=1)
            again = (ordered[:, 1:] == ordered[:, :-1]).any(axis=1)
            if not again.any():
                break
            held[again] = rng.integers(one.beliefs, size=(int(again.sum()), one.held))
        return held

    def evolved(self, one, values, signals, active, held, rng) -> np.ndarray:
        rows = np.full((one.generations + 1, len(MEASURES)), np.nan)
        lineage, scores = np.arange(one.models), self.scores(one, values, signals, active, held)
        for generation in range(one.generations + 1):
            if self.fault == "mutation before logging" and one.mutation.rate:
                held = self.mutated(one, held, rng)
                scores = self.scores(one, values, signals, active, held)
            if self.fault != "logged after selection":
                rows[generation] = self.measured(one, values, signals, held, scores, lineage)
                if generation == one.generations:
                    break
            chances = self.chances(one, scores, rng)
            parents = self.parents(chances, rng)
            lineage, scores, copied = lineage[parents], scores[:, parents], held[parents]
            if one.reproduction == "recombining":
                copied = self.recombined(one, np.full(one.models, 1 / one.models) if self.fault == "recombining evenly" else chances, held, rng)
            held = copied
            if one.mutation.rate and self.fault != "mutation before logging":
                held = self.mutated(one, held, rng)
            if one.mutation.rate or one.reproduction == "recombining":
                scores = self.scores(one, values, signals, active, held)
            if self.fault == "logged after selection":
                rows[generation] = self.measured(one, values, signals, held, scores, lineage)
        return rows

    def scores(self, one, values, signals, active, held) -> np.ndarray:
        """(3, models): fitness, the same of value, and the plain sum of value."""
        rows = active[held]
        mass, sums = rows.sum(axis=1), np.einsum("pkq,xpk->xpq", rows, np.stack([signals[held], values[held]]))
        if one.fitness == "additive":
            averages = sums.sum(axis=2)
        else:
            means = np.divide(sums, mass, out=np.zeros_like(sums), where=mass > 0)
            averages = means.sum(axis=2) / ((mass > 0).sum(axis=1) if self.fault == "silent questions skipped" else one.questions)
        if self.fault == "U unweighted":
            averages[1] = values[held].mean(axis=1)
        value = averages[1] * one.held if self.fault == "value follows the test" else values[held].sum(axis=1)
        return np.stack([averages[0], averages[1], value])

    def chances(self, one, scores, rng) -> np.ndarray:
        seen = scores[2] if self.fault == "selects on value" else scores[0]
        if one.evaluators.noise and self.fault != "noise ignored":
            seen = seen + one.evaluators.noise * rng.normal(size=one.models)
        beta = one.selection.beta * (1.15 if self.fault == "beta 15 % too strong" else 1.0)
        weighed = np.exp((min(beta, 50.0) if self.fault == "beta bounded" else beta) * (seen - (seen.max() if beta >= 0 else seen.min())))
        if one.catastrophe is not None and self.fault != "catastrophe ignored":
            weighed = np.where(scores[2] >= one.catastrophe, weighed, 0.0)
        return weighed / weighed.sum()

    def parents(self, chances, rng) -> np.ndarray:
        models = len(chances)
        if self.fault == "parents without replacement":
            return np.argsort(rng.exponential(size=models) / np.maximum(chances, 1e-300))
        if self.fault == "parents evenly spread":
            return np.searchsorted(np.cumsum(chances), (np.arange(models) + rng.random()) / models).clip(max=models - 1)
        if self.fault == "drift too strong":
            return np.tile(rng.choice(models, -(-models // 2), p=chances), 2)[:models]
        return np.searchsorted(np.cumsum(chances), rng.random(models), side="right").clip(max=models - 1)

    def recombined(self, one, chances, held, rng) -> np.ndarray:
        """Systematic sampling in an order of its own for each child."""
        inclusion = np.zeros(one.beliefs)
        np.add.at(inclusion, held, chances[:, None])
        children = np.empty_like(held)
        for child in children:
            order = rng.permutation(one.beliefs)
            ends = np.cumsum(inclusion[order]) * (one.held / inclusion.sum())
            child[:] = order[np.searchsorted(ends, rng.random() + np.arange(one.held), side="right").clip(max=one.beliefs - 1)]
        return children

    def mutated(self, one, held, rng) -> np.ndarray:
        held, rate = held.copy(), one.mutation.rate * (0.8 if self.fault == "mutation 20 % too rare" else 1.0)
        pool = one.beliefs // 2 if self.fault == "mutation in half the pool" else one.beliefs
        for child in held:
            slots = np.flatnonzero(rng.random(one.held) < rate)
            if len(slots) and self.fault == "mutation to held beliefs":
                child[slots] = rng.integers(pool, size=len(slots))
            elif len(slots):
                lacking = np.ones(pool, dtype=bool)
                lacking[child[child < pool]] = False
                lacking = np.flatnonzero(lacking)
                child[slots] = rng.choice(lacking, len(slots), replace=len(lacking) < len(slots))
        return held

    def measured(self, one, values, signals, held, scores, lineage) -> np.ndarray:
        row, (fitness, tested, value) = np.full(len(MEASURES), np.nan), scores.sum(axis=1) / one.models
        counts = np.bincount(held.ravel(), minlength=one.beliefs)
        deceptive = counts[(values < 0) & (signals > 0)].sum() / held.size
        if self.fault == "deceptive as if independent":
            deceptive = counts[values < 0].sum() * counts[signals > 0].sum() / held.size**2
        found = {
            "fitness": fitness,
            "fitness_sd": math.sqrt(((scores[0] - fitness) ** 2).sum() / one.models),
            "value": value,
            "value_tested": tested,
            "deceptive": deceptive,
            "diversity": 1 - (counts @ counts) / (one.models * held.size),
            "founders": len(set(lineage.tolist())) if one.reproduction == "clonal" else math.nan,
            "size": float(one.held),
            "alive": one.models if one.catastrophe is None else int((scores[2] >= one.catastrophe).sum()),
        }
        for name, number in found.items():
            row[Measure[name.upper()]] = number
        return row
