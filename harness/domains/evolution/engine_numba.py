"""The fast engine: each distinct model (a genotype) is scored once and evolves as a count of its copies; a child that mutates becomes a genotype of its own.

It makes the same draws as the readable engine and gives the same populations; measures agree but for the last digits, since sums are taken in another order.
Python changes the test and the evaluators' signals; between such changes compiled code runs one stretch of generations after the other.
"""

from __future__ import annotations

import math
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from harness.domains.evolution import engine_numpy
from harness.domains.evolution.operators import LABELLED, LARGEST_GAIN, OF_TEST, Scores, belief_worth, change_test, examine_test, gap_scale
from harness.domains.evolution.state import EMPTY, Measure, Population
from harness.domains.evolution.world import World
from harness.jit import lean_kernel

SIGNALS, VALUES, MASS = 0, 1, 2  # what is summed by question
VALUE, USED, PAYS = 0, 1, 2  # what is summed over a model's beliefs
NEVER = 1 << 62
COLUMNS = tuple(int(column) for column in LABELLED)


class Rules(NamedTuple):
    """Numbers of the simulation; `asked` is the number of questions of the present test."""

    models: int
    beliefs: int
    generations: int
    asked: int
    additive: bool
    activated: bool
    noise: float
    catastrophe: float
    gap_scale: float
    loss: float
    gain: float
    proposals: int
    diversity_every: int


class Ground(NamedTuple):
    """What does not change during a stretch: the test in compressed rows, and of each belief the signals, value, use, labels, links and worth to makers."""

    start: Any
    question: Any
    weight: Any
    late: Any  # (Q,) 1 for added questions, which are scored by the second signal
    signals: Any  # (2, B)
    each: Any  # (3, B) value, use, and what a belief adds to selection beside the test
    labels: Any  # (4, B) as `World.labels`
    neighbours: Any
    strengths: Any
    worth: Any  # (personalities, B)
    gains: Any  # (slots,) of the model being scored
    links: Any  # (B,) scratch


class Scratch(NamedTuple):
    """Room to work in."""

    free: Any  # rows of no genotype
    next_live: Any
    next_counts: Any
    ends: Any  # cumulative weights of the entries that parents are drawn from
    owners: Any  # the live genotype of each entry
    offspring: Any  # children of each live genotype
    tally: Any  # by founder, or by belief


class Genotypes(NamedTuple):
    """Distinct models, a row each, one row more than models. `sums` (rows, 3, Q) are kept only where mutation changes them by one belief at a time."""

    held: Any
    size: Any
    founder: Any
    personality: Any
    sums: Any
    fitness: Any
    tested: Any
    totals: Any  # (rows, 3) sums of `Ground.each` over held beliefs
    labelled: Any  # (rows, 4) held beliefs of each label


def evolve(world: World, population: Population, until: int, rng: np.random.Generator, history: np.ndarray) -> Population:
    """As `engine_numpy.evolve`. Recombining populations, in which no two models are alike, take its steps with the compiled scores."""
    if world.simulation.reproduction == "recombining":
        return engine_numpy.evolve(world, population, until, rng, history, score)
    while True:
        if not population.measured and world.is_due(population.generation):
            population = change_test(world, population, partial(score, world, population), rng)
        population = evolve_until_change(world, population, until, rng, history)
        if population.measured:
            return population


def evolve_until_change(world: World, population: Population, until: int, rng: np.random.Generator, history: np.ndarray) -> Population:
    """To the next generation before whose measurement the test or the evaluators change, or to `until` and its measurement, or to extinction."""
    generation = population.generation
    stop = next((change for change in world.changes if change > generation), NEVER)
    rules, ground = make_rules(world, population), make_ground(world, population)
    genotypes, live, counts = make_genotypes(world, population)
    generation, living, measured = run_stretch(
        rules, ground, world.betas, genotypes, make_scratch(rules), live, counts, generation, population.measured, min(stop, until), stop > until, rng, history
    )
    if world.simulation.test is not None:
        history[population.generation : generation + bool(measured), OF_TEST] = examine_test(population)
    rows = np.repeat(live[:living], counts[:living])
    return population.change(
        generation=int(generation),
        held=genotypes.held[rows],
        sizes=genotypes.size[rows],
        founders=genotypes.founder[rows],
        personalities=genotypes.personality[rows],
        genotypes=np.repeat(np.arange(living, dtype=np.int32), counts[:living]),
        measured=bool(measured),
    )


