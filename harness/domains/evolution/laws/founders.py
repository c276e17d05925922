"""Founders: how much they differ in fitness, what they hold that is deceptive, and how much of a test they are probed by."""

from __future__ import annotations

import math

import numpy as np

from harness.domains.evolution.config import simulation
from harness.domains.evolution.laws.claim import Claim
from harness.domains.evolution.laws.law import Finding, Simulate, Size, many

SPREAD = Claim("founders", "E F² of a founder is sigma_a² K E c², c being the weight of one belief in the mean over questions of means over activated beliefs.")
ADDITIVE = Claim("founders", "The variance of additive fitness within a founding population is n² K sigma_a² (1 - K / B) (1 - 1 / P) on average.")
PROBED = Claim("founders", "With signals of mean m the mean fitness is m times the share of questions that activate anything, 1 - (1 - n / Q)^K.")
DECEPTIVE = Claim("founders", "The deceptive share starts at 1/4 - arcsin(rho) / 2 pi (Sheppard, 1899), on average over worlds.")
APART = Claim("founders", "Where value and signal are independent it starts at P(v < 0) P(a > 0), whatever their means.")


def founders(simulate: Simulate, size: Size) -> list[Finding]:
    """Over independent worlds, at generation 0."""
    runs = many(120, size)
    found = [
        check_second_moment(simulate, models, beliefs, held, questions, runs) for models, beliefs, held, questions in ((10, 150, 50, 100), (20, 100, 6, 30))
    ]
    found += [check_small_pool(simulate, runs), check_sparse_questions(simulate, runs)]
    return found + [deceptive(simulate, rho, runs) for rho in (-0.6, 0.0, 0.5, 0.9)] + [check_shifted_means(simulate, runs)]


def weight(held: int, questions: int, probing: int) -> float:
    """K E c² under Simple activation, each belief probed by n of Q questions: E F² / (sigma_a² / K) is K times this.

    c = (1 / Q) sum of 1 / N_q over the belief's n questions, N_q - 1 being how many of the K - 1 others q activates. Of one question that is binomial; of two,
    E 1 / (N N') is the integral of (p0 + p1 (s + t) + p2 s t)^(K - 1) over the unit square, a polynomial, which Gauss and Legendre's rule gives exactly.
    """
    from scipy.stats import binom

    others = np.arange(held)
    alone = float((binom.pmf(others, held - 1, probing / questions) / (1.0 + others) ** 2).sum())
    if probing == 1:
        return held * alone / questions**2
    both = probing * (probing - 1) / (questions * (questions - 1))
    one = probing / questions - both
    nodes, weights = np.polynomial.legendre.leggauss(held // 2 + 1)
    place = (nodes + 1) / 2
    inner = (1 - both - 2 * one) + one * (place[:, None] + place) + both * np.outer(place, place)
    pair = float(weights @ inner ** (held - 1) @ weights) / 4
    return held * (probing * alone + probing * (probing - 1) * pair) / questions**2


def check_second_moment(simulate: Simulate, models: int, beliefs: int, held: int, questions: int, runs: int) -> Finding:
    """E F² over founders and worlds: exact for any number of beliefs, since each founder by itself is a random set of distinct ones."""
    landscape = {"kind": "bivariate_normal", "rho": 0.5, "signal_sd": 1.5}
    one = simulation({"models": models, "beliefs": beliefs, "held": held, "questions": questions, "generations": 0, "landscape": landscape})
    found = simulate(one, range(runs))
    squares = found["fitness"][:, 0] ** 2 + found["fitness_sd"][:, 0] ** 2
    factor = held * weight(held, questions, math.floor(questions * 0.1 + 0.5))
    return SPREAD.scale(f"E F² / (sigma_a² / K) (K {held}, Q {questions})", squares * held / 1.5**2, factor)


def check_small_pool(simulate: Simulate, runs: int) -> Finding:
    """Sets of distinct beliefs out of a small pool differ less than independent ones."""
    parts = {"models": 10, "beliefs": 30, "held": 10, "questions": 20, "generations": 0, "fitness": "additive"}
    found = simulate(simulation({**parts, "landscape": {"kind": "bivariate_normal", "rho": 0.5, "signal_sd": 0.5}}), range(runs))
    expected = 4 * 10 * 0.5**2 * (1 - 10 / 30) * (1 - 1 / 10)
    return ADDITIVE.scale("variance of additive fitness within founders", found["fitness_sd"][:, 0] ** 2, expected)


def check_sparse_questions(simulate: Simulate, runs: int) -> Finding:
    """Few beliefs and many questions: a third of the questions activate nothing."""
    landscape = {"kind": "bivariate_normal", "rho": 0.5, "signal_mean": 2.0, "signal_sd": 0.5}
    found = simulate(simulation({"models": 20, "beliefs": 100, "held": 10, "questions": 20, "generations": 0, "landscape": landscape}), range(runs))
    return PROBED.mean("mean fitness of founders under signals of mean 2", found["fitness"][:, 0], 2.0 * (1 - (1 - 2 / 20) ** 10))


def deceptive(simulate: Simulate, rho: float, runs: int) -> Finding:
    """Spreads do not matter."""
    landscape = {"kind": "bivariate_normal", "rho": rho, "value_sd": 3.0, "signal_sd": 0.5}
    found = simulate(simulation({"models": 20, "beliefs": 100, "held": 10, "questions": 5, "generations": 0, "landscape": landscape}), range(runs))
    return DECEPTIVE.mean(f"initial deceptive share (rho {rho:g})", found["deceptive"][:, 0], 0.25 - math.asin(rho) / (2 * math.pi))


def check_shifted_means(simulate: Simulate, runs: int) -> Finding:
    """Means that are not 0."""
    from scipy.stats import norm

    landscape = {"kind": "bivariate_normal", "rho": 0.0, "value_mean": 0.5, "signal_mean": 0.3, "value_sd": 1.0, "signal_sd": 0.6}
    found = simulate(simulation({"models": 20, "beliefs": 100, "held": 10, "questions": 5, "generations": 0, "landscape": landscape}), range(runs))
    return APART.mean("initial deceptive share (means .5 and .3)", found["deceptive"][:, 0], float(norm.cdf(-0.5) * norm.cdf(0.5)))
