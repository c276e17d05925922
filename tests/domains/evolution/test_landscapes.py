"""Landscapes: their exact moments, held against large draws and against what is known elsewhere."""

from __future__ import annotations

import math

import numpy as np
import pytest

from harness.domains.evolution.base_model import parse_config
from harness.domains.evolution.landscapes import AnyLandscape, deceptive_quadrant
from harness.errors import HarnessError

COUNT = 100_000
KINDS = [
    {"kind": "bivariate_normal", "rho": 0.5},
    {"kind": "bivariate_normal", "rho": -0.3, "value_mean": 0.4, "signal_mean": -0.7, "value_sd": 2.0, "signal_sd": 0.5},
    {"kind": "uniform", "value_width": 2.0, "signal_width": 0.5},
    {"kind": "unimodal", "mean": 0.3, "sd": 2.0},
    {"kind": "clusters"},
    {
        "kind": "clusters",
        "clusters": [{"value": -1, "signal": 2, "value_sd": 0.3, "signal_sd": 0.6, "weight": 3, "rho": -0.9}, {"value": 0.2, "signal": -0.1, "rho": 0.8}],
    },
    {"kind": "asymmetric", "value_mean": 0.3, "value_scale": 0.5, "temperature": 2.5},
    {"kind": "asymmetric", "rho": -0.6, "signal_mean": 1.0, "signal_sd": 3.0},
]


@pytest.mark.parametrize("given", KINDS)
def test_draws_have_the_moments_that_are_told(given):
    """Means, spreads, correlation and the deceptive share of a large draw lie within 5 standard errors of the exact ones."""
    landscape = parse_config(AnyLandscape, given)
    values, signals = landscape.draw(COUNT, np.random.default_rng(0))
    told = landscape.moments()
    one, other = (values - told.value) / told.value_sd, (signals - told.signal) / told.signal_sd
    facts = [(one, 0.0), (other, 0.0), (one**2, 1.0), (other**2, 1.0), (one * other, told.correlation)]
    if told.deceptive is not None:
        facts.append((((values < 0) & (signals > 0)).astype(float), told.deceptive))
    for found, exact in facts:
        assert abs(found.mean() - exact) <= 5 * found.std() / math.sqrt(COUNT) + 1e-12


@pytest.mark.parametrize(("value", "signal", "rho"), [(0.3, -0.2, 0.5), (-1.0, 2.0, 0.9), (1.5, 1.0, -0.99), (0.0, 0.4, 0.0)])
def test_the_quadrant_is_that_of_draws(value, signal, rho):
    """The share of a large draw, within 5 standard errors."""
    values, signals = parse_config(AnyLandscape, {"kind": "bivariate_normal", "rho": rho, "value_mean": value, "signal_mean": signal}).draw(
        COUNT, np.random.default_rng(1)
    )
    exact = deceptive_quadrant(value, signal, rho)
    assert abs(((values < 0) & (signals > 0)).mean() - exact) <= 5 * math.sqrt(exact * (1 - exact) / COUNT) + 1e-12


@pytest.mark.parametrize("rho", [1.0, -1.0])
def test_the_quadrant_is_continuous_at_the_ends(rho):
    """At a correlation of ±1 the quadrant is what it tends to."""
    assert deceptive_quadrant(0.3, 0.5, rho) == pytest.approx(deceptive_quadrant(0.3, 0.5, rho * (1 - 1e-9)), abs=1e-4)


@pytest.mark.parametrize("given", KINDS)
def test_equal_seeds_give_equal_beliefs(given):
    """A draw repeats under its own seed and differs under another."""
    landscape = parse_config(AnyLandscape, given)
    assert np.array_equal(landscape.draw(50, np.random.default_rng(1)), landscape.draw(50, np.random.default_rng(1)))
    assert not np.array_equal(landscape.draw(50, np.random.default_rng(1)), landscape.draw(50, np.random.default_rng(2)))


@pytest.mark.parametrize(
    "given",
    [
        {"kind": "bivariate_normal", "rho": 1.1},
        {"kind": "uniform", "value_width": 0},
        {"kind": "clusters", "clusters": []},
        {"kind": "asymmetric", "temperature": 3.0},
        {"kind": "unknown"},
    ],
)
def test_an_impossible_landscape_is_told_in_one_line(given):
    """A parameter that cannot be is a HarnessError of one line."""
    with pytest.raises(HarnessError) as told:
        parse_config(AnyLandscape, given)
    assert "\n" not in str(told.value)
