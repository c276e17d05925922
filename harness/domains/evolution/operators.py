"""What happens to a population: scoring, selection, reproduction, mutation, change of the test. Arrays have one row a model, as the formulas do."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np

from harness.domains.evolution.config import Mutation
from harness.domains.evolution.metrics import examine_sparse
from harness.domains.evolution.state import EMPTY, Measure, Population
from harness.domains.evolution.world import World

LARGEST_GAIN = 4.0
FLAT = 1e-20  # a variance below it is rounding error
LABELLED = [Measure.DECEPTIVE, Measure.DECEPTIVE_FIRST, Measure.BENEFICIAL, Measure.MISJUDGED]  # in the order of `World.labels`
OF_TEST = [Measure.COVERAGE, Measure.ENTROPY, Measure.CORRELATION]


@dataclass(frozen=True)
class Scores:
    """`by_question` (P, Q): the activation-weighted mean signal over the beliefs that a question activates (additive: their sum), 0 where it activates none;
    `fitness` (P,) F(m); `tested` (P,) the same average of true value."""

    by_question: np.ndarray
    fitness: np.ndarray
    tested: np.ndarray


def score(world: World, population: Population) -> Scores:
    """Every model on every question: F = sum over q of [sum of A(b, q) a(b) / sum of A(b, q)] / Q, over b in m."""
    simulation, signals = world.simulation, world.signals(population.generation)
    active = activate(world, population)
    first, late, value_sums = (np.einsum("psq,ps->pq", active, each[population.held]) for each in (*signals, world.values))
    signal_sums, mass = np.where(population.written > 0, late, first), active.sum(axis=1)
    if simulation.fitness == "additive":
        return Scores(signal_sums, signal_sums.sum(axis=1), value_sums.sum(axis=1))
    share = 1.0 / np.where(mass > 0, mass, np.inf)
    asked = (mass > 0).sum(axis=1) if simulation.averaged_over == "activated" else (population.written != EMPTY).sum()
    by_question = signal_sums * share
    return Scores(by_question, by_question.sum(axis=1) / np.maximum(asked, 1), (value_sums * share).sum(axis=1) / np.maximum(asked, 1))


def activate(world: World, population: Population) -> np.ndarray:
    """(P, slots, Q) activations of the held beliefs, as the network of those held together lets them be."""
    active = np.where(population.present[:, :, None], population.test.dense()[population.personalities[:, None], population.held], 0.0)
    if world.simulation.network is not None:
        gains = [network_gains(held[:size], world.neighbours, world.strengths) for held, size in zip(population.held, population.sizes, strict=True)]
        for model, gain in enumerate(gains):
            active[model, : len(gain)] *= gain[:, None]
    return active


def network_gains(held: np.ndarray, neighbours: np.ndarray, strengths: np.ndarray) -> np.ndarray:
    """(len(held),) factors of the held beliefs' activations: 1 plus all that the held ones do to each, clipped to [0, 4]."""
    total = np.bincount(neighbours[held].ravel(), weights=strengths[held].ravel(), minlength=len(neighbours))
    return np.asarray(np.clip(1.0 + total[held], 0.0, LARGEST_GAIN))


def is_alive(world: World, population: Population) -> np.ndarray:
    """(P,) True for models whose sum of value is not below the catastrophe's threshold."""
    threshold = -math.inf if world.simulation.catastrophe is None else world.simulation.catastrophe
    return np.asarray(population.sum_held(world.values) >= threshold)


def measure(world: World, population: Population, scores: Scores, row: np.ndarray) -> None:
    """Fills a row of a history."""
    models, beliefs, held = len(population.sizes), world.simulation.beliefs, int(population.sizes.sum())
    labels, counts = world.labels(population.generation), population.weigh_beliefs(np.ones(models), beliefs)
    row[Measure.FITNESS], row[Measure.FITNESS_SD] = scores.fitness.mean(), scores.fitness.std()
    row[Measure.VALUE] = population.sum_held(world.values).mean()
    row[Measure.VALUE_TESTED] = scores.tested.mean()
    row[Measure.VALUE_USED] = population.sum_held(world.used).mean()
    row[Measure.POOL] = labels[0].mean()
    row[Measure.FOUNDERS] = len(np.unique(population.founders)) if population.founders[0] != EMPTY else np.nan
    row[Measure.SIZE] = held / models
    row[Measure.ALIVE] = is_alive(world, population).sum()
    row[Measure.QUESTIONS] = (population.written != EMPTY).sum()
    if world.simulation.test is not None:
        row[OF_TEST] = examine_test(population)
    if held:
        row[LABELLED] = (labels * counts).sum(axis=1) / held
        if measures_diversity(world, population.generation):
            row[Measure.DIVERSITY] = 1.0 - float((counts**2).sum()) / (float(models) * held)


