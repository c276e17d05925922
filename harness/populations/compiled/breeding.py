"""What children inherit where beliefs recombine, compiled, and which nodes are free for them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from harness.populations.compiled.layout import FOUNDER, PERSONALITY, SIZE
from harness.populations.compiled.quick import quick
from harness.populations.compiled.scoring import score_all
from harness.populations.compiled.words import below, block, uniform
from harness.populations.stream import Purpose

INHERITED, SHUFFLED = np.int64(Purpose.INHERITED), np.int64(Purpose.SHUFFLED)


@quick
def free_nodes(node: Any, copies: Any, live: Any) -> int:
    """Lists the nodes that no model is, and counts in `copies` how many models are each of the others; how many are free."""
    copies[:] = 0
    for model in range(len(node)):
        copies[node[model]] += 1
    found = 0
    for place in range(len(copies)):
        live[found] = place
        found += copies[place] == 0
    return found


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
    free = free_nodes(scratch.node, scratch.marks, scratch.live)
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
