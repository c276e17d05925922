"""How a world and its models lie in memory for compiled code: tuples of arrays and numbers, each named.

A call copies a tuple whole and each look into it counts a reference, so hot loops are handed the arrays themselves.
"""

from __future__ import annotations

from typing import Any, NamedTuple


class Rules(NamedTuple):
    """What does not change while a population evolves. Flags are 0 or 1."""

    models: int
    slots: int
    beliefs: int
    additive: int
    recombining: int
    networked: int
    unweighted: int  # all activations are 0 or 1, and nothing excites or inhibits them
    catastrophic: int
    threshold: float
    rate: float
    loss: float
    gain: float
    proposals: int
    price: float
    noise: float
    every: int  # generations between changes of the test, 0 for none
    added: int
    dropped: int
    policy: int  # place in changing_test.POLICIES
    drop: int  # place in changing_test.DROPS
    question_size: float
    diversity_every: int


class Ground(NamedTuple):
    """The world. Row (personality, belief) of the test holds `filled` entries: question numbers and weights, in any order."""

    columns: Any  # (C, B, W) uint16
    weights: Any  # (C, B, W) float64
    filled: Any  # (C, B) int32
    born: Any  # (Q,) int32: when a question was written, -1 where there is none
    first: Any  # (Q,) float64: 1 where a question of the beginning is asked
    later: Any  # (Q,) float64: 1 where one that was added is
    parts: Any  # (B, W) float64: the R traits of a belief: see `memory.parts`
    used: Any  # (B,) float64
    coefficients: Any  # (G + 1, 2, R) float64
    betas: Any  # (G,) float64
    neighbours: Any  # (B, D) int32
    strengths: Any  # (B, D) float64


class Nodes(NamedTuple):
    """Distinct models: copies of one parent are one node until they mutate. See `memory.nodes_of`."""

    held: Any  # (N, slots) int32, -1 behind the last
    about: Any  # (N, 5) int32: see SIZE to ATFIRST
    sums: Any  # (N, Q, W) float64: activation times trait, by question. (1, …) where nothing is ever added to them
    totals: Any  # (N, 2, W) float64: averages summed over first and added questions
    score: Any  # (N, 4) float64: see VALUE to TESTED


# Columns of Nodes.about and Nodes.score.
SIZE, FOUNDER, PERSONALITY, NOW, ATFIRST = 0, 1, 2, 3, 4
VALUE, USE, FITNESS, TESTED = 0, 1, 2, 3


class Scratch(NamedTuple):
    """Room that is used again in every generation."""

    node: Any  # (P,) int32: the node of each model
    next: Any  # (P,) int32: the node of each child
    parent: Any  # (P,) int32: its parent's node
    live: Any  # (N,) int32: distinct nodes among the models, in order of their first model
    copies: Any  # (N,) int64: how many models are that node, in the order of `live`
    marks: Any  # (N,) int32: counts of nodes or places
    summed: Any  # (P,) float64: cumulated weights
    guide: Any  # (4 P,) int32: where to begin to look in them
    seen: Any  # (P,) float64: weights
    shares: Any  # (P,) float64: weights, model by model
    drawn: Any  # (P,) float64: uniforms, and what they are scaled to
    words: Any  # (4, …) uint32
    counts: Any  # (B,) int32
    labels: Any  # (2, B) uint8: deceptive now, deceptive at generation 0
    chances: Any  # (B,) float64
    order: Any  # (B,) int32: beliefs in another order; how many new questions activate each
    changed: Any  # (Q,) int32: questions
    gains: Any  # (slots,) float64
    by: Any  # (slots + 2,) float64: what sums over so many activations of 1 are multiplied by, in units of the grid: see `averaging.counted`
    gone: Any  # (slots,) int32: beliefs that the child at hand gave up
    gaps: Any  # (64,) float64: slots passed over before each mutation
    proposed: Any  # (4, 64) uint32: first blocks of as many draws of a belief
    place: Any  # (B,) int32: slot + 1 of a belief in the model at hand, 0 where it is not held


class Herd(NamedTuple):
    """A population as it comes in and goes out: see `population.Population`."""

    held: Any
    sizes: Any
    founders: Any
    personalities: Any
