"""A population evolves, compiled: generation by generation what `reference.py` does."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from harness.populations.compiled.breeding import recombine
from harness.populations.compiled.choosing import draw_copies, draw_noisy, spread, weigh
from harness.populations.compiled.founding import draw_founders, plain_world
from harness.populations.compiled.layout import ATFIRST, FITNESS, FOUNDER, NOW, PERSONALITY, SIZE, TESTED, USE, VALUE
from harness.populations.compiled.mutating import mutate
from harness.populations.compiled.quick import quick
from harness.populations.compiled.retesting import retest
from harness.populations.compiled.scoring import fit_all, label, score_all

START = np.int64(0)  # a whole number written out is a type of its own to numba, for which all that it is handed to is compiled once more


@quick
def evolve(
    rules: Any, ground: Any, nodes: Any, scratch: Any, herd: Any, saved: Any, start: int, until: int, last: int, grain: float, key: Any, rows: Any
) -> int:
    """From generation `start` to `until`: fills `rows` with measures, leaves in `herd` the last population and in `saved` its test, as they were before that
    generation's change of test. The generation in which no model was left to have children, -1 where there always was one.

    `last` is the simulation's last generation, `grain` what weights are multiples of (`selection.grain`)."""
    listed, copies, score, about, totals = scratch.live, scratch.copies, nodes.score, nodes.about, nodes.totals
    room = scratch.seen, scratch.summed, scratch.guide, scratch.drawn
    constant, varying = same_coefficients(ground.coefficients, 0, len(ground.coefficients) - 1), rules.rate > 0 or rules.loss > 0 or rules.gain > 0
    label(ground.coefficients, ground.parts, scratch.chances, scratch.labels, 1, START)
    pool = label(ground.coefficients, ground.parts, scratch.chances, scratch.labels, 0, start)
    live = enter(rules, ground, nodes, scratch, herd, varying)
    written = questions(ground.first, ground.later)
    asked = 1.0 if rules.additive else written  # what totals are divided by
    for generation in range(start, until + 1):
        moved = generation > start and not constant and not same_coefficients(ground.coefficients, generation - 1, generation)
        if moved:
            pool = relabel(ground, nodes, scratch, live, generation)
        if varying or rules.recombining or moved or generation == start:
            fit_all(ground.coefficients, totals, score, listed, live, generation, asked)
        alive = rules.models
        if rules.catastrophic:
            alive = count_living(score, listed, copies, live, rules.threshold)
        if generation == until or alive == 0:
            leave(rules, ground, nodes, scratch, herd, saved, live)
        if rules.every > 0 and generation > 0 and generation % rules.every == 0:
            retest(rules, ground, nodes, scratch, live, grain, generation, key)
            written = questions(ground.first, ground.later)
            asked = 1.0 if rules.additive else written
            fit_all(ground.coefficients, totals, score, listed, live, generation, asked)
        wide = generation % rules.diversity_every == 0 or generation == last
        row = rows[generation - start]
        measure(row, score, about, listed, copies, live, rules.models)
        row[7], row[11], row[12] = pool / rules.beliefs, alive, written
        row[8] = diversity(nodes.held, about, copies, listed, live, scratch.counts, rules.models) if wide else np.nan
        if alive == 0:
            return generation
        if generation == until:
            break
        if varying or rules.recombining or (rules.noise > 0 and live > 1):
            live = breed(rules, ground, nodes, scratch, live, varying, grain, generation, key)
        elif live > 1:  # copies of one model have copies of it, whoever the parents are
            live = draw_copies(rules, score, listed, copies, scratch.marks, room, scratch.words, live, ground.betas[generation], grain, generation, key)
    return -1


@quick
def evolve_plain(
    rules: Any, ground: Any, nodes: Any, scratch: Any, herd: Any, saved: Any, drawn: Any, words: Any, keys: Any, grain: float, values: Any, extinct: Any
) -> None:
    """Whole runs in worlds of the plain kind, one after the other in the same memory, under (N, 3) keys of world, founders and course; `drawn` holds the
    landscape's shape, the number of questions, how many probe a belief and how many beliefs a founder holds."""
    shape, questions, each, held = drawn
    for run in range(len(keys)):
        plain_world(ground, shape, questions, each, words, keys[run, 0])
        draw_founders(herd, held, rules.beliefs, not rules.recombining, words, keys[run, 1])
        last = values.shape[1] - 1
        extinct[run] = evolve(rules, ground, nodes, scratch, herd, saved, START, last, last, grain, keys[run, 2], values[run])


