"""What children inherit, compiled: copies, mutation, recombination."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from harness.populations.compiled.layout import FOUNDER, PERSONALITY, SIZE
from harness.populations.compiled.quick import inlined, quick
from harness.populations.compiled.scoring import average, average_all, put, score_all, stand
from harness.populations.compiled.words import below, block, uniform
from harness.populations.mutation import ATTEMPTS
from harness.populations.stream import Purpose

MUTATED, BELIEF = int(Purpose.MUTATED), int(Purpose.BELIEF)
LOST, GAINED, INHERITED, SHUFFLED = int(Purpose.LOST), int(Purpose.GAINED), int(Purpose.INHERITED), int(Purpose.SHUFFLED)


@quick
def free_nodes(node: Any, following: Any, marks: Any, live: Any) -> int:
    """Lists the nodes that no model is, now or next; how many."""
    marks[:] = 0
    for model in range(len(node)):
        marks[node[model]] = 1
        marks[following[model]] = 1
    found = 0
    for place in range(len(marks)):
        if not marks[place]:
            live[found] = place
            found += 1
    return found


@inlined
def own(following: Any, parent: Any, live: Any, held: Any, about: Any, sums: Any, score: Any, child: int, free: int) -> int:
    """Gives a child a node of its own, a copy of its parent's; how many are still free."""
    origin = parent[child]
    if following[child] != origin:
        return free
    node = live[free - 1]
    for slot in range(held.shape[1]):
        held[node, slot] = held[origin, slot]
    for place in range(about.shape[1]):
        about[node, place] = about[origin, place]
    score[node, 0], score[node, 1] = score[origin, 0], score[origin, 1]
    for part in range(sums.shape[1]):
        for question in range(sums.shape[2]):
            sums[node, part, question] = sums[origin, part, question]
    following[child] = node
    return free - 1


@inlined
def holds(held: Any, size: int, node: int, belief: int) -> bool:
    found = False
    for slot in range(size):
        found |= held[node, slot] == belief  # without a way out, so that several are looked at in one step
    return found


@inlined
def lacking(held: Any, about: Any, beliefs: int, origin: int, node: int, number: int, generation: int, key: Any) -> int:
    """The first belief of a draw that neither the parent nor the child holds."""
    for step in range(ATTEMPTS):
        one, two, three, four = block(number * ATTEMPTS + step, generation, BELIEF, key)
        for word in (one, two, three, four):
            candidate = below(word, beliefs)
            if not holds(held, about[origin, SIZE], origin, candidate) and not holds(held, about[node, SIZE], node, candidate):
                return candidate
    return -1


@quick
def worth(
    columns: Any, weights: Any, filled: Any, born: Any, parts: Any, coefficients: Any, personality: int, belief: int, generation: int, price: float
) -> float:
    """What a belief adds to the sum of the test, less price times its value."""
    found = 0.0
    for family in range(2):
        signal, mass = 0.0, 0.0
        for trait in range(coefficients.shape[2]):
            signal += coefficients[generation, family, trait] * parts[belief, trait]
        for entry in range(filled[personality, belief]):
            if (born[columns[personality, belief, entry]] > 0) == (family == 1):
                mass += weights[personality, belief, entry]
        found += signal * mass
    return found - price * parts[belief, 1]


@quick
def best_of(rules: Any, ground: Any, nodes: Any, origin: int, node: int, number: int, generation: int, key: Any) -> int:
    """The best of several proposals, the first of equals."""
    held, about, personality = nodes.held, nodes.about, nodes.about[node, PERSONALITY]
    columns, weights, filled, born, parts, seen = ground.columns, ground.weights, ground.filled, ground.born, ground.parts, ground.coefficients
    best = lacking(held, about, rules.beliefs, origin, node, number * rules.proposals, generation, key)
    highest = worth(columns, weights, filled, born, parts, seen, personality, best, generation, rules.price)
    for one in range(1, rules.proposals):
        other = lacking(held, about, rules.beliefs, origin, node, number * rules.proposals + one, generation, key)
        found = worth(columns, weights, filled, born, parts, seen, personality, other, generation, rules.price)
        if found > highest:
            best, highest = other, found
    return best


