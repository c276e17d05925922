"""Tests that change, compiled: see `retesting.py` of the reference."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from harness.populations.changing_test import DROPS, POLICIES
from harness.populations.compiled.choosing import grained, spread
from harness.populations.compiled.lanes import LANES, MASS, put_row
from harness.populations.compiled.layout import FITNESS, PERSONALITY, SIZE, VALUE
from harness.populations.compiled.quick import quick
from harness.populations.compiled.scoring import average_all, nearest, score_all
from harness.populations.compiled.words import fill_blocks, unit
from harness.populations.stream import Purpose

QUESTION, ONE = np.int64(Purpose.QUESTION), np.uint64(1)
RANDOM, COMMON, HARMFUL = POLICIES.index("random"), POLICIES.index("common"), POLICIES.index("harmful")
OLDEST, UNINFORMATIVE = DROPS.index("oldest"), DROPS.index("uninformative")


@quick
def retest(rules: Any, ground: Any, nodes: Any, scratch: Any, live: int, grain: float, generation: int, key: Any) -> None:
    """Drops and adds questions, then scores every living node on the new test."""
    spread(scratch.live, scratch.copies, scratch.node, live)
    aim(rules, ground, nodes, scratch, grain, generation)  # what is sought does not hang on what is dropped, but for coverage
    for _ in range(rules.dropped):
        place = chosen(rules, ground, nodes, scratch, live, generation)
        ground.born[place], ground.first[place], ground.later[place] = -1, 0.0, 0.0
    if rules.dropped > 0:
        purge(ground.columns, ground.weights, ground.filled, ground.born)
    if rules.policy > HARMFUL:
        uncover(rules, ground, scratch)
    level(rules, scratch)
    fresh = scratch.order  # how many of the new questions activate each belief: they stand last in its row
    fresh[:] = 0
    for number in range(rules.added):
        add(rules, ground, scratch, fresh, number, generation, key)
    if rules.networked:
        score_all(rules, ground, nodes, scratch, scratch.live, live)
        return
    changed = 0
    for place in range(len(ground.born)):
        scratch.changed[changed] = place
        changed += ground.born[place] == generation
    for place in range(live):
        resum(ground, nodes, fresh, scratch.changed, changed, np.uint64(scratch.live[place]))
    average_all(rules, ground, nodes, scratch, scratch.live, live)


@quick
def aim(rules: Any, ground: Any, nodes: Any, scratch: Any, grain: float, generation: int) -> None:
    """What each policy seeks in the models, belief by belief, into `chances`: added model by model, slot by slot."""
    chances, shares = scratch.chances, scratch.shares
    chances[:] = 1.0 if rules.policy == RANDOM else 0.0
    if rules.policy == RANDOM:
        return
    if rules.policy == COMMON:
        select(rules, ground, nodes, scratch, grain, generation)
    elif rules.policy == HARMFUL:
        total = 0.0
        for model in range(rules.models):
            total += nodes.score[scratch.node[model], VALUE]
        for model in range(rules.models):
            shares[model] = total / rules.models - nodes.score[scratch.node[model], VALUE]
    else:
        shares[:] = 1.0
    for model in range(rules.models):
        node = scratch.node[model]
        for slot in range(nodes.about[node, SIZE]):
            chances[nodes.held[node, slot]] += shares[model]
    if rules.policy == HARMFUL:
        for belief in range(rules.beliefs):
            chances[belief] = max(0.0, chances[belief])


@quick
def select(rules: Any, ground: Any, nodes: Any, scratch: Any, grain: float, generation: int) -> None:
    """The share of each model in the next generation by the present test, without noise, into `shares`; even shares where none is alive."""
    beta, score, shares = ground.betas[min(generation, len(ground.betas) - 1)], nodes.score, scratch.shares
    highest = -np.inf
    for model in range(rules.models):
        node = scratch.node[model]
        if not rules.catastrophic or score[node, VALUE] >= rules.threshold:
            highest = max(highest, beta * score[node, FITNESS])
    total = 0.0
    for model in range(rules.models):
        node = scratch.node[model]
        here = not rules.catastrophic or score[node, VALUE] >= rules.threshold
        shares[model] = 1.0 if highest == -np.inf else grained(beta * score[node, FITNESS] - highest, grain) if here else 0.0
        total += shares[model]
    for model in range(rules.models):
        shares[model] /= total


@quick
def uncover(rules: Any, ground: Any, scratch: Any) -> None:
    """Divides what is sought by one plus the activation by the present test."""
    personalities = ground.columns.shape[0]
    for belief in range(rules.beliefs):
        mass = 0.0
        for personality in range(personalities):
            for entry in range(ground.filled[personality, belief]):
                mass += ground.weights[personality, belief, entry]
        scratch.chances[belief] /= 1.0 + mass / personalities


@quick
def level(rules: Any, scratch: Any) -> None:
    """From what is sought to chances that activate as many beliefs as a question does."""
    total = 0.0
    for belief in range(rules.beliefs):
        total += scratch.chances[belief]
    for belief in range(rules.beliefs):
        if total <= 0:
            scratch.chances[belief] = rules.question_size / rules.beliefs
        else:
            scratch.chances[belief] = min(1.0, rules.question_size * scratch.chances[belief] / total)


@quick
def add(rules: Any, ground: Any, scratch: Any, fresh: Any, number: int, generation: int, key: Any) -> None:
    """Writes a question into the first free place."""
    place = 0
    while ground.born[place] >= 0:
        place += 1
    ground.born[place], ground.first[place], ground.later[place] = generation, 0.0, 1.0
    pairs, chances, words = (rules.beliefs + 1) // 2, scratch.chances, scratch.words
    columns, weights, filled = ground.columns, ground.weights, ground.filled
    fill_blocks(words, pairs, number * pairs, 1, generation, QUESTION, key)
    for belief in range(rules.beliefs):
        half = np.uint64(2 * (belief & 1))
        if unit(words[half, belief >> 1], words[half + ONE, belief >> 1]) < chances[belief]:
            ask(columns, weights, filled, belief, place)
            fresh[belief] += 1


@quick
def ask(columns: Any, weights: Any, filled: Any, belief: int, place: int) -> None:
    """Has a question activate a belief."""
    for personality in range(columns.shape[0]):
        entry = filled[personality, belief]
        columns[personality, belief, entry] = place
        weights[personality, belief, entry] = 1.0
        filled[personality, belief] = entry + 1


@quick
def purge(columns: Any, weights: Any, filled: Any, born: Any) -> None:
    """Takes questions that are asked no more out of every row."""
    for personality in range(columns.shape[0]):
        for belief in range(columns.shape[1]):
            kept = 0
            for entry in range(filled[personality, belief]):
                asked = columns[personality, belief, entry]
                columns[personality, belief, kept], weights[personality, belief, kept] = asked, weights[personality, belief, entry]
                kept += born[asked] >= 0
            filled[personality, belief] = kept


@quick
def chosen(rules: Any, ground: Any, nodes: Any, scratch: Any, live: int, generation: int) -> int:
    """The place of the question that goes, the first of equals."""
    questions = len(ground.born)
    redundant = redundancies(ground) if rules.drop > UNINFORMATIVE else np.zeros(1)
    best, least = -1, np.inf
    for place in range(questions):
        if ground.born[place] < 0:
            continue
        if rules.drop == OLDEST:
            found = float(ground.born[place])
        elif rules.drop == UNINFORMATIVE:
            found = informed(rules, ground, nodes, scratch, live, place, generation)
        else:
            found = -redundant[place]
        if found < least:
            best, least = place, found
    return best


@quick
def informed(rules: Any, ground: Any, nodes: Any, scratch: Any, live: int, place: int, generation: int) -> float:
    """The variance over models of their score on one question."""
    total = 0.0
    for one in range(live):
        total += asked_one(rules, ground, nodes, scratch.live[one], place, generation) * scratch.copies[one]
    mean, found = total / rules.models, 0.0
    for model in range(rules.models):
        off = asked_one(rules, ground, nodes, scratch.node[model], place, generation) - mean
        found += off * off
    return found / rules.models


@quick
def asked_one(rules: Any, ground: Any, nodes: Any, node: int, place: int, generation: int) -> float:
    """A node's score on one question."""
    found, mass = 0.0, nodes.sums[node, place, MASS]
    if mass <= 0:
        return 0.0
    for trait in range(ground.coefficients.shape[2]):
        each = nodes.sums[node, place, trait]
        found += ground.coefficients[generation, 1 if ground.born[place] > 0 else 0, trait] * nearest(each if rules.additive else each * (1.0 / mass))
    return nearest(found)


