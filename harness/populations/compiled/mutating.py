"""What differs in children from their parents, compiled."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from harness.populations.compiled.breeding import free_nodes
from harness.populations.compiled.layout import PERSONALITY, SIZE
from harness.populations.compiled.quick import inlined, quick
from harness.populations.compiled.scoring import flat, move, score_all, stand
from harness.populations.compiled.words import below, block, fill_blocks, fill_uniforms, logarithm, uniform
from harness.populations.mutation import ATTEMPTS, FARTHEST
from harness.populations.stream import Purpose

MUTATED, BELIEF = np.int64(Purpose.MUTATED), np.int64(Purpose.BELIEF)
LOST, GAINED = np.int64(Purpose.LOST), np.int64(Purpose.GAINED)


@inlined
def own(
    following: Any, parent: Any, copies: Any, live: Any, held: Any, about: Any, sums: Any, totals: Any, score: Any, child: int, free: int, frugal: bool
) -> int:
    """Gives a child a node of its own, a copy of its parent's, or (`frugal`) that one itself where no other child is it; how many are still free."""
    origin = parent[child]
    if following[child] != origin or (frugal and copies[origin] == 1):
        return free
    node = live[free - 1]
    copies[origin] -= 1
    for slot in range(held.shape[1]):
        held[node, slot] = held[origin, slot]
    for place in range(about.shape[1]):
        about[node, place] = about[origin, place]
    score[node, 0], score[node, 1] = score[origin, 0], score[origin, 1]
    for place in range(totals.shape[1]):
        totals[node, place] = totals[origin, place]
    for place in range(sums.shape[1]):
        sums[node, place] = sums[origin, place]
    following[child] = node
    return free - 1


@inlined
def holds(held: Any, size: int, belief: int) -> bool:
    found = False
    for slot in range(size):
        found |= held[slot] == belief  # without a way out, so that several are looked at in one step
    return found


@quick
def lacking(held: Any, size: int, other: Any, others: int, beliefs: int, proposed: Any, place: int, number: int, generation: int, key: Any) -> int:
    """The first belief of draw `number` that is neither among the first `size` held ones nor among the first `others` of the other list; the draw's first
    block is at a place of `proposed`."""
    for step in range(ATTEMPTS):
        if step == 0:
            words = np.uint64(proposed[0, place]), np.uint64(proposed[1, place]), np.uint64(proposed[2, place]), np.uint64(proposed[3, place])
        else:
            words = block(number * ATTEMPTS + step, generation, BELIEF, key)
        for word in words:
            candidate = below(word, beliefs)
            if not holds(held, size, candidate) and not holds(other, others, candidate):
                return candidate
    return -1


@inlined
def propose(proposed: Any, begun: int, number: int, count: int, generation: int, key: Any) -> int:
    """Sees to it that the first blocks of `count` draws from `number` on are in `proposed`, which begins with the draw that is returned."""
    if begun >= 0 and number + count - begun <= proposed.shape[1]:
        return begun
    fill_blocks(proposed, proposed.shape[1], number * ATTEMPTS, ATTEMPTS, generation, BELIEF, key)
    return number


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
def best_of(
    rules: Any, ground: Any, personality: int, held: Any, size: int, other: Any, others: int, proposed: Any, place: int, number: int, generation: int, key: Any
) -> int:
    """The best of several proposals, the first of equals; they are draws `number` and on."""
    columns, weights, filled, born, parts, seen = ground.columns, ground.weights, ground.filled, ground.born, ground.parts, ground.coefficients
    best, highest = -1, 0.0
    for one in range(rules.proposals):
        candidate = lacking(held, size, other, others, rules.beliefs, proposed, place + one, number + one, generation, key)
        found = worth(columns, weights, filled, born, parts, seen, personality, candidate, generation, rules.price)
        if one == 0 or found > highest:
            best, highest = candidate, found
    return best


@quick
def fill_gaps(gaps: Any, words: Any, first: int, gap: float, generation: int, key: Any) -> None:
    """How many slots are passed over before each mutation: geometric; `gap` is the logarithm of the chance that one is, 0 where none ever is."""
    fill_uniforms(gaps, words, first, generation, MUTATED, key)
    for place in range(len(gaps)):
        passed = logarithm(1.0 - gaps[place]) / (gap if gap < 0 else -1.0)
        gaps[place] = np.floor(passed if passed < FARTHEST else FARTHEST) if gap < 0 else 0.0