@quick
def breed(rules: Any, ground: Any, nodes: Any, scratch: Any, live: int, varying: bool, grain: float, generation: int, key: Any) -> int:
    """The next generation; how many distinct nodes it has."""
    beta, listed, copies = ground.betas[generation], scratch.live, scratch.copies
    spread(listed, copies, scratch.node, live)
    if rules.recombining:
        share(rules, nodes, scratch, beta, grain, live)
    if rules.noise > 0:
        draw_noisy(rules, nodes, scratch, beta, grain, generation, key)
    else:
        room = scratch.seen, scratch.summed, scratch.guide, scratch.drawn
        kept = draw_copies(rules, nodes.score, listed, copies, scratch.marks, room, scratch.words, live, beta, grain, generation, key)
        spread(listed, copies, scratch.parent, kept)
    if rules.recombining:
        if rules.noise > 0:
            scratch.shares[:] = scratch.seen
        recombine(rules, ground, nodes, scratch, scratch.shares, scratch.shares.sum(), generation, key)
    else:
        scratch.next[:] = scratch.parent
    if varying:
        mutate(rules, ground, nodes, scratch, generation, key)
    scratch.node[:] = scratch.next
    return census(scratch.node, listed, copies)


@quick
def share(rules: Any, nodes: Any, scratch: Any, beta: float, grain: float, live: int) -> None:
    """The weight of each model, without noise, into `shares`."""
    weigh(nodes.score, scratch.live, scratch.seen, live, beta, grain, rules.catastrophic, rules.threshold)
    model = 0
    for place in range(live):
        for _ in range(scratch.copies[place]):
            scratch.shares[model] = scratch.seen[place]
            model += 1


@quick
def census(node: Any, live: Any, copies: Any) -> int:
    """Lists the nodes of models and how many in a row are each: copies stand together, so each is listed once; how many."""
    found = 0
    for model in range(len(node)):
        if model and node[model] == node[model - 1]:
            copies[found - 1] += 1
        else:
            live[found], copies[found] = node[model], 1
            found += 1
    return found


@quick
def same_coefficients(coefficients: Any, first: int, last: int) -> bool:
    """True where no evaluator changes from one generation to another."""
    for generation in range(first + 1, last + 1):
        for family in range(2):
            for trait in range(coefficients.shape[2]):
                if coefficients[generation, family, trait] != coefficients[first, family, trait]:
                    return False
    return True


@quick
def enter(rules: Any, ground: Any, nodes: Any, scratch: Any, herd: Any, varying: bool) -> int:
    """One node for each model, scored; without mutation descendants of one founder are copies and share a node. How many nodes."""
    live = settle(nodes.held, nodes.about, scratch.live, scratch.copies, herd.held, herd.sizes, herd.founders, herd.personalities, varying)
    score_all(rules, ground, nodes, scratch, scratch.live, live)
    return live


@quick
def settle(held: Any, about: Any, listed: Any, copies: Any, given: Any, sizes: Any, founders: Any, personalities: Any, varying: bool) -> int:
    """Writes models into nodes; how many nodes."""
    live = 0
    for model in range(len(sizes)):
        founder = founders[model]
        if model and founder >= 0 and not varying and founder == founders[model - 1]:
            copies[live - 1] += 1
            continue
        for slot in range(held.shape[1]):
            held[model, slot] = given[model, slot]
        about[model, SIZE], about[model, FOUNDER], about[model, PERSONALITY] = sizes[model], founder, personalities[model]
        listed[live], copies[live] = model, 1
        live += 1
    return live


@quick
def leave(rules: Any, ground: Any, nodes: Any, scratch: Any, herd: Any, saved: Any, live: int) -> None:
    """Writes the models back, and the test where it may change."""
    spread(scratch.live, scratch.copies, scratch.node, live)
    unsettle(nodes.held, nodes.about, scratch.node, herd.held, herd.sizes, herd.founders, herd.personalities)
    if rules.every > 0:
        columns, weights, filled, born = saved
        columns[:], weights[:], filled[:], born[:] = ground.columns, ground.weights, ground.filled, ground.born


