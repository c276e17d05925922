"""Who has children, compiled: weights by softmax, and parents drawn by them, in the order of the models."""

from __future__ import annotations

from typing import Any

import numpy as np

from harness.populations.compiled.layout import FITNESS, VALUE
from harness.populations.compiled.quick import inlined, quick
from harness.populations.compiled.words import block, exponential, fill_uniforms, normal_pair
from harness.populations.stream import Purpose

PARENTS, NOISE = np.int64(Purpose.PARENTS), np.int64(Purpose.NOISE)
FEW = 12  # of so many each is held against all draws


@quick
def draw_copies(
    rules: Any, score: Any, listed: Any, copies: Any, marks: Any, room: Any, words: Any, live: int, beta: float, grain: float, generation: int, key: Any
) -> int:
    """Sets the copies of each living node in the next generation and leaves out those without any; how many are left.

    `room` is (seen, summed, guide, drawn) of the scratch."""
    seen, summed, guide, drawn = room
    fill_uniforms(drawn, words, 0, generation, PARENTS, key)
    weigh(score, listed, seen, live, beta, grain, rules.catastrophic, rules.threshold)
    for place in range(live):
        summed[place] = seen[place] * copies[place]
    tally(summed, seen, guide, marks, drawn, live)
    return keep(listed, copies, marks, live)


@quick
def draw_noisy(rules: Any, nodes: Any, scratch: Any, beta: float, grain: float, generation: int, key: Any) -> None:
    """Sets the parent of each child where every evaluation has noise of its own, so that copies are weighed one by one."""
    fill_uniforms(scratch.drawn, scratch.words, 0, generation, PARENTS, key)
    weigh_noisy(rules, nodes, scratch, beta, grain, generation, key)
    tally(scratch.seen, scratch.summed, scratch.guide, scratch.marks, scratch.drawn, rules.models)
    child = 0
    for model in range(rules.models):
        for _ in range(scratch.marks[model]):
            scratch.parent[child] = scratch.node[model]
            child += 1


@inlined
def grained(power: float, grain: float) -> float:
    """A weight on the grid on which sums of weights are exact, so that copies may be counted before they are added. Those of the dead, which may be better
    than the best, are 1 at most."""
    return np.rint(exponential(power if power < 0.0 else 0.0) * grain) / grain


@quick
def weigh(score: Any, listed: Any, seen: Any, count: int, beta: float, grain: float, catastrophic: int, threshold: float) -> None:
    """The weight of one model of each node. At least one model is alive."""
    highest = -np.inf
    for place in range(count):
        seen[place] = beta * score[listed[place], FITNESS]
        if not catastrophic or score[listed[place], VALUE] >= threshold:
            highest = max(highest, seen[place])
    for place in range(count):  # nothing but this, so that four are worked out at a time
        seen[place] = grained(seen[place] - highest, grain)
    if catastrophic:
        for place in range(count):
            seen[place] *= score[listed[place], VALUE] >= threshold


@quick
def weigh_noisy(rules: Any, nodes: Any, scratch: Any, beta: float, grain: float, generation: int, key: Any) -> None:
    """The weight of each model where every evaluation has noise of its own."""
    score, node, seen, highest = nodes.score, scratch.node, scratch.seen, -np.inf
    for model in range(rules.models):
        seen[model] = beta * (score[node[model], FITNESS] + rules.noise * normal(model, generation, key))
        if not rules.catastrophic or score[node[model], VALUE] >= rules.threshold:
            highest = max(highest, seen[model])
    for model in range(rules.models):
        here = not rules.catastrophic or score[node[model], VALUE] >= rules.threshold
        seen[model] = grained(seen[model] - highest, grain) if here else 0.0


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
def spread(live: Any, copies: Any, found: Any, count: int) -> None:
    """The node of each model from nodes and their copies."""
    model = 0
    for place in range(count):
        for _ in range(copies[place]):
            found[model] = live[place]
            model += 1