@quick
def replace(rules: Any, ground: Any, nodes: Any, scratch: Any, free: int, generation: int, key: Any) -> int:
    """Replaces beliefs at geometric gaps along the slots of all children; how many nodes are still free."""
    columns, weights, filled, parts, used, labels = ground.columns, ground.weights, ground.filled, ground.parts, ground.used, scratch.labels
    held, about, sums, score, parent, following = nodes.held, nodes.about, nodes.sums, nodes.score, scratch.parent, scratch.next
    place, child, first, draw = np.int64(-1), 0, np.int64(0), 0
    size = np.int64(about[parent[0], SIZE])
    gap = math.log1p(-rules.rate) if rules.rate < 1 else 0.0
    totals, begun, later, done = nodes.totals, ground.first, ground.later, -1
    while True:
        drawn = uniform(draw, generation, MUTATED, key)
        place += 1 if rules.rate >= 1 else 1 + np.int64(math.floor(min(math.log(1.0 - drawn) / gap, 2.0**52)))
        while place - first >= size:
            first += size
            child += 1
            if child == rules.models:
                if done >= 0:
                    average(sums, totals, begun, later, rules.additive, rules.every, np.uint64(done), np.uint64(done))
                return free
            size = np.int64(about[parent[child], SIZE])
        free = own(following, parent, scratch.live, held, about, sums, score, child, free)
        node, slot = following[child], place - first
        if node != done and done >= 0:  # while its sums are still at hand
            average(sums, totals, begun, later, rules.additive, rules.every, np.uint64(done), np.uint64(done))
        done = -1 if rules.networked else node
        if rules.proposals == 1:
            new = lacking(held, about, rules.beliefs, parent[child], node, draw, generation, key)
        else:
            new = best_of(rules, ground, nodes, parent[child], node, draw, generation, key)
        if not rules.networked:
            old, personality = held[node, slot], about[node, PERSONALITY]
            put(columns, weights, filled, parts, rules.unweighted, sums, np.uint64(personality), np.uint64(old), np.uint64(node), -1.0)
            put(columns, weights, filled, parts, rules.unweighted, sums, np.uint64(personality), np.uint64(new), np.uint64(node), 1.0)
            stand(parts, used, labels, about, score, old, node, -1)
            stand(parts, used, labels, about, score, new, node, 1)
        held[node, slot] = new
        draw += 1


@quick
def change(rules: Any, ground: Any, nodes: Any, labels: Any, node: int, belief: int, sign: int) -> None:
    """Adds a belief to a node's sums (1) or takes it away (-1)."""
    if not rules.networked:
        personality = np.uint64(nodes.about[node, PERSONALITY])
        put(
            ground.columns,
            ground.weights,
            ground.filled,
            ground.parts,
            rules.unweighted,
            nodes.sums,
            personality,
            np.uint64(belief),
            np.uint64(node),
            float(sign),
        )
        stand(ground.parts, ground.used, labels, nodes.about, nodes.score, belief, node, sign)


@quick
def lose(rules: Any, ground: Any, nodes: Any, scratch: Any, free: int, generation: int, key: Any) -> int:
    """Each belief goes by chance; how many nodes are still free."""
    held, about = nodes.held, nodes.about
    for child in range(rules.models):
        kept, size = 0, about[scratch.next[child], SIZE]
        for slot in range(size):
            if uniform(child * rules.slots + slot, generation, LOST, key) < rules.loss:
                free = own(scratch.next, scratch.parent, scratch.live, held, about, nodes.sums, nodes.score, child, free)
                change(rules, ground, nodes, scratch.labels, scratch.next[child], held[scratch.next[child], slot], -1)
            else:
                if kept < slot:
                    held[scratch.next[child], kept] = held[scratch.next[child], slot]
                kept += 1
        if kept < size:
            held[scratch.next[child], kept:size] = -1
            about[scratch.next[child], SIZE] = kept
    return free