@quick
def replace(rules: Any, ground: Any, nodes: Any, scratch: Any, free: int, generation: int, key: Any) -> int:
    """Replaces beliefs at geometric gaps along the slots of all children; how many nodes are still free."""
    columns, weights, filled, parts, used, labels = ground.columns, ground.weights, ground.filled, ground.parts, ground.used, scratch.labels
    first_asked, later = ground.first, ground.later
    held, about, sums, totals, score, parent, following = nodes.held, nodes.about, nodes.sums, nodes.totals, nodes.score, scratch.parent, scratch.next
    flat_sums, flat_totals, gone, proposed, gaps, shares = flat(sums), flat(totals), scratch.gone, scratch.proposed, scratch.gaps, scratch.by
    place, child, first, size = np.int64(-1), 0, np.int64(0), np.int64(about[parent[0], SIZE])
    gap = math.log1p(-rules.rate) if rules.rate < 1 else 0.0
    # Nodes of parents may be taken over where nobody asks what the parent held, or which children are new.
    frugal, begun, draw, proposals = not rules.networked and rules.gain <= 0, -1, 0, rules.proposals
    others = 0  # how many beliefs this child has given up
    while True:
        if draw % len(gaps) == 0:
            fill_gaps(gaps, scratch.words, draw >> 1, gap, generation, key)
        place += 1 + np.int64(gaps[draw % len(gaps)])
        while place - first >= size:
            first += size
            child, others = child + 1, 0
            if child == rules.models:
                return free
            size = np.int64(about[parent[child], SIZE])
        free = own(following, parent, scratch.marks, scratch.live, held, about, flat_sums, flat_totals, score, child, free, frugal)
        node, slot, number = np.uint64(following[child]), place - first, draw * proposals
        begun = propose(proposed, begun, number, proposals, generation, key)
        personality = np.uint64(about[node, PERSONALITY])
        new = below(np.uint64(proposed[0, number - begun]), rules.beliefs)
        if proposals == 1 and (holds(held[node], size, new) or holds(gone, others, new)):
            new = lacking(held[node], size, gone, others, rules.beliefs, proposed, number - begun, number, generation, key)
        elif proposals > 1:
            new = best_of(rules, ground, personality, held[node], size, gone, others, proposed, number - begun, number, generation, key)
        old = held[node, slot]
        if not rules.networked:
            move(columns, weights, filled, parts, first_asked, later, shares, rules, sums, totals, personality, np.uint64(old), node, -1.0)
            move(columns, weights, filled, parts, first_asked, later, shares, rules, sums, totals, personality, np.uint64(new), node, 1.0)
            stand(parts, used, labels, about, score, old, node, -1)
            stand(parts, used, labels, about, score, new, node, 1)
        gone[others] = old
        held[node, slot], others, draw = new, others + 1, draw + 1


@quick
def change(rules: Any, ground: Any, nodes: Any, scratch: Any, node: int, belief: int, sign: int) -> None:
    """Adds a belief to a node (1) or takes it away (-1)."""
    if not rules.networked:
        at, which, sums, totals = np.uint64(node), np.uint64(belief), nodes.sums, nodes.totals
        personality = np.uint64(nodes.about[node, PERSONALITY])
        columns, weights, filled, parts, shares = ground.columns, ground.weights, ground.filled, ground.parts, scratch.by
        first_asked, later = ground.first, ground.later
        move(columns, weights, filled, parts, first_asked, later, shares, rules, sums, totals, personality, which, at, float(sign))
        stand(parts, ground.used, scratch.labels, nodes.about, nodes.score, belief, node, sign)


@quick
def lose(rules: Any, ground: Any, nodes: Any, scratch: Any, free: int, generation: int, key: Any) -> int:
    """Each belief goes by chance; how many nodes are still free."""
    held, about = nodes.held, nodes.about
    for child in range(rules.models):
        kept, size = 0, about[scratch.next[child], SIZE]
        for slot in range(size):
            if uniform(child * rules.slots + slot, generation, LOST, key) < rules.loss:
                free = own(
                    scratch.next,
                    scratch.parent,
                    scratch.marks,
                    scratch.live,
                    held,
                    about,
                    flat(nodes.sums),
                    flat(nodes.totals),
                    nodes.score,
                    child,
                    free,
                    False,
                )
                change(rules, ground, nodes, scratch, scratch.next[child], held[scratch.next[child], slot], -1)
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
    held, about, proposed, begun = nodes.held, nodes.about, scratch.proposed, -1
    fill_uniforms(scratch.drawn, scratch.words, 0, generation, GAINED, key)
    for child in range(rules.models):
        size, origin = about[scratch.next[child], SIZE], scratch.parent[child]
        if scratch.drawn[child] < rules.gain and size < rules.slots:
            free = own(
                scratch.next, scratch.parent, scratch.marks, scratch.live, held, about, flat(nodes.sums), flat(nodes.totals), nodes.score, child, free, False
            )
            node, number = scratch.next[child], (rules.models * rules.slots + child) * rules.proposals
            begun = propose(proposed, begun, number, rules.proposals, generation, key)
            other, others = held[origin], about[origin, SIZE]
            if rules.proposals == 1:
                new = lacking(held[node], size, other, others, rules.beliefs, proposed, number - begun, number, generation, key)
            else:
                personality = np.uint64(about[node, PERSONALITY])
                new = best_of(rules, ground, personality, held[node], size, other, others, proposed, number - begun, number, generation, key)
            held[node, size] = new
            about[node, SIZE] = size + 1
            change(rules, ground, nodes, scratch, node, new, 1)
    return free


@quick
def mutate(rules: Any, ground: Any, nodes: Any, scratch: Any, generation: int, key: Any) -> None:
    """All that may differ in the children from their parents."""
    free = free_nodes(scratch.next, scratch.marks, scratch.live)
    if rules.rate > 0:
        free = replace(rules, ground, nodes, scratch, free, generation, key)
    if rules.loss > 0:
        free = lose(rules, ground, nodes, scratch, free, generation, key)
    if rules.gain > 0:
        gain(rules, ground, nodes, scratch, free, generation, key)
    if not rules.networked:
        return  # done already
    changed = 0
    for child in range(rules.models):
        if scratch.next[child] != scratch.parent[child]:
            scratch.marks[changed] = scratch.next[child]
            changed += 1
    score_all(rules, ground, nodes, scratch, scratch.marks, changed)
