"""Numbers become measurements with interval, N and unit, or one clear line."""

from __future__ import annotations

import math

import numpy as np
import pytest

from harness.errors import HarnessError
from harness.run.measuring import Measure


@pytest.fixture
def measure() -> Measure:
    return Measure("H1[x]")


def test_a_rate_has_a_wilson_interval(measure: Measure) -> None:
    """8 of 10: Wilson's 95 % interval is .490 to .943 (Wilson, 1927)."""
    found = measure.rate("r", {str(n): n < 8 for n in range(10)})
    assert (found.value, found.n) == (0.8, 10)
    assert found.interval is not None
    assert (round(found.interval.low, 3), round(found.interval.high, 3)) == (0.490, 0.943)


def test_a_rate_at_the_edge_has_an_exact_interval_on_request(measure: Measure) -> None:
    """0 of 20: Clopper-Pearson reaches up to 1 - .025^(1/20) = .168; the rate of zero is not called certain."""
    found = measure.rate("r", {str(n): False for n in range(20)}, exact=True)
    assert found.interval is not None
    assert found.interval.low == 0.0
    assert found.interval.high == pytest.approx(1 - 0.025 ** (1 / 20))


def test_no_answer_is_left_out_and_never_counted_as_zero(measure: Measure) -> None:
    """Two Trues, one False, one None: 2 of 3, with the missing one in the note."""
    found = measure.rate("r", {"a": True, "b": True, "c": False, "d": None})
    assert (found.value, found.n) == (pytest.approx(2 / 3), 3)
    assert found.note == "1 of 4 items gave no answer and are left out"


def test_no_answers_at_all_are_refused(measure: Measure) -> None:
    """A set without answers measures nothing."""
    with pytest.raises(HarnessError, match="r has no answers among 2 items"):
        measure.rate("r", {"a": None, "b": None})


def test_a_shift_pairs_by_item_and_refuses_different_items(measure: Measure) -> None:
    """Arms in another order give the same shift; arms with other items are refused with one of them named."""
    treated = {"a": 1, "b": 0, "c": 1}
    found = measure.shift("s", treated, {"c": 0, "b": 0, "a": 1})
    assert found.value == pytest.approx(100 / 3)
    with pytest.raises(HarnessError, match="the two arms hold different items \\(2 unmatched, such as 'c'\\)"):
        measure.shift("t", treated, {"a": 1, "b": 0, "d": 1})


def test_a_binary_shift_has_newcombes_interval_and_mcnemars_p(measure: Measure) -> None:
    """Newcombe (1998) method 10 on a paired table; McNemar's exact p of 6 against 2 discordant pairs is .289, its floor at 8 pairs 2/2^8."""
    first = {str(n): int(n < 36) for n in range(50)}
    second = {str(n): int(n < 30 or n in (40, 41)) for n in range(50)}
    found = measure.shift("s", first, second)
    assert found.value == pytest.approx(8.0)
    assert found.p == pytest.approx(0.2890625)
    assert found.p_floor == 2 / 2**8
    assert found.interval is not None and found.interval.low < 0 < 8 < found.interval.high


def test_a_shift_of_replicated_items_uses_bca_and_a_valid_permutation_p(measure: Measure) -> None:
    """Rates over replicates: the interval is BCa over items and p is never below 1/(B+1)."""
    rng = np.random.default_rng(0)
    before = {str(n): float(rng.integers(0, 4)) / 4 for n in range(40)}
    after = {item: min(1.0, value + 0.25) for item, value in before.items()}
    found = measure.shift("s", after, before)
    assert found.interval is not None and "BCa" in found.interval.method
    assert found.p == found.p_floor == 1 / 2001


def test_equal_values_fall_back_where_bca_is_undefined_and_say_so(measure: Measure) -> None:
    """All units equal: the interval is a point and its method says why."""
    found = measure.mean("m", {str(n): 2.5 for n in range(5)}, "value")
    assert found.interval is not None
    assert found.interval.low == found.interval.high == 2.5
    assert "BCa is undefined" in found.interval.method


def test_clusters_are_the_units_where_items_share_them(measure: Measure) -> None:
    """Ten copies of each of four clusters: N is 4 and the interval is wider than over forty independent items."""
    values = {f"{c}-{n}": float(c) for c in range(4) for n in range(10)}
    clustered = measure.mean("c", values, "value", clusters={item: item.split("-")[0] for item in values})
    naive = measure.mean("n", values, "value")
    assert (clustered.n, naive.n) == (4, 40)
    assert clustered.interval is not None and naive.interval is not None
    assert clustered.interval.high - clustered.interval.low > 2 * (naive.interval.high - naive.interval.low)


@pytest.mark.parametrize("value", [math.nan, math.inf, np.float64("nan")])
def test_nan_and_infinity_are_refused(measure: Measure, value: float) -> None:
    """NaN is a missing value in disguise."""
    with pytest.raises(HarnessError, match=r"x is (nan|inf)"):
        measure("x", value, "rate", n=3)


@pytest.mark.parametrize(
    ("value", "unit", "n", "told"),
    [
        (1.2, "rate", 3, "x is 1.2, which rate"),
        (0.2, "percent", 3, "unknown unit 'percent'"),
        (True, "rate", 3, "not a number"),
        ("0.2", "rate", 3, "not a number"),
        (0.2, "rate", 0, "N = 0"),
        (0.2, "rate", 2.5, "N = 2.5"),
        (np.zeros(2), "rate", 3, "array of several numbers"),
    ],
)
def test_what_is_no_number_of_its_unit_is_refused(measure: Measure, value: object, unit: str, n: int, told: str) -> None:
    """Values beyond the unit, unknown units, truth values, texts, arrays and odd N: one line each."""
    with pytest.raises(HarnessError, match=told):
        measure("x", value, unit, n=n)


def test_numpy_and_torch_scalars_become_plain_numbers(measure: Measure) -> None:
    """np.float64, np.int32 and 0-d torch tensors are measured as Python numbers."""
    torch = pytest.importorskip("torch")
    assert type(measure("a", np.float64(0.5), "rate", n=np.int32(4)).value) is float
    assert type(measure("b", torch.tensor(0.5), "rate", n=4).value) is float


def test_a_name_measures_once(measure: Measure) -> None:
    """The second measurement under a name is refused, so that an address means one number."""
    measure("x", 0.5, "rate", n=3)
    with pytest.raises(HarnessError, match="'x' is measured twice"):
        measure("x", 0.6, "rate", n=3)
