"""The adversary: the beliefs that would do best on a test while holding as little true value as a price makes worth it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from harness.domains.evolution.world import World
from harness.errors import HarnessError


@dataclass(frozen=True, kw_only=True)
class Adversary:
    """`chosen` (B,) True for the beliefs taken; `objective` what they come to; `signal` and `value` its two sums: objective = signal - price * value."""

    chosen: np.ndarray
    objective: float
    signal: float
    value: float


def adversary(world: World, price: float, held: int | None = None, *, exactly: bool = False, personality: int = 0) -> Adversary:
    """The set of beliefs with the greatest sum over questions and beliefs of A(b, q) a(b) less price (the formalism's lambda) times the sum of v(b).

    The sum separates: each belief is worth its own A(b) a(b) - price v(b), so the best set is all that are worth more than nothing, at most `held` of them (the
    best ones; `exactly` as many, whatever they are worth), and of equals those of lower number. Signals are those that evaluators see at generation 0.
    Raises HarnessError where beliefs act on one another (the sum does not separate) and where more are to be held than there are.
    """
    if world.simulation.network is not None:
        raise HarnessError("with a network beliefs are not worth the same in every company", where="adversary", mend="Leave the network out")
    beliefs = world.traits.shape[1]
    if (held is not None and not 0 <= held <= beliefs) or (exactly and held is None):
        raise HarnessError(f"held is {held}, of {beliefs} beliefs", where="adversary", mend=f"Give a number from 0 to {beliefs}")
    signals = worth_of_tests(world, personality)
    worth = signals - price * world.values
    best = np.argsort(-worth, kind="stable")[: beliefs if held is None else held]
    chosen = np.zeros(beliefs, dtype=bool)
    chosen[best if exactly else best[worth[best] > 0]] = True
    signal, value = float(signals[chosen].sum()), float(world.values[chosen].sum())
    return Adversary(chosen=chosen, objective=float(worth[chosen].sum()), signal=signal, value=value)


def worth_of_tests(world: World, personality: int) -> np.ndarray:
    """(B,) what each belief adds to the plain sum of the first test, to a model of that personality."""
    return np.asarray(world.signals(0)[0] * world.activations.totals()[personality])