def examine_test(population: Population) -> np.ndarray:
    """(3,) coverage, entropy and mean correlation of the present test; NaN for a correlation that no two questions have."""
    found = examine_sparse(population.test, np.flatnonzero(population.written != EMPTY))
    return np.array([found.coverage, found.entropy, np.nan if found.question_correlation is None else found.question_correlation])


def measures_diversity(world: World, generation: int) -> bool:
    """True for generations in which diversity is measured."""
    return generation % world.simulation.diversity_every == 0 or generation == world.simulation.generations


def selection_weights(fitness: np.ndarray, alive: np.ndarray, beta: float) -> np.ndarray:
    """(P,) unnormalised exp(beta F), the greatest 1, and 0 for models that are not alive. No beta overflows it."""
    power = beta * fitness
    return np.where(alive, np.exp(np.minimum(power - power[alive].max(), 0.0)), 0.0)


def choose_parents(weights: np.ndarray, uniforms: np.ndarray) -> np.ndarray:
    """(P,) parents drawn with replacement, each model with the probability of its weight, in the order of the models."""
    ends = np.cumsum(weights)
    chosen = np.searchsorted(ends, uniforms * ends[-1], side="right")
    return np.sort(np.minimum(chosen, np.flatnonzero(weights)[-1]))


def recombine(population: Population, weights: np.ndarray, beliefs: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """(held, sizes) of children that hold each belief b with the probability sum of w_i [b in m_i], each as many as a model does on average.

    Systematic sampling of the beliefs, in an order of its own for each child (Madow, 1949): these probabilities exactly, and no belief twice.
    """
    chances = population.weigh_beliefs(weights / weights.sum(), beliefs)
    present = np.flatnonzero(chances > 0)
    held, sizes = np.full_like(population.held, EMPTY), np.zeros_like(population.sizes)
    for child in range(len(held)):
        order = rng.permutation(present)
        chosen = np.searchsorted(np.cumsum(chances[order]), rng.random() + np.arange(held.shape[1]), side="right")
        chosen = np.unique(chosen[chosen < len(order)])
        held[child, : len(chosen)], sizes[child] = order[chosen], len(chosen)
    return held, sizes


def mutate(world: World, children: Population, worth: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Replaces, loses and gains beliefs of each child in turn, in place. `worth` (personalities, B) is what proposals are compared by.

    Between replaced slots, laid end to end over all children, lie geometric gaps, as independent probabilities would leave. What a child takes anew neither its
    parent's copy nor the child holds. Gives (P,) True for children that changed.
    """
    mutation = world.simulation.mutation
    scale = gap_scale(mutation.rate)
    changed, gap = np.zeros(len(children.sizes), dtype=bool), draw_gap(scale, rng)
    for child, held in enumerate(children.held):
        before, size, own_worth = held.copy(), int(children.sizes[child]), worth[children.personalities[child]]
        while gap < size:
            held[gap] = draw_new(mutation, before, held, own_worth, rng)
            gap += 1 + draw_gap(scale, rng)
        gap -= size
        if mutation.loss > 0:
            kept = [belief for belief in held[:size].tolist() if rng.random() >= mutation.loss]
            held[: len(kept)], held[len(kept) :], size = kept, EMPTY, len(kept)
        if mutation.gain > 0 and rng.random() < mutation.gain and size < len(held):
            held[size], size = draw_new(mutation, before, held, own_worth, rng), size + 1
        changed[child], children.sizes[child] = not np.array_equal(before, held), size
    return changed


def draw_new(mutation: Mutation, parent: np.ndarray, child: np.ndarray, worth: np.ndarray, rng: np.random.Generator) -> int:
    """A belief that neither parent nor child holds, all others equally likely: the best of the proposals, the first of equals."""
    taken = {*parent.tolist(), *child.tolist()}
    proposals: list[int] = []
    while len(proposals) < mutation.proposals:
        belief = int(rng.random() * len(worth))
        if belief not in taken:
            proposals.append(belief)
    return max(proposals, key=lambda belief: float(worth[belief]))


def gap_scale(rate: float) -> float:
    """An exponential times it, rounded down, is geometric: the slots in a row that are not replaced."""
    return math.inf if rate <= 0 else 0.0 if rate >= 1 else -1.0 / math.log1p(-rate)


def draw_gap(scale: float, rng: np.random.Generator) -> int:
    """How many slots in a row are not replaced, at most 2**62."""
    return 1 << 62 if scale == math.inf else int(min(rng.standard_exponential() * scale, 2.0**62))


def belief_worth(world: World, population: Population) -> np.ndarray:
    """(personalities, B) what a belief adds to the sum of the present test, less price times its value: the adversary's objective, belief by belief."""
    signals, test = world.signals(population.generation), population.test
    belief = test.rows() % test.beliefs
    seen = np.where(population.written[test.question] > 0, signals[1][belief], signals[0][belief])
    sums = np.bincount(test.rows(), weights=test.weight * seen, minlength=len(test.start) - 1).reshape(test.personalities, test.beliefs)
    return np.asarray(sums - world.simulation.mutation.price * world.values)


def change_test(world: World, population: Population, scored: Callable[[], Scores], rng: np.random.Generator) -> Population:
    """The population before the changed test; `scored` gives its scores on the present one, where the policy needs them."""
    changing, scored = world.simulation.test, cache(scored)
    assert changing is not None
    written, dropped, added = population.written.copy(), [], {}
    for _ in range(changing.dropped):
        question = choose_dropped(world, population, written, scored)
        dropped.append(question)
        written[question] = EMPTY
    chances = aim(world, population, dropped, scored)
    for _ in range(changing.added):
        question = int(np.flatnonzero(written == EMPTY)[0])
        added[question] = rng.random(len(chances)) < chances
        written[question] = population.generation + 1
    return population.change(test=population.test.replace(dropped, added, len(written)), written=written)


def aim(world: World, population: Population, dropped: list[int], scored: Callable[[], Scores]) -> np.ndarray:
    """(B,) probability of each belief to be activated by a new question, when the questions `dropped` have gone."""
    changing, models, beliefs = world.simulation.test, len(population.sizes), world.simulation.beliefs
    assert changing is not None
    if changing.policy == "random":
        sought = np.ones(beliefs)
    elif changing.policy == "common":
        alive, beta = is_alive(world, population), world.betas[min(population.generation, len(world.betas) - 1)] if len(world.betas) else 0.0
        weights = selection_weights(scored().fitness, alive, float(beta)) if alive.any() else np.ones(models)
        sought = population.weigh_beliefs(weights, beliefs)
    elif changing.policy == "harmful":
        values = population.sum_held(world.values)
        sought = np.maximum(0.0, population.weigh_beliefs(values.mean() - values, beliefs))
    elif changing.policy == "uncovered":
        activations = population.test.replace(dropped, {}, population.test.questions).totals().mean(axis=0)
        sought = population.weigh_beliefs(np.ones(models), beliefs) / (1.0 + activations)
    else:
        return np.where(world.deceptive(population.generation) & (population.weigh_beliefs(np.ones(models), beliefs) > 0), 1.0, 0.0)
    total, size = float(sought.sum()), world.question_size()
    return np.minimum(1.0, size * sought / total) if total > 0 else np.full(beliefs, size / beliefs)


def choose_dropped(world: World, population: Population, written: np.ndarray, scored: Callable[[], Scores]) -> int:
    """The question that goes."""
    changing, asked = world.simulation.test, np.flatnonzero(written != EMPTY)
    assert changing is not None
    if changing.drop == "oldest":
        return int(asked[np.argmin(written[asked])])
    if changing.drop == "uninformative":
        variances = scored().by_question[:, asked].var(axis=0)
        return int(asked[np.argmin(np.where(variances < FLAT, 0.0, variances))])  # the first of equals: what is left of rounding decides nothing
    return int(asked[np.argmax(redundancy(population.test.dense()[:, :, asked]))])


def redundancy(dense: np.ndarray) -> np.ndarray:
    """(Q,) mean Pearson correlation of each question's activations with those of the others, 0 with one that does not vary."""
    flat = dense.reshape(-1, dense.shape[2])
    centred = flat - flat.mean(axis=0)
    norms = np.sqrt((centred**2).sum(axis=0))
    scaled = np.divide(centred, norms, out=np.zeros_like(centred), where=norms > 0)
    correlation = np.einsum("bq,br->qr", scaled, scaled)
    np.fill_diagonal(correlation, 0.0)
    return np.asarray(correlation.sum(axis=1) / max(1, len(correlation) - 1))