@quick
def gain(rules: Any, ground: Any, nodes: Any, scratch: Any, free: int, generation: int, key: Any) -> int:
    """One more belief by chance; how many nodes are still free."""
    held, about = nodes.held, nodes.about
    for child in range(rules.models):
        size = about[scratch.next[child], SIZE]
        if uniform(child, generation, GAINED, key) < rules.gain and size < rules.slots:
            free = own(scratch.next, scratch.parent, scratch.live, held, about, nodes.sums, nodes.score, child, free)
            node, number = scratch.next[child], rules.models * rules.slots + child
            if rules.proposals == 1:
                new = lacking(held, about, rules.beliefs, scratch.parent[child], node, number, generation, key)
            else:
                new = best_of(rules, ground, nodes, scratch.parent[child], node, number, generation, key)
            held[node, size] = new
            about[node, SIZE] = size + 1
            change(rules, ground, nodes, scratch.labels, node, new, 1)
    return free


@quick
def mutate(rules: Any, ground: Any, nodes: Any, scratch: Any, generation: int, key: Any) -> None:
    """All that may differ in the children from their parents."""
    free = free_nodes(scratch.node, scratch.next, scratch.marks, scratch.live)
    if rules.rate > 0:
        free = replace(rules, ground, nodes, scratch, free, generation, key)
    if rules.loss > 0:
        free = lose(rules, ground, nodes, scratch, free, generation, key)
    if rules.gain > 0:
        gain(rules, ground, nodes, scratch, free, generation, key)
    if not rules.networked and rules.loss <= 0 and rules.gain <= 0:
        return  # done already
    changed = 0
    for child in range(rules.models):
        if scratch.next[child] != scratch.parent[child]:
            scratch.marks[changed] = scratch.next[child]
            changed += 1
    if rules.networked:
        score_all(rules, ground, nodes, scratch, scratch.marks, changed)
    else:
        average_all(rules, ground, nodes, scratch.marks, changed)


@quick
def recombine(rules: Any, ground: Any, nodes: Any, scratch: Any, weights: Any, total: float, generation: int, key: Any) -> None:
    """Children that draw their beliefs from all models: see `breeding.recombined`. Their nodes are new; `parent` is set to them, too.

    `weights` (P,) and their `total` are those of the models."""
    held, about, chances, order = nodes.held, nodes.about, scratch.chances, scratch.order
    chances[:] = 0.0
    for model in range(rules.models):
        node, weight = scratch.node[model], weights[model] / total
        for slot in range(about[node, SIZE]):
            chances[held[node, slot]] += weight
    stride = (rules.beliefs + 3) // 4
    free = free_nodes(scratch.node, scratch.node, scratch.marks, scratch.live)
    for child in range(rules.models):
        present = 0
        for belief in range(rules.beliefs):
            if chances[belief] > 0:
                order[present] = belief
                present += 1
        shuffle(order, present, child * stride, generation, key)
        node = scratch.live[free - 1 - child]
        held[node] = -1
        about[node, SIZE] = sample(held, chances, order, node, present, rules.slots, uniform(child, generation, INHERITED, key))
        about[node, FOUNDER], about[node, PERSONALITY] = -1, about[scratch.parent[child], PERSONALITY]
        scratch.next[child] = node
    scratch.parent[:] = scratch.next
    score_all(rules, ground, nodes, scratch, scratch.next, rules.models)


@quick
def sample(held: Any, chances: Any, order: Any, node: int, present: int, slots: int, start: float) -> int:
    """A systematic sample in the given order into a node; its size."""
    size, end, sought = 0, 0.0, start
    for place in range(present):
        end += chances[order[place]]
        if end > sought and size < slots:
            held[node, size] = order[place]
            size += 1
            step = math.floor(sought - start + 0.5)
            while start + step < end:
                step += 1.0
            sought = start + step
    return size


@quick
def shuffle(order: Any, present: int, first: int, generation: int, key: Any) -> None:
    """Another order, every one equally likely."""
    for place in range(0, present - 1, 4):
        words = block(first + (place >> 2), generation, SHUFFLED, key)
        for step, word in enumerate(words):
            here = place + step
            if here < present - 1:
                other = here + below(word, present - here)
                order[here], order[other] = order[other], order[here]