@quick
def unsettle(held: Any, about: Any, node: Any, found: Any, sizes: Any, founders: Any, personalities: Any) -> None:
    """Writes nodes back into models."""
    for model in range(len(node)):
        for slot in range(held.shape[1]):
            found[model, slot] = held[node[model], slot]
        sizes[model], founders[model], personalities[model] = about[node[model], SIZE], about[node[model], FOUNDER], about[node[model], PERSONALITY]


@quick
def questions(first: Any, later: Any) -> float:
    """How many questions the test has."""
    found = 0.0
    for place in range(len(first)):
        found += first[place] + later[place]
    return found


@quick
def relabel(ground: Any, nodes: Any, scratch: Any, live: int, generation: int) -> int:
    """Marks and counts deception anew for the evaluators of a generation; how many beliefs of the pool are deceptive."""
    pool = label(ground.coefficients, ground.parts, scratch.chances, scratch.labels, 0, generation)
    held, about, labels = nodes.held, nodes.about, scratch.labels
    for place in range(live):
        node, found = scratch.live[place], 0
        for slot in range(about[node, SIZE]):
            found += labels[0, held[node, slot]]
        about[node, NOW] = found
    return pool


@quick
def count_living(score: Any, live: Any, copies: Any, count: int, threshold: float) -> int:
    """How many models are above the catastrophe's threshold."""
    found = 0
    for place in range(count):
        found += copies[place] if score[live[place], VALUE] >= threshold else 0
    return found


@quick
def measure(row: Any, score: Any, about: Any, living: Any, copies: Any, live: int, models: int) -> None:
    """What a row of measures says of the models, in the order of `history.MEASURED`."""
    fitness, value, tested, used = 0.0, 0.0, 0.0, 0.0
    now, first, held = np.int64(0), np.int64(0), np.int64(0)
    for place in range(live):
        node, more = np.uint64(living[place]), copies[place]
        fitness += score[node, FITNESS] * more
        value += score[node, VALUE] * more
        used += score[node, USE] * more
        tested += score[node, TESTED] * more
        now += about[node, NOW] * more
        first += about[node, ATFIRST] * more
        held += about[node, SIZE] * more
    row[0], row[1] = fitness / models, deviation(score, living, copies, live, fitness / models, models)
    row[2], row[3], row[4] = value / models, tested / models, used / models
    row[5] = now / held if held else np.nan
    row[6] = first / held if held else np.nan
    row[9], row[10] = founders_left(about, living, live), held / models


@quick
def deviation(score: Any, living: Any, copies: Any, live: int, mean: float, models: int) -> float:
    """SD over models: neighbours of equal fitness are added at once."""
    found, more = 0.0, np.int64(0)
    for place in range(live):
        more += copies[place]
        if place + 1 == live or score[living[place + 1], FITNESS] != score[living[place], FITNESS]:
            away = score[living[place], FITNESS] - mean
            found += more * (away * away)
            more = 0
    return math.sqrt(found / models)


@quick
def diversity(held: Any, about: Any, copies: Any, living: Any, live: int, counts: Any, models: int) -> float:
    """The chance that a belief of one model is not held by another, drawn with replacement; NaN where none holds any."""
    found, all_held = np.int64(0), np.int64(0)
    counts[:] = 0
    for place in range(live):
        node, more = np.uint64(living[place]), copies[place]
        for slot in range(about[node, SIZE]):
            belief = np.uint64(held[node, slot])
            found += more * (2 * counts[belief] + more)  # the sum of squared counts
            counts[belief] += more
        all_held += about[node, SIZE] * more
    return 1.0 - found / (float(models) * all_held) if all_held else np.nan


@quick
def founders_left(about: Any, living: Any, live: int) -> float:
    """Distinct founders of the living nodes; NaN where beliefs recombine. Descendants of a founder stand together."""
    if about[living[0], FOUNDER] < 0:
        return np.nan
    found = 1
    for place in range(1, live):
        found += about[living[place], FOUNDER] != about[living[place - 1], FOUNDER]
    return float(found)
