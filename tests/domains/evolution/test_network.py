"""Networks of beliefs: who acts on whom, and what comes of it."""

from __future__ import annotations

import numpy as np
import pytest

from harness.domains.evolution.config import Network
from harness.domains.evolution.operators import network_gains
from harness.domains.evolution.world import draw_network
from harness.errors import HarnessError


@pytest.mark.parametrize(("beliefs", "degree"), [(200, 4), (6, 5)])
def test_neighbours_are_distinct_and_never_oneself(beliefs, degree):
    """Each belief acts on as many others as asked, up to all of them."""
    neighbours, strengths = draw_network(Network(degree=degree), beliefs, np.random.default_rng(1))
    assert neighbours.dtype == np.int32 and neighbours.shape == strengths.shape == (beliefs, degree)
    assert neighbours.min() >= 0 and neighbours.max() < beliefs
    assert all(len({belief, *row}) == degree + 1 for belief, row in enumerate(neighbours.tolist()))


def test_neighbours_are_even():
    """Over many draws every other belief is a neighbour equally often (chi squared within 5 standard deviations)."""
    found = np.zeros((6, 6))
    for seed in range(400):
        rows = draw_network(Network(degree=2), 6, np.random.default_rng(seed))[0]
        np.add.at(found, (np.arange(6)[:, None], rows), 1)
    off = found[~np.eye(6, dtype=bool)]
    assert np.trace(found) == 0 and ((off - 160) ** 2 / (160 * 0.6)).sum() < 24 / 0.8 + 5 * np.sqrt(60)


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_links_inhibit_in_their_share(share):
    """The share of inhibiting links is the one asked, with strengths on the grid."""
    strengths = draw_network(Network(inhibiting=share, excitation=0.3, inhibition=0.5), 3000, np.random.default_rng(2))[1]
    assert abs((strengths < 0).mean() - share) <= 5 * np.sqrt(share * (1 - share) / strengths.size)
    assert set(np.unique(strengths)) <= {-0.5, 19 / 64}


def test_gains_are_the_written_sum():
    """A gain is 1 plus what the held beliefs do, clipped; beliefs not held neither act nor are told."""
    neighbours, strengths = np.array([[1], [2], [1], [0]]), np.array([[2.0], [-3.0], [1.5], [1.0]])
    assert network_gains(np.array([0, 1, 2]), neighbours, strengths).tolist() == [1.0, 4.0, 0.0]
    assert network_gains(np.array([1, 3]), neighbours, strengths).tolist() == [1.0, 1.0]


def test_too_many_neighbours_are_told_in_one_line():
    """A belief cannot act on as many others as there are beliefs."""
    with pytest.raises(HarnessError, match="degree of at most 3"):
        draw_network(Network(degree=4), 4, np.random.default_rng(1))
