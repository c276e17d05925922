"""Nodes scored, compiled: added belief by belief where beliefs do not act on one another, anew where they do."""

from __future__ import annotations

from typing import Any

import numpy as np

from harness.populations.compiled.layout import ATFIRST, FITNESS, NOW, PERSONALITY, SIZE, USE, VALUE
from harness.populations.compiled.quick import exact, inlined, quick
from harness.populations.grid import ACTIVATION, LARGEST_ACTIVATION, SIGNAL


@quick
def nearest(value: float) -> float:
    return np.rint(value * SIGNAL) / SIGNAL


@inlined
def put(columns: Any, weights: Any, filled: Any, parts: Any, unweighted: int, sums: Any, personality: Any, belief: Any, node: Any, sign: float) -> None:
    """Adds a belief to the sums of a node (sign 1) or takes it away (sign -1): exact, so nothing of it stays behind."""
    last, entries = parts.shape[1] - 1, filled[personality, belief]
    if last == 2:  # one signal and value: what most simulations have
        signal, value = sign * parts[belief, 0], sign * parts[belief, 1]
        if unweighted:
            for entry in range(entries):
                question = columns[personality, belief, entry]
                sums[node, 0, question] += signal
                sums[node, 1, question] += value
                sums[node, 2, question] += sign
        else:
            for entry in range(entries):
                question, weight = columns[personality, belief, entry], weights[personality, belief, entry]
                sums[node, 0, question] += weight * signal
                sums[node, 1, question] += weight * value
                sums[node, 2, question] += weight * sign
        return
    for entry in range(entries):
        question, weight = columns[personality, belief, entry], weights[personality, belief, entry] * sign
        for part in range(last + 1):
            sums[node, part, question] += weight * parts[belief, part]


@inlined
def stand(parts: Any, used: Any, labels: Any, about: Any, score: Any, belief: Any, node: Any, sign: int) -> None:
    """What a belief adds to a node wherever it stands: value, use, deception."""
    score[node, VALUE] += sign * parts[belief, 1]
    score[node, USE] += sign * used[belief]
    about[node, NOW] += sign * np.int32(labels[0, belief])
    about[node, ATFIRST] += sign * np.int32(labels[1, belief])


@quick
def score_all(rules: Any, ground: Any, nodes: Any, scratch: Any, listed: Any, count: int) -> None:
    """Nodes from nothing: the first `count` of a list."""
    columns, weights, filled, parts, used, labels = ground.columns, ground.weights, ground.filled, ground.parts, ground.used, scratch.labels
    held, about, sums, score = nodes.held, nodes.about, nodes.sums, nodes.score
    totals, first, later, one = nodes.totals, ground.first, ground.later, len(sums) == 1
    for place in range(count):
        node = np.uint64(listed[place])
        at, personality, size = np.uint64(0) if one else node, np.uint64(about[node, PERSONALITY]), about[node, SIZE]
        clear(sums, at)
        if rules.networked:
            excite(ground, nodes, scratch, node)
            for slot in range(size):
                excited(columns, weights, filled, parts, sums, personality, np.uint64(held[node, slot]), at, scratch.gains[slot])
        elif rules.unweighted and parts.shape[1] == 3:
            put_all(columns, filled, parts, sums, held, size, personality, node, at)
        else:
            for slot in range(size):
                put(columns, weights, filled, parts, rules.unweighted, sums, personality, np.uint64(held[node, slot]), at, 1.0)
        stand_all(parts, used, labels, about, score, held, size, node)
        average(sums, totals, first, later, rules.additive, rules.every, node, at)


@quick
def clear(sums: Any, node: Any) -> None:
    for part in range(sums.shape[1]):
        for question in range(sums.shape[2]):
            sums[node, part, question] = 0.0


@quick
def put_all(columns: Any, filled: Any, parts: Any, sums: Any, held: Any, size: int, personality: Any, node: Any, at: Any) -> None:
    """`put` for all beliefs of a model in the plain case: one signal, activations of 0 and 1."""
    for slot in range(size):
        belief = np.uint64(held[node, slot])
        signal, value = parts[belief, 0], parts[belief, 1]
        for entry in range(filled[personality, belief]):
            question = columns[personality, belief, entry]
            sums[at, 0, question] += signal
            sums[at, 1, question] += value
            sums[at, 2, question] += 1.0


@quick
def stand_all(parts: Any, used: Any, labels: Any, about: Any, score: Any, held: Any, size: int, node: Any) -> None:
    """`stand` for all beliefs of a model that had none."""
    value, use, now, first = 0.0, 0.0, 0, 0
    for slot in range(size):
        belief = np.uint64(held[node, slot])
        value += parts[belief, 1]
        use += used[belief]
        now += labels[0, belief]
        first += labels[1, belief]
    score[node, VALUE], score[node, USE], about[node, NOW], about[node, ATFIRST] = value, use, now, first


