"""The ends of an axis."""

from __future__ import annotations

import pytest

from harness.report.plot_frame import round_ticks
from harness.report.record_format import axis_limits, with_zero


@pytest.mark.parametrize("points", [[], [0.0], [1e20, 1e20], [1.0, 1.0 + 1e-16], [-1e-300, 1e-300]])
def test_an_axis_has_two_ends(points: list[float]) -> None:
    """Whatever is to be shown."""
    low, high = axis_limits(points)
    assert low < high and all(low <= point <= high for point in points)


@pytest.mark.parametrize(
    ("points", "zero"), [([], True), ([0.1, 0.6], True), ([0.3, 0.6], True), ([0.32, 0.6], False), ([-0.6, -0.32], False), ([-0.1, 0.6], True), ([5.0], False)]
)
def test_zero_is_shown_where_it_leaves_no_half_of_the_axis_empty(points: list[float], zero: bool) -> None:
    """Rates of .4 and .5 fill their plot; .1 and .5 stand on zero."""
    assert with_zero(points) == ([0.0, *points] if zero else points)


def test_a_single_value_has_room_around_it() -> None:
    """In its own order of magnitude, so that its ticks can be told apart."""
    assert axis_limits([5.0]) == pytest.approx((4.7, 5.3))
    assert round_ticks(axis_limits([5.0]), 5, whole=True)[1] == ["5"]
