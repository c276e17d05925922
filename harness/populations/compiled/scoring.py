"""Nodes scored, compiled: added belief by belief where beliefs do not act on one another, anew where they do."""

from __future__ import annotations

from typing import Any

import numpy as np

from harness.populations.compiled.averaging import average_added, average_divided, average_whole, move_added, move_divided, move_whole
from harness.populations.compiled.lanes import LANES, add_four, put_row
from harness.populations.compiled.layout import ATFIRST, FITNESS, NOW, PERSONALITY, SIZE, TESTED, USE, VALUE
from harness.populations.compiled.quick import inlined, quick
from harness.populations.grid import ACTIVATION, LARGEST_ACTIVATION, SIGNAL


@quick
def nearest(value: float) -> float:
    return np.rint(value * SIGNAL) / SIGNAL


@inlined
def move(
    columns: Any,
    weights: Any,
    filled: Any,
    parts: Any,
    first: Any,
    later: Any,
    shares: Any,
    rules: Any,
    sums: Any,
    totals: Any,
    personality: Any,
    belief: Any,
    node: Any,
    sign: float,
) -> None:
    """Adds a belief to the sums and totals of a node (sign 1) or takes it away (sign -1): exact, so nothing of it stays behind."""
    entries = filled[personality, belief]
    for lane in range(parts.shape[1] - LANES, -1, -LANES):  # the activation, by which is divided, last
        if rules.unweighted:
            move_whole(columns, personality, belief, entries, weights, parts, sign, lane, sums, node, totals, first, later, shares, rules.every)
        elif rules.additive:
            move_added(columns, personality, belief, entries, weights, parts, sign, lane, sums, node, totals, first, later, shares, rules.every)
        else:
            move_divided(columns, personality, belief, entries, weights, parts, sign, lane, sums, node, totals, first, later, shares, rules.every)


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
    held, about, sums, score, rows = nodes.held, nodes.about, nodes.sums, nodes.score, flat(nodes.sums)
    totals, first, later, shares, one = nodes.totals, ground.first, ground.later, scratch.by, len(sums) == 1
    for place in range(count):
        node = np.uint64(listed[place])
        at, personality, size = np.uint64(0) if one else node, np.uint64(about[node, PERSONALITY]), about[node, SIZE]
        for entry in range(rows.shape[1]):
            rows[at, entry] = 0.0
        if rules.networked:
            excite(ground, nodes, scratch, node)
            for slot in range(size):
                excited(columns, weights, filled, parts, sums, personality, np.uint64(held[node, slot]), at, scratch.gains[slot])
        elif rules.unweighted:
            put_all(columns, filled, parts, sums, held, size, personality, node, at)
        else:
            weigh_all(columns, weights, filled, parts, sums, held, size, personality, node, at)
        stand_all(parts, used, labels, about, score, held, size, node)
        average(sums, totals, first, later, shares, rules.unweighted, rules.additive, rules.every, node, at)


@quick
def flat(numbers: Any) -> Any:
    """(N, …) as (N, all the rest), the same memory."""
    return numbers.reshape(numbers.shape[0], numbers.shape[1] * numbers.shape[2])


@quick
def put_all(columns: Any, filled: Any, parts: Any, sums: Any, held: Any, size: int, personality: Any, node: Any, at: Any) -> None:
    """Adds all beliefs of a model to its sums where activations are 0 and 1."""
    for lane in range(0, parts.shape[1], LANES):
        for slot in range(size):
            belief = np.uint64(held[node, slot])
            put_row(columns, personality, belief, 0, filled[personality, belief], 1.0, parts, lane, sums, at)


@quick
def weigh_all(columns: Any, weights: Any, filled: Any, parts: Any, sums: Any, held: Any, size: int, personality: Any, node: Any, at: Any) -> None:
    """The same with any activations."""
    for lane in range(0, parts.shape[1], LANES):
        for slot in range(size):
            belief = np.uint64(held[node, slot])
            put_row(columns, personality, belief, 0, filled[personality, belief], weights, parts, lane, sums, at)


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
def average_all(rules: Any, ground: Any, nodes: Any, scratch: Any, listed: Any, count: int) -> None:
    """The totals of nodes from their sums."""
    sums, totals, first, later, shares = nodes.sums, nodes.totals, ground.first, ground.later, scratch.by
    for place in range(count):
        node = np.uint64(listed[place])
        average(sums, totals, first, later, shares, rules.unweighted, rules.additive, rules.every, node, node)


@quick
def average(sums: Any, totals: Any, first: Any, later: Any, shares: Any, unweighted: int, additive: int, every: int, node: Any, at: Any) -> None:
    """The totals of one node, whose sums lie at `at`."""
    for lane in range(0, totals.shape[2], LANES):
        if unweighted:
            average_whole(totals, node, lane, sums, at, first, later, shares, every)
        elif additive:
            average_added(totals, node, lane, sums, at, first, later, shares, every)
        else:
            average_divided(totals, node, lane, sums, at, first, later, shares, every)


@quick
def fit_all(coefficients: Any, totals: Any, score: Any, listed: Any, count: int, generation: int, asked: float) -> None:
    """The fitness of nodes by the evaluators of a generation, and their value as the test sees it."""
    for place in range(count):
        node, found = np.uint64(listed[place]), 0.0
        for family in range(2):
            for trait in range(coefficients.shape[2]):
                found += coefficients[generation, family, trait] * totals[node, family, trait]
        score[node, FITNESS] = nearest(found / asked)
        score[node, TESTED] = nearest((totals[node, 0, 1] + totals[node, 1, 1]) / asked)


@quick
def label(coefficients: Any, parts: Any, seen: Any, labels: Any, which: int, generation: int) -> int:
    """Marks the beliefs that are deceptive by the evaluators of a generation; how many they are. `seen` is room."""
    found = 0
    seen[:] = 0.0
    for trait in range(coefficients.shape[2]):
        weight = coefficients[generation, 0, trait]
        if weight != 0:
            for belief in range(len(parts)):
                seen[belief] += weight * parts[belief, trait]
    for belief in range(len(parts)):
        here = (parts[belief, 1] < 0) & (seen[belief] > 0)
        labels[which, belief] = here
        found += here
    return found