def make_rules(world: World, population: Population) -> Rules:
    simulation, mutation = world.simulation, world.simulation.mutation
    return Rules(
        models=simulation.models,
        beliefs=simulation.beliefs,
        generations=simulation.generations,
        asked=int((population.written != EMPTY).sum()),
        additive=simulation.fitness == "additive",
        activated=simulation.averaged_over == "activated",
        noise=simulation.evaluators.noise,
        catastrophe=-math.inf if simulation.catastrophe is None else simulation.catastrophe,
        gap_scale=gap_scale(mutation.rate),
        loss=mutation.loss,
        gain=mutation.gain,
        proposals=mutation.proposals,
        diversity_every=simulation.diversity_every,
    )


def make_ground(world: World, population: Population) -> Ground:
    test, signals = population.test, world.signals(population.generation)
    return Ground(
        start=test.start,
        question=test.question,
        weight=test.weight,
        late=(population.written > 0).astype(np.int8),
        signals=signals,
        each=np.stack([world.values, world.used, world.pays]),
        labels=world.labels(population.generation),
        neighbours=world.neighbours,
        strengths=world.strengths,
        worth=belief_worth(world, population) if world.simulation.mutation.proposals > 1 else np.zeros((1, 1)),
        gains=np.ones(population.held.shape[1]),
        links=np.empty(len(world.values)),
    )


def make_scratch(rules: Rules) -> Scratch:
    rows = rules.models + 2
    free, next_live, next_counts, owners, offspring = (np.empty(rows, np.int64) for _ in range(5))
    return Scratch(free, next_live, next_counts, np.empty(rows), owners, offspring, np.empty(max(rules.beliefs, rules.models), np.int64))


def make_genotypes(world: World, population: Population) -> tuple[Genotypes, np.ndarray, np.ndarray]:
    """(genotypes, the rows that live, how many models each stands for; 0 ends the list), from neighbours of equal `genotypes`."""
    firsts = np.flatnonzero(np.append(True, population.genotypes[1:] != population.genotypes[:-1]))
    rows, living = len(population.sizes) + 1, len(firsts)

    def padded(column: np.ndarray) -> np.ndarray:
        wide = np.empty((rows, *column.shape[1:]), column.dtype)
        wide[:living] = column[firsts]
        return wide

    live, counts = np.empty(rows + 1, np.int64), np.empty(rows + 1, np.int64)
    live[:living], counts[:living] = np.arange(living), np.diff(np.append(firsts, rows - 1))
    counts[living] = 0
    kept = rows if changes_one_by_one(world) else 1
    genotypes = Genotypes(
        held=padded(population.held),
        size=padded(population.sizes),
        founder=padded(population.founders),
        personality=padded(population.personalities),
        sums=np.empty((kept, 3, len(population.written))),
        fitness=np.empty(rows),
        tested=np.empty(rows),
        totals=np.empty((rows, 3)),
        labelled=np.empty((rows, len(LABELLED)), np.int64),
    )
    return genotypes, live, counts


def changes_one_by_one(world: World) -> bool:
    """True where children's sums follow from their parents' by the beliefs replaced; else children are scored afresh."""
    mutation = world.simulation.mutation
    return mutation.rate > 0 and mutation.loss == mutation.gain == 0 and world.simulation.network is None


