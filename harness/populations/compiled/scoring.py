"""Nodes scored, compiled: added belief by belief where beliefs do not act on one another, anew where they do."""

from __future__ import annotations

from typing import Any

import numpy as np

from harness.populations.compiled.layout import ATFIRST, FITNESS, NOW, PERSONALITY, SIZE, USE, VALUE
from harness.populations.compiled.lanes import LANES, MASS, add_four, average_four, move_four
from harness.populations.compiled.quick import inlined, quick
from harness.populations.grid import ACTIVATION, LARGEST_ACTIVATION, SIGNAL


@quick
def nearest(value: float) -> float:
    return np.rint(value * SIGNAL) / SIGNAL


@inlined
def put(columns: Any, weights: Any, filled: Any, parts: Any, sums: Any, personality: Any, belief: Any, node: Any) -> None:
    """Adds a belief to the sums of a node."""
    for entry in range(filled[personality, belief]):
        question, weight = columns[personality, belief, entry], weights[personality, belief, entry]
        for lane in range(0, parts.shape[1], LANES):
            add_four(sums, node, question, lane, parts, belief, weight)


@inlined
def move(
    columns: Any, weights: Any, filled: Any, parts: Any, later: Any, additive: int, sums: Any, totals: Any, personality: Any, belief: Any, node: Any, sign: float
) -> None:
    """Adds a belief to the sums and totals of a node (sign 1) or takes it away (sign -1): exact, so nothing of it stays behind."""
    for entry in range(filled[personality, belief]):
        question, weight = columns[personality, belief, entry], weights[personality, belief, entry] * sign
        mass, family = sums[node, question, MASS], np.uint64(later[question] > 0)
        before, after = share(mass, additive), share(mass + weight, additive)
        for lane in range(0, parts.shape[1], LANES):
            move_four(sums, node, question, lane, parts, belief, weight, totals, family, before, after)


@quick
def share(mass: float, additive: int) -> float:
    """What a sum is multiplied by to be an average in units of the grid. Where nothing is activated there is nothing to divide."""
    return SIGNAL if additive or not mass > 0 else 1.0 / mass * SIGNAL


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
        sums[at] = 0.0
        if rules.networked:
            excite(ground, nodes, scratch, node)
            for slot in range(size):
                excited(columns, weights, filled, parts, sums, personality, np.uint64(held[node, slot]), at, scratch.gains[slot])
        elif rules.unweighted:
            put_all(columns, filled, parts, sums, held, size, personality, node, at)
        else:
            for slot in range(size):
                put(columns, weights, filled, parts, sums, personality, np.uint64(held[node, slot]), at)
        stand_all(parts, used, labels, about, score, held, size, node)
        average(sums, totals, first, later, rules.additive, rules.every, node, at)


@quick
def put_all(columns: Any, filled: Any, parts: Any, sums: Any, held: Any, size: int, personality: Any, node: Any, at: Any) -> None:
    """`put` for all beliefs of a model where activations are 0 and 1."""
    for slot in range(size):
        belief = np.uint64(held[node, slot])
        for entry in range(filled[personality, belief]):
            for lane in range(0, parts.shape[1], LANES):
                add_four(sums, at, columns[personality, belief, entry], lane, parts, belief, 1.0)


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
        for lane in range(0, parts.shape[1], LANES):
            add_four(sums, node, question, lane, parts, belief, weight)


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
    for lane in range(0, totals.shape[2], LANES):
        average_four(totals, node, 0, lane, sums, at, first, additive)
        if every:
            average_four(totals, node, 1, lane, sums, at, later, additive)


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
