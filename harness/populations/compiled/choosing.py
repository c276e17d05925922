"""Who has children, compiled: weights by softmax, and parents drawn by them, in the order of the models."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from harness.populations.compiled.layout import FITNESS, VALUE
from harness.populations.compiled.quick import quick
from harness.populations.compiled.words import block, fill_uniforms, normal_pair
from harness.populations.stream import Purpose

PARENTS, NOISE = int(Purpose.PARENTS), int(Purpose.NOISE)
FEW = 12  # of so many each is held against all draws


@quick
def draw_parents(rules: Any, nodes: Any, scratch: Any, live: int, beta: float, grain: float, generation: int, key: Any) -> int:
    """Sets the copies of each living node in the next generation and leaves out those without any; how many are left.

    With noise of evaluation it is not copies but parents, model by model, that are set."""
    fill_uniforms(scratch.drawn, scratch.words, 0, generation, PARENTS, key)
    if rules.noise > 0:
        weigh_noisy(rules, nodes, scratch, beta, grain, generation, key)
        tally(scratch.seen, scratch.summed, scratch.guide, scratch.marks, scratch.drawn, rules.models)
        return spread_noisy(scratch.node, scratch.parent, scratch.marks)
    weigh(nodes.score, scratch.live, scratch.seen, live, beta, grain, rules.catastrophic, rules.threshold)
    for place in range(live):
        scratch.summed[place] = scratch.seen[place] * scratch.copies[place]
    tally(scratch.summed, scratch.seen, scratch.guide, scratch.marks, scratch.drawn, live)
    return keep(scratch.live, scratch.copies, scratch.marks, live)


@quick
def grained(power: float, grain: float) -> float:
    """A weight on the grid on which sums of weights are exact, so that copies may be counted before they are added."""
    return np.rint(math.exp(power) * grain) / grain


@quick
def weigh(score: Any, live: Any, seen: Any, count: int, beta: float, grain: float, catastrophic: int, threshold: float) -> None:
    """The weight of one model of each node. At least one model is alive."""
    highest = -np.inf
    for place in range(count):
        if not catastrophic or score[live[place], VALUE] >= threshold:
            highest = max(highest, beta * score[live[place], FITNESS])
    for place in range(count):
        here = not catastrophic or score[live[place], VALUE] >= threshold
        seen[place] = grained(beta * score[live[place], FITNESS] - highest, grain) if here else 0.0


@quick
def weigh_noisy(rules: Any, nodes: Any, scratch: Any, beta: float, grain: float, generation: int, key: Any) -> None:
    """The weight of each model where every evaluation has noise of its own."""
    highest = -np.inf
    for model in range(rules.models):
        node = scratch.node[model]
        scratch.seen[model] = nodes.score[node, FITNESS] + rules.noise * normal(model, generation, key)
        if not rules.catastrophic or nodes.score[node, VALUE] >= rules.threshold:
            highest = max(highest, beta * scratch.seen[model])
    for model in range(rules.models):
        here = not rules.catastrophic or nodes.score[scratch.node[model], VALUE] >= rules.threshold
        scratch.seen[model] = grained(beta * scratch.seen[model] - highest, grain) if here else 0.0


@quick
def normal(model: int, generation: int, key: Any) -> float:
    one, two, three, four = block(model >> 1, generation, NOISE, key)
    first, second = normal_pair(one, two, three, four)
    return second if model & 1 else first


@quick
def tally(weights: Any, summed: Any, guide: Any, found: Any, drawn: Any, count: int) -> None:
    """How many draws fall to each of `count` weights. `summed` and `guide` are room, and `drawn` is scaled to the sum of the weights."""
    last, total = 0, 0.0
    for place in range(count):
        total += weights[place]
        last = place if weights[place] > 0 else last
    # In place of the weights, which may share their room: sums up to and with each.
    running = 0.0
    for place in range(count):
        running += weights[place]
        summed[place] = running
        found[place] = 0
    for number in range(len(drawn)):
        drawn[number] *= total
    if count <= FEW:
        tally_few(summed, found, drawn, last)
    else:
        tally_many(summed, guide, found, drawn, count, last, len(guide) / total)


@quick
def tally_few(summed: Any, found: Any, drawn: Any, last: int) -> None:
    """By counting, for each place, the draws below its end."""
    before = 0
    for place in range(last):
        end, under = summed[place], 0
        for number in range(len(drawn)):
            under += drawn[number] < end
        found[place] = under - before
        before = under
    found[last] = len(drawn) - before


@quick
def tally_many(summed: Any, guide: Any, found: Any, drawn: Any, count: int, last: int, finer: float) -> None:
    """From about where each draw must fall: the number of places that end in an earlier one of many equal parts."""
    steps = len(guide)
    guide[:] = 0
    for place in range(count):
        step = int(summed[place] * finer) + 1
        if step < steps:
            guide[step] += 1
    ended = 0
    for step in range(steps):
        ended += guide[step]
        guide[step] = ended
    for number in range(len(drawn)):
        sought = drawn[number]
        place = min(int(guide[min(int(sought * finer), steps - 1)]), last)
        while place > 0 and summed[place - 1] > sought:
            place -= 1
        while place < last and summed[place] <= sought:
            place += 1
        found[place] += 1


@quick
def keep(live: Any, copies: Any, found: Any, count: int) -> int:
    """Nodes that have children, in their order; how many."""
    kept = 0
    for place in range(count):
        if found[place] > 0:
            live[kept], copies[kept] = live[place], found[place]
            kept += 1
    return kept


@quick
def spread_noisy(node: Any, parent: Any, found: Any) -> int:
    """The node of each child's parent, in the order of the parents; -1, since copies are not counted here."""
    child = 0
    for model in range(len(node)):
        for _ in range(found[model]):
            parent[child] = node[model]
            child += 1
    return -1


@quick
def spread(live: Any, copies: Any, found: Any, count: int) -> None:
    """The node of each model from nodes and their copies."""
    model = 0
    for place in range(count):
        for _ in range(copies[place]):
            found[model] = live[place]
            model += 1