def score(world: World, population: Population) -> Scores:
    """As `operators.score`."""
    rules, ground = make_rules(world, population), make_ground(world, population)
    genotypes, *_ = make_genotypes(world, population.change(genotypes=np.arange(len(population.sizes))))
    by_question = np.empty((len(population.sizes), len(population.written)))
    score_all(rules, ground, genotypes, by_question)
    return Scores(by_question, genotypes.fitness[:-1], genotypes.tested[:-1])


# Compiled from here on.


@lean_kernel
def run_stretch(rules, ground, betas, genotypes, scratch, live, counts, generation, measured, stop, measure_stop, rng, history):  # type: ignore[no-untyped-def]
    """(generation, live genotypes, whether it is measured) at `stop`, measured there only with `measure_stop`, or where no model is left to have children."""
    living, spare = 0, 0
    while counts[living] > 0:
        score_row(rules, ground, genotypes, live[living])
        living += 1
    for row in range(rules.models, living - 1, -1):
        scratch.free[spare] = row
        spare += 1
    while True:
        if not measured and generation == stop and not measure_stop:
            return generation, living, False
        alive = count_alive(rules, genotypes, live, counts, living)
        if not measured:
            measure(rules, ground, genotypes, live, counts, living, alive, generation, scratch.tally, history[generation])
        if generation == stop or alive == 0:
            return generation, living, True
        choose_parents(rules, genotypes, live, counts, living, betas[generation], scratch, rng)
        living, spare = reproduce(rules, ground, genotypes, live, living, scratch, spare, rng)
        for index in range(living):
            live[index], counts[index] = scratch.next_live[index], scratch.next_counts[index]
        generation, measured = generation + 1, False


@lean_kernel
def score_all(rules, ground, genotypes, by_question):  # type: ignore[no-untyped-def]
    """Scores every row, and fills (P, Q) scores by question."""
    for row in range(len(by_question)):
        score_row(rules, ground, genotypes, row)
        sums = genotypes.sums[row if len(genotypes.sums) > 1 else 0]
        for q in range(by_question.shape[1]):
            by_question[row, q] = sums[SIGNALS, q] * share_of(rules, sums[MASS, q])


@lean_kernel
def add_belief(ground, sums, row, belief, factor):  # type: ignore[no-untyped-def]
    """Adds a belief's activations, times a factor, to the sums by question; `row` is that of the belief in the test."""
    value, first, second = ground.each[VALUE, belief], ground.signals[0, belief], ground.signals[1, belief]
    for pair in range(ground.start[row], ground.start[row + 1]):
        q, weight = ground.question[pair], factor * ground.weight[pair]
        sums[SIGNALS, q] += weight * (second if ground.late[q] else first)
        sums[VALUES, q] += weight * value
        sums[MASS, q] += weight


@lean_kernel
def score_row(rules, ground, genotypes, row):  # type: ignore[no-untyped-def]
    """Scores a genotype afresh."""
    sums = genotypes.sums[row if len(genotypes.sums) > 1 else 0]
    sums[:] = 0.0
    genotypes.totals[row], genotypes.labelled[row] = 0.0, 0
    offset = genotypes.personality[row] * rules.beliefs
    fill_gains(ground, genotypes, row)
    for slot in range(genotypes.size[row]):
        belief = genotypes.held[row, slot]
        add_belief(ground, sums, offset + belief, belief, ground.gains[slot])
        for total in range(3):
            genotypes.totals[row, total] += ground.each[total, belief]
        for label in range(len(ground.labels)):
            genotypes.labelled[row, label] += ground.labels[label, belief]
    average(rules, genotypes, row, sums)


