"""The ends of an axis."""

from __future__ import annotations

import pytest

from harness.report.record_format import axis_limits


@pytest.mark.parametrize("points", [[], [0.0], [1e20, 1e20], [1.0, 1.0 + 1e-16], [-1e-300, 1e-300]])
def test_an_axis_has_two_ends(points: list[float]) -> None:
    """Whatever is to be shown."""
    low, high = axis_limits(points)
    assert low < high and all(low <= point <= high for point in points)