@quick
def redundancies(ground: Any) -> Any:
    """Mean correlation of each question's activations with those of the others."""
    questions, count = len(ground.born), ground.columns.shape[0] * ground.columns.shape[1]
    sums, products = np.zeros(questions), np.zeros((questions, questions))
    for personality in range(ground.columns.shape[0]):
        for belief in range(ground.columns.shape[1]):
            for entry in range(ground.filled[personality, belief]):
                one, weight = ground.columns[personality, belief, entry], ground.weights[personality, belief, entry]
                sums[one] += weight
                for other in range(ground.filled[personality, belief]):
                    products[one, ground.columns[personality, belief, other]] += weight * ground.weights[personality, belief, other]
    found, asked = np.zeros(questions), 0
    for one in range(questions):
        asked += ground.born[one] >= 0
    for one in range(questions):
        mean = sums[one] / count
        own = products[one, one] / count - mean * mean
        for other in range(questions):
            if other == one or ground.born[other] < 0:
                continue
            away = sums[other] / count
            scale = math.sqrt(own * (products[other, other] / count - away * away))
            if scale > 0:
                found[one] += (products[one, other] / count - mean * away) / scale
        found[one] /= max(1, asked - 1)
    return found


@quick
def resum(ground: Any, nodes: Any, fresh: Any, changed: Any, count: int, node: Any) -> None:
    """The sums of a node on `count` questions that were written just now. Those of questions that are asked no more stay, and count for nothing."""
    sums, parts, held = nodes.sums, ground.parts, nodes.held
    columns, weights, filled = ground.columns, ground.weights, ground.filled
    for place in range(count):
        asked = changed[place]
        for lane in range(sums.shape[2]):
            sums[node, asked, lane] = 0.0
    personality = np.uint64(nodes.about[node, PERSONALITY])
    for slot in range(nodes.about[node, SIZE]):
        belief = np.uint64(held[node, slot])
        end = filled[personality, belief]
        for lane in range(0, parts.shape[1], LANES):
            put_row(columns, personality, belief, end - fresh[belief], end, weights, parts, lane, sums, node)