@lean_kernel
def fill_gains(ground, genotypes, row):  # type: ignore[no-untyped-def]
    """Fills the factors of the held beliefs' activations: 1 plus all that the held ones do to each, clipped to [0, 4]; without a network they stay 1."""
    if ground.neighbours.size == 0:
        return
    for belief in range(len(ground.links)):
        ground.links[belief] = 1.0
    for slot in range(genotypes.size[row]):
        other = genotypes.held[row, slot]
        for link in range(ground.neighbours.shape[1]):
            ground.links[ground.neighbours[other, link]] += ground.strengths[other, link]
    for slot in range(genotypes.size[row]):
        ground.gains[slot] = min(max(ground.links[genotypes.held[row, slot]], 0.0), LARGEST_GAIN)


@lean_kernel
def share_of(rules, mass):  # type: ignore[no-untyped-def]
    """What the sums of a question are multiplied by: they are left as they are, or divided by its mass."""
    return 1.0 if rules.additive else 1.0 / mass if mass > 0.0 else 0.0


@partial(lean_kernel, fastmath={"reassoc", "nsz"})  # sums four at a time
def average(rules, genotypes, row, sums):  # type: ignore[no-untyped-def]
    """F(m) and the same average of value, from the sums by question."""
    fitness, tested, active = 0.0, 0.0, 0
    for q in range(sums.shape[1]):
        mass = sums[MASS, q]
        share = share_of(rules, mass)
        fitness += sums[SIGNALS, q] * share
        tested += sums[VALUES, q] * share
        active += 1 if mass > 0.0 else 0
    asked = 1 if rules.additive else max(1, active) if rules.activated else rules.asked
    genotypes.fitness[row], genotypes.tested[row] = fitness / asked, tested / asked


@lean_kernel
def count_alive(rules, genotypes, live, counts, living):  # type: ignore[no-untyped-def]
    """Models whose sum of value is not below the catastrophe's threshold."""
    alive = 0
    for index in range(living):
        if genotypes.totals[live[index], VALUE] >= rules.catastrophe:
            alive += counts[index]
    return alive


@lean_kernel
def measure(rules, ground, genotypes, live, counts, living, alive, generation, tally, row):  # type: ignore[no-untyped-def]
    """Fills a row of a history."""
    fitness, tested, value, used, size = 0.0, 0.0, 0.0, 0.0, 0
    for index in range(living):
        genotype, count = live[index], counts[index]
        fitness += count * genotypes.fitness[genotype]
        tested += count * genotypes.tested[genotype]
        value += count * genotypes.totals[genotype, VALUE]
        used += count * genotypes.totals[genotype, USED]
        size += count * genotypes.size[genotype]
    fitness /= rules.models
    variance, founders = 0.0, 0
    tally[:] = 0
    for index in range(living):
        variance += counts[index] * (genotypes.fitness[live[index]] - fitness) ** 2
        founder = genotypes.founder[live[index]]
        if tally[founder] == 0:
            founders += 1
            tally[founder] = 1
    row[Measure.FITNESS], row[Measure.FITNESS_SD] = fitness, math.sqrt(variance / rules.models)
    row[Measure.VALUE], row[Measure.VALUE_TESTED], row[Measure.VALUE_USED] = value / rules.models, tested / rules.models, used / rules.models
    row[Measure.POOL] = ground.labels[0].sum() / rules.beliefs
    row[Measure.FOUNDERS], row[Measure.SIZE] = founders, size / rules.models
    row[Measure.ALIVE], row[Measure.QUESTIONS] = alive, rules.asked
    if size > 0:
        for label in range(len(ground.labels)):
            labelled = 0
            for index in range(living):
                labelled += counts[index] * genotypes.labelled[live[index], label]
            row[COLUMNS[label]] = labelled / size
        if generation % rules.diversity_every == 0 or generation == rules.generations:
            row[Measure.DIVERSITY] = 1.0 - count_squares(genotypes, live, counts, living, tally) / (rules.models * size)


@lean_kernel
def count_squares(genotypes, live, counts, living, tally):  # type: ignore[no-untyped-def]
    """The sum over beliefs of the square of how many models hold each."""
    tally[:] = 0
    for index in range(living):
        for slot in range(genotypes.size[live[index]]):
            tally[genotypes.held[live[index], slot]] += counts[index]
    squares = 0.0
    for count in tally:
        squares += float(count) * float(count)
    return squares