@quick
def excited(columns: Any, weights: Any, filled: Any, parts: Any, sums: Any, personality: Any, belief: Any, node: Any, gain: float) -> None:
    """`put` with the activations that the network leaves."""
    for entry in range(filled[personality, belief]):
        question, weight = columns[personality, belief, entry], weights[personality, belief, entry] * gain
        weight = np.rint(min(max(weight, 0.0), LARGEST_ACTIVATION) * ACTIVATION) / ACTIVATION
        for part in range(parts.shape[1]):
            sums[node, part, question] += weight * parts[belief, part]


@quick
def excite(ground: Any, nodes: Any, scratch: Any, node: Any) -> None:
    """The gain of each held belief under the others."""
    held, gains, place, size = nodes.held, scratch.gains, scratch.place, nodes.about[node, SIZE]
    for slot in range(size):
        place[held[node, slot]] = slot + 1
        gains[slot] = 1.0
    for slot in range(size):
        belief = held[node, slot]
        for way in range(ground.neighbours.shape[1]):
            reached = place[ground.neighbours[belief, way]]
            if reached:
                gains[reached - 1] += ground.strengths[belief, way]
    for slot in range(size):
        gains[slot] = min(max(gains[slot], 0.0), LARGEST_ACTIVATION)
        place[held[node, slot]] = 0


@quick
def average_all(rules: Any, ground: Any, nodes: Any, listed: Any, count: int) -> None:
    """The totals of nodes from their sums."""
    sums, totals, first, later = nodes.sums, nodes.totals, ground.first, ground.later
    for place in range(count):
        average(sums, totals, first, later, rules.additive, rules.every, np.uint64(listed[place]), np.uint64(listed[place]))


@quick
def average(sums: Any, totals: Any, first: Any, later: Any, additive: int, every: int, node: Any, at: Any) -> None:
    """The totals of one node, whose sums lie at `at`."""
    last = totals.shape[2]
    if additive:
        for trait in range(last):
            totals[node, 0, trait] = summed(sums, first, at, trait)
            totals[node, 1, trait] = summed(sums, later, at, trait) if every else 0.0
        return
    if last == 2:
        totals[node, 0, 0], totals[node, 0, 1] = averaged(sums, first, at)
        if every:
            totals[node, 1, 0], totals[node, 1, 1] = averaged(sums, later, at)
        return
    for trait in range(last):
        totals[node, 0, trait] = averaged_one(sums, first, at, trait, last)
        totals[node, 1, trait] = averaged_one(sums, later, at, trait, last) if every else 0.0


@exact
def averaged(sums: Any, asked: Any, node: Any) -> tuple[float, float]:
    """Sums of the averages of signal and of value over the questions that are asked (1.0 for those, 0.0 for others)."""
    one, other = 0.0, 0.0
    for question in range(len(asked)):
        mass = sums[node, 2, question]
        share = 1.0 / (mass if mass > 0 else 1.0)  # where nothing is activated there is nothing to divide, either
        one += np.rint(sums[node, 0, question] * share * SIGNAL) * asked[question]
        other += np.rint(sums[node, 1, question] * share * SIGNAL) * asked[question]
    return one / SIGNAL, other / SIGNAL


@exact
def averaged_one(sums: Any, asked: Any, node: Any, trait: int, last: int) -> float:
    """The same for one trait."""
    found = 0.0
    for question in range(len(asked)):
        mass = sums[node, last, question]
        found += np.rint(sums[node, trait, question] * (1.0 / (mass if mass > 0 else 1.0)) * SIGNAL) * asked[question]
    return found / SIGNAL


@exact
def summed(sums: Any, asked: Any, node: Any, trait: int) -> float:
    """Sum over the questions that are asked."""
    found = 0.0
    for question in range(len(asked)):
        found += np.rint(sums[node, trait, question] * SIGNAL) * asked[question]
    return found / SIGNAL


@quick
def fit_all(ground: Any, nodes: Any, listed: Any, count: int, generation: int, asked: float) -> None:
    """The fitness of nodes by the evaluators of a generation."""
    coefficients, totals, score = ground.coefficients, nodes.totals, nodes.score
    for place in range(count):
        node, found = listed[place], 0.0
        for family in range(2):
            for trait in range(coefficients.shape[2]):
                found += coefficients[generation, family, trait] * totals[node, family, trait]
        score[node, FITNESS] = nearest(found / asked)


@quick
def label(coefficients: Any, parts: Any, labels: Any, which: int, generation: int) -> int:
    """Marks the beliefs that are deceptive by the evaluators of a generation; how many they are."""
    found = 0
    for belief in range(len(parts)):
        seen = 0.0
        for trait in range(coefficients.shape[2]):
            seen += coefficients[generation, 0, trait] * parts[belief, trait]
        here = parts[belief, 1] < 0 and seen > 0
        labels[which, belief] = here
        found += here
    return found
