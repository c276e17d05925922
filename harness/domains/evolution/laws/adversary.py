"""The adversary's solution is the best there is: nothing among all sets of beliefs beats it."""

from __future__ import annotations

from itertools import product

import numpy as np

from harness.domains.evolution.adversary import adversary as best_set
from harness.domains.evolution.config import simulation
from harness.domains.evolution.laws.claim import Claim
from harness.domains.evolution.laws.law import Finding, Simulate, Size, many
from harness.domains.evolution.world import World, draw_world

BEST = Claim("adversary", "The adversary's set has the greatest objective of all sets of its size.")
BELIEFS = 10
SETS = np.array(list(product([False, True], repeat=BELIEFS)))  # all 1024


def adversary(_simulate: Simulate, size: Size) -> list[Finding]:
    """By trying all sets, over worlds, prices and sizes."""
    found = []
    for seed, price in product(range(many(2, size)), (-1.0, 0.0, 0.7, 5.0)):
        land = draw_world(simulation({"models": 1, "beliefs": BELIEFS, "held": 3, "questions": 8, "activation": {"kind": "zipf"}}), seed)
        found += [compare_best_set(land, price, held, exactly, seed) for held, exactly in ((None, False), (3, False), (3, True), (8, True))]
    return found


def compare_best_set(land: World, price: float, held: int | None, exactly: bool, seed: int) -> Finding:
    """The best of the sets allowed, each summed anew from activations, signals and values."""
    sizes = SETS.sum(axis=1)
    allowed = SETS if held is None else SETS[sizes == held if exactly else sizes <= held]
    tested = (land.activations.dense()[0] * land.traits[0][:, None]).sum(axis=1)
    greatest = float((allowed @ tested - price * (allowed @ land.traits[1])).max())
    told = "any size" if held is None else f"{'exactly' if exactly else 'at most'} {held}"
    return BEST.near(f"objective (price {price:g}, {told}, world {seed})", best_set(land, price, held, exactly=exactly).objective, greatest, 1)