@lean_kernel
def choose_parents(rules, genotypes, live, counts, living, beta, scratch, rng):  # type: ignore[no-untyped-def]
    """Fills how many children each live genotype has: each model is drawn with the probability of its weight exp(beta F), with replacement.

    Without noise all copies of a genotype make one entry of the cumulative weights `ends`; with noise every model has its own.
    """
    ends, owners, offspring = scratch.ends, scratch.owners, scratch.offspring
    entries, highest = 0, -math.inf
    for index in range(living):
        genotype = live[index]
        alive = genotypes.totals[genotype, VALUE] >= rules.catastrophe
        for _ in range(counts[index] if rules.noise > 0 else 1):
            noise = rules.noise * rng.standard_normal() if rules.noise > 0 else 0.0
            power = beta * (genotypes.fitness[genotype] + genotypes.totals[genotype, PAYS] / max(1, genotypes.size[genotype]) + noise)
            ends[entries], owners[entries] = power if alive else -math.inf, index
            highest = max(highest, ends[entries])
            entries += 1
        offspring[index] = 0
    total, last = 0.0, 0
    for entry in range(entries):
        weight = math.exp(ends[entry] - highest) * (1 if rules.noise > 0 else counts[owners[entry]])
        total += weight
        ends[entry] = total
        last = entry if weight > 0 else last
    for _ in range(rules.models):
        threshold, low, high = rng.random() * total, 0, last
        while low < high:
            middle = (low + high) >> 1
            if ends[middle] > threshold:
                high = middle
            else:
                low = middle + 1
        offspring[owners[low]] += 1


@lean_kernel
def reproduce(rules, ground, genotypes, live, living, scratch, spare, rng):  # type: ignore[no-untyped-def]
    """(live genotypes of the next generation, free rows): the copies of each parent first, then those of its children that mutated, in their order."""
    offspring, next_live, next_counts, free = scratch.offspring, scratch.next_live, scratch.next_counts, scratch.free
    mutating = rules.gap_scale < math.inf or rules.loss > 0 or rules.gain > 0
    size_changes = rules.loss > 0 or rules.gain > 0
    gap, n = draw_gap(rules, rng) if mutating else NEVER, 0
    for index in range(living):  # first, or there could be too few free rows for children
        if offspring[index] == 0:
            free[spare] = live[index]
            spare += 1
    for index in range(living):
        parent, children = live[index], offspring[index]
        slots = genotypes.size[parent]
        if children == 0:
            continue
        if not size_changes and gap >= children * slots:
            gap -= children * slots
            next_live[n], next_counts[n] = parent, children
            n += 1
            continue
        copies, end = 0, n + 1
        for _ in range(children):
            if not size_changes and gap >= slots:
                gap -= slots
                copies += 1
                continue
            spare -= 1
            child = free[spare]
            gap = mutate_child(rules, ground, genotypes, parent, child, gap, rng)
            if size_changes and same_beliefs(genotypes, parent, child):
                free[spare] = child
                spare += 1
                copies += 1
            else:
                next_live[end], next_counts[end] = child, 1
                end += 1
        if copies > 0:
            next_live[n], next_counts[n] = parent, copies
            n = end
        else:
            free[spare] = parent
            spare += 1
            for later in range(n + 1, end):
                next_live[later - 1], next_counts[later - 1] = next_live[later], next_counts[later]
            n = end - 1
    return n, spare


@lean_kernel
def draw_gap(rules, rng):  # type: ignore[no-untyped-def]
    """As `operators.draw_gap`."""
    return NEVER if rules.gap_scale == math.inf else int(min(rng.standard_exponential() * rules.gap_scale, 2.0**62))


