"""Cohen's d of paired differences: its interval inverts the noncentral t, and a measurement of it can be computed again."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import nct

from harness.errors import HarnessError, Inconclusive
from harness.run.measuring import Measure
from harness.verdict.standardised import paired_d


@pytest.mark.parametrize(("n", "shift"), [(5, 0.0), (12, 0.8), (40, -0.3), (300, 1.6)])
def test_the_interval_inverts_the_noncentral_t(n: int, shift: float) -> None:
    """At its ends the observed t leaves 2.5 % on either side, by another library's distribution."""
    data = np.random.default_rng(n).normal(shift, 1, n)
    d, interval = paired_d(data, "d")
    assert d == pytest.approx(data.mean() / data.std(ddof=1))
    for end, share in ((interval.low, 0.975), (interval.high, 0.025)):
        assert nct.cdf(d * n**0.5, n - 1, end * n**0.5) == pytest.approx(share, abs=1e-4)


def test_the_interval_covers() -> None:
    """In 500 samples of 10 differences with a true d of .5 it holds d in about 95 %."""
    drawn = [paired_d(row, "d")[1] for row in np.random.default_rng(3).normal(0.5, 1, (500, 10))]
    assert 0.92 <= np.mean([one.low <= 0.5 <= one.high for one in drawn]) <= 0.98


def test_differences_without_spread_have_no_d() -> None:
    """One difference, or the same one throughout, has no SD."""
    for data in ([0.3], [0.3, 0.3, 0.3]):
        with pytest.raises(Inconclusive, match="no SD to measure their mean by"):
            paired_d(data, "effect")


def test_a_standardised_difference_is_paired_and_free_of_units() -> None:
    """Shares and points give the same d; arms that hold different items are refused as those of a shift are."""
    before, after = ({f"i{place}": value for place, value in enumerate(values)} for values in ([0.1, 0.4, 0.3, 0.2], [0.5, 0.6, 0.9, 0.3]))
    measure = Measure("H1")
    found = measure.standardised("d", after, before)
    differences = [after[item] - before[item] for item in before]
    assert found.value == pytest.approx(np.mean(differences) / np.std(differences, ddof=1))
    assert (found.unit, found.n, found.p) == ("value", 4, None)
    hundredfold = [{item: 100 * value for item, value in arm.items()} for arm in (after, before)]
    assert measure.standardised("d in points", *hundredfold, unit="points").value == pytest.approx(found.value)
    with pytest.raises(HarnessError, match="hold different items"):
        measure.standardised("other", after, before | {"i9": 0.1})


def test_differences_that_hardly_vary_are_undecided_at_once():
    """Rounding is no spread: no interval is sought where the mean is thousands of SDs."""
    for values in ([1.0] * 5 + [1.0000001], [1000.0] * 50 + [1000.001]):
        with pytest.raises(Inconclusive, match="hardly vary"):
            paired_d(values, "d")
