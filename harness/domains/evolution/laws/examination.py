"""What the measures of a test say of tests that were made to have them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from harness.domains.evolution import metrics
from harness.domains.evolution.config import simulation
from harness.domains.evolution.laws.claim import Claim
from harness.domains.evolution.laws.law import Finding, Simulate, Size, many
from harness.domains.evolution.world import draw_world

BELIEFS, QUESTIONS = 400, 25
SIMPLE = Claim("examination", "Simple activation: coverage 1, entropy ln B, covariances of questions that sum to 0, so a mean correlation near -1 / (Q - 1).")
COVERAGE = Claim("examination", "The coverage measured is the coverage asked for, and the entropy that of as many beliefs.")
CORRELATION = Claim("examination", "The mean correlation measured is the one asked for, to 1 / 100: beliefs are whole, and questions' means not quite equal.")


def examination(_simulate: Simulate, size: Size) -> list[Finding]:
    """Of the activations of this package, drawn as worlds draw them."""
    found = []
    for seed in range(many(2, size)):
        found += simple(seed)
        for asked in (0.05, 0.6, 1.0):
            found += check_coverage(asked, seed)
        for asked in (-1 / (QUESTIONS - 1), 0.0, 0.1, 0.4, 0.8):
            reached = metrics.question_correlation(draw_activations(seed, kind="correlated", correlation=asked)) or 0.0
            told = f"correlation within .01 of that asked ({asked:.3g}, world {seed})"
            found.append(CORRELATION.exact(told, float(abs(reached - asked) <= 0.01), 1.0, 1, "yes"))
    return found


def draw_activations(seed: int, **activation: Any) -> np.ndarray:
    """(1, B, Q)."""
    parts = {"models": 1, "beliefs": BELIEFS, "held": 1, "questions": QUESTIONS, "activation": activation}
    return draw_world(simulation(parts), seed).activations.dense()


def simple(seed: int) -> list[Finding]:
    """The sum over questions is the same for every belief, so that of all covariances is 0: exactly, unlike the mean of the correlations."""
    active = draw_activations(seed, kind="simple")
    nearly = abs(((metrics.question_correlation(active) or 0.0) * (QUESTIONS - 1)) + 1.0) <= 0.1
    return [
        SIMPLE.near(f"coverage (world {seed})", metrics.coverage(active), 1.0, 1),
        SIMPLE.near(f"entropy (world {seed})", metrics.entropy(active), math.log(BELIEFS), 1),
        SIMPLE.near(f"sum of the covariances of questions (world {seed})", np.cov(active[0].T).sum(), 0.0, 1),
        SIMPLE.exact(f"mean correlation within a tenth of -1 / (Q - 1) (world {seed})", float(nearly), 1.0, 1, "yes"),
    ]


def check_coverage(asked: float, seed: int) -> list[Finding]:
    """Covered beliefs are probed alike."""
    active, reached = draw_activations(seed, kind="coverage", coverage=asked), math.floor(asked * BELIEFS + 0.5)
    return [
        COVERAGE.near(f"coverage asked: {asked:g} (world {seed})", metrics.coverage(active), reached / BELIEFS, 1),
        COVERAGE.near(f"entropy at coverage {asked:g} (world {seed})", metrics.entropy(active), math.log(reached), 1),
    ]