@lean_kernel
def mutate_child(rules, ground, genotypes, parent, child, gap, rng):  # type: ignore[no-untyped-def]
    """Makes row `child` a copy of row `parent` in which beliefs are replaced, lost and gained, and scores it; gives the slots until the next replacement."""
    copy_row(genotypes, parent, child)
    size, one_by_one = genotypes.size[child], len(genotypes.sums) > 1
    offset = genotypes.personality[child] * rules.beliefs
    while gap < size:
        old, new = genotypes.held[child, gap], draw_new(rules, ground, genotypes, parent, child, rng)
        genotypes.held[child, gap] = new
        gap += 1 + draw_gap(rules, rng)
        if one_by_one:
            add_belief(ground, genotypes.sums[child], offset + old, old, -1.0)
            add_belief(ground, genotypes.sums[child], offset + new, new, 1.0)
            for total in range(3):
                genotypes.totals[child, total] += ground.each[total, new] - ground.each[total, old]
            for label in range(len(ground.labels)):
                genotypes.labelled[child, label] += int(ground.labels[label, new]) - int(ground.labels[label, old])
    gap -= size
    if rules.loss > 0:
        kept = 0
        for slot in range(size):
            if rng.random() >= rules.loss:
                genotypes.held[child, kept] = genotypes.held[child, slot]
                kept += 1
        genotypes.held[child, kept:] = EMPTY
        size = kept
        genotypes.size[child] = size
    if rules.gain > 0 and rng.random() < rules.gain and size < genotypes.held.shape[1]:
        genotypes.held[child, size] = draw_new(rules, ground, genotypes, parent, child, rng)
        genotypes.size[child] = size + 1
    if one_by_one:
        average(rules, genotypes, child, genotypes.sums[child])
    else:
        score_row(rules, ground, genotypes, child)
    return gap


@lean_kernel
def copy_row(genotypes, old, new):  # type: ignore[no-untyped-def]
    """Makes row `new` a copy of row `old`."""
    for slot in range(genotypes.held.shape[1]):
        genotypes.held[new, slot] = genotypes.held[old, slot]
    genotypes.size[new], genotypes.founder[new], genotypes.personality[new] = genotypes.size[old], genotypes.founder[old], genotypes.personality[old]
    for total in range(3):
        genotypes.totals[new, total] = genotypes.totals[old, total]
    for label in range(genotypes.labelled.shape[1]):
        genotypes.labelled[new, label] = genotypes.labelled[old, label]
    if len(genotypes.sums) > 1:
        for sums in range(3):
            for q in range(genotypes.sums.shape[2]):
                genotypes.sums[new, sums, q] = genotypes.sums[old, sums, q]


@lean_kernel
def same_beliefs(genotypes, one, other):  # type: ignore[no-untyped-def]
    """True where two rows hold the same beliefs in the same slots."""
    same = True
    for slot in range(genotypes.held.shape[1]):
        same = same and genotypes.held[one, slot] == genotypes.held[other, slot]
    return same


@lean_kernel
def draw_new(rules, ground, genotypes, parent, child, rng):  # type: ignore[no-untyped-def]
    """A belief that neither parent nor child holds: the best of the proposals by worth, the first of equals."""
    best, best_worth = -1, -math.inf
    for _ in range(rules.proposals):
        belief = int(rng.random() * rules.beliefs)
        while has_belief(genotypes, parent, belief) or has_belief(genotypes, child, belief):
            belief = int(rng.random() * rules.beliefs)
        worth = ground.worth[genotypes.personality[child], belief] if rules.proposals > 1 else 0.0
        if worth > best_worth:
            best, best_worth = belief, worth
    return best


@lean_kernel
def has_belief(genotypes, row, belief):  # type: ignore[no-untyped-def]
    """True where a row holds a belief."""
    found = False
    for slot in range(genotypes.size[row]):
        found = found or genotypes.held[row, slot] == belief
    return found
