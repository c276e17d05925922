"""Contrasts, over items and over seeds, and correlations over few units."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import spearmanr, ttest_1samp

from harness.errors import HarnessError, Inconclusive
from harness.records import Threshold
from harness.run.measuring import Measure
from harness.verdict.criterion import Criterion
from harness.verdict.rank_correlation import rho_interval


@pytest.fixture
def measure() -> Measure:
    return Measure("H1[x]")


def arm(rate: float, n: int = 40, seed: int = 0) -> dict[str, bool]:
    """An arm whose items answer by chance, the same each time."""
    return {f"i{item:02d}": bool(draw < rate) for item, draw in enumerate(np.random.default_rng([seed, int(100 * rate)]).random(n))}


def test_a_difference_of_differences_is_paired_by_item(measure: Measure) -> None:
    """(a - b) - (c - d) item by item in pp, whatever the order of the mappings."""
    a, b, c, d = {"x": 1, "y": 1}, {"y": 0, "x": 0}, {"y": 1, "x": 0}, {"x": 1, "y": 0}
    found = measure.contrast("dd", [(1, a), (-1, b), (-1, c), (1, d)])
    assert (found.value, found.unit, found.n) == (pytest.approx(100 * ((1 - 0 - 0 + 1) + (1 - 0 - 1 + 0)) / 2), "pp", 2)


def test_a_difference_of_differences_may_reach_200_pp(measure: Measure) -> None:
    """One arm rises by all, the other falls by all: 200 pp is a value, 201 is not."""
    up, down = {"x": True, "y": True}, {"x": False, "y": False}
    assert measure.contrast("dd", [(1, up), (-1, down), (-1, down), (1, up)]).value == 200
    with pytest.raises(HarnessError, match="which pp"):
        measure("more", 201, "pp", n=2)


def test_a_contrast_of_two_rates_agrees_with_the_shift_of_replicates(measure: Measure) -> None:
    """Weights 1 and -1 over replicated items: value, interval and p are those of measure.shift."""
    rng = np.random.default_rng(3)
    first, second = ({f"i{n}": float(rng.integers(0, 5)) / 4 for n in range(30)} for _ in range(2))
    found, shift = measure.contrast("c", [(1, first), (-1, second)]), measure.shift("c2", first, second)
    assert (found.value, found.p_floor) == (pytest.approx(shift.value), shift.p_floor)
    assert found.interval is not None and shift.interval is not None
    assert "BCa" in found.interval.method
    assert found.interval.high - found.interval.low == pytest.approx(shift.interval.high - shift.interval.low, rel=0.1)


@pytest.mark.parametrize("weights", [(1, 1), (1, -0.5), (0, 0), (1, -1.001)])
def test_weights_that_do_not_cancel_are_refused(measure: Measure, weights: tuple[float, float]) -> None:
    """What does not sum to zero is no contrast: the constant would be measured with it."""
    with pytest.raises(HarnessError, match="sum to"):
        measure.contrast("c", [(weights[0], arm(0.5)), (weights[1], arm(0.2))])


def test_thirds_cancel(measure: Measure) -> None:
    """Weights of 1, -1/3, -1/3, -1/3 sum to zero but for rounding."""
    assert measure.contrast("c", [(1, arm(0.9)), *((-1 / 3, arm(0.1, seed=s)) for s in (1, 2, 3))]).value > 50


def test_an_item_without_an_answer_in_any_term_is_left_out_and_counted(measure: Measure) -> None:
    """None in one arm takes the item out of all; the note says how many."""
    found = measure.contrast("c", [(1, {"x": 1, "y": None, "z": 1}), (-1, {"x": 0, "y": 1, "z": 1})])
    assert (found.value, found.n, found.note) == (50.0, 2, "1 of 3 items gave no answer and are left out")


def test_terms_with_other_items_are_refused(measure: Measure) -> None:
    """An item that one term lacks is named."""
    with pytest.raises(HarnessError, match="arms hold different items \\(1 unmatched, such as 'z'\\)"):
        measure.contrast("c", [(1, {"x": 1, "z": 1}), (-1, {"x": 0})])


def test_points_are_neither_scaled_nor_shares(measure: Measure) -> None:
    """Scores of 0 to 100 keep their unit; in pp the same scores are refused."""
    first, second = {"x": 80.0, "y": 60}, {"x": 30, "y": 50.5}
    found = measure.contrast("c", [(1, first), (-1, second)], unit="points")
    assert (found.value, found.unit) == (29.75, "points")
    with pytest.raises(HarnessError, match="c2 holds 80"):
        measure.contrast("c2", [(1, first), (-1, second)])
    with pytest.raises(HarnessError, match="a contrast in 'rate'"):
        measure.contrast("c3", [(1, first), (-1, second)], unit="rate")


def seeds_of(rates: tuple[float, ...], n: int = 40) -> list[dict[str, bool]]:
    """One mapping for each seed: the first share of the items says yes."""
    return [{f"i{item:02d}": item < rate * n for item in range(n)} for rate in rates]


def test_seeds_that_disagree_widen_the_interval_to_students_t(measure: Measure) -> None:
    """Three seeds at +10, +50 and +90 pp: the t interval over seeds (2 df) is the wider, its p the larger, and the SD of 40 pp is told."""
    found = measure.contrast("c", [(1, seeds_of((0.1, 0.5, 0.9))), (-1, seeds_of((0, 0, 0)))], seeds=(1, 2, 3))
    half = 4.302653 * 40 / 3**0.5
    assert found.interval is not None
    assert (found.value, found.seeds) == (pytest.approx(50), (1, 2, 3))
    assert (found.interval.low, found.interval.high) == (pytest.approx(50 - half, abs=1e-3), pytest.approx(50 + half, abs=1e-3))
    assert found.interval.method.startswith("Student's t over 3 seeds; wider than over items: BCa")
    assert found.p == pytest.approx(ttest_1samp([10, 50, 90], 0).pvalue)
    assert found.p_method == "Student's t over 3 seeds (p above that of the sign-flip permutation of items)"
    assert found.note == "SD over 3 seeds 40.0 pp"


def test_seeds_that_agree_leave_the_interval_over_items(measure: Measure) -> None:
    """Three seeds within 1 pp of each other: items are what is uncertain, and the method says that they were the wider."""
    found = measure.contrast("c", [(1, seeds_of((0.5, 0.525, 0.5))), (-1, seeds_of((0.2, 0.2, 0.2)))], seeds=(1, 2, 3))
    assert found.interval is not None
    assert found.interval.method.startswith("BCa") and found.interval.method.endswith("wider than Student's t over 3 seeds")
    assert found.p is not None and found.p >= ttest_1samp([30, 32.5, 30], 0).pvalue


def test_seeds_that_agree_exactly_still_have_the_p_of_the_items(measure: Measure) -> None:
    """Equal seeds have no spread and Student's t would give p = 0; the larger p is that of the items, never below its floor."""
    found = measure.contrast("c", [(1, seeds_of((0.5, 0.5))), (-1, seeds_of((0.25, 0.25)))], seeds=(1, 2))
    assert found.p is not None and found.p_floor is not None and found.p >= found.p_floor > 0
    assert found.note == "SD over 2 seeds 0.0 pp"


def test_a_list_of_one_mapping_is_one_seed(measure: Measure) -> None:
    """One replicate is the plain contrast: no noise between seeds is told."""
    one, plain = measure.contrast("a", [(1, [arm(0.7)]), (-1, [arm(0.4)])]), measure.contrast("b", [(1, arm(0.7)), (-1, arm(0.4))])
    assert (one.value, one.note) == (plain.value, "")
    assert one.interval is not None and plain.interval is not None and one.interval.method == plain.interval.method


def test_terms_with_other_numbers_of_seeds_are_refused(measure: Measure) -> None:
    """Three trainings beside one baseline: the mend says how a baseline that no seed changes is given; so are seeds that are not those of the terms."""
    with pytest.raises(HarnessError, match=r"hold 1 and 3 seeds.*\[baseline\] \* 3"):
        measure.contrast("c", [(1, seeds_of((0.1, 0.2, 0.3))), (-1, arm(0.1))])
    with pytest.raises(HarnessError, match="names 2 seeds, its terms hold 3"):
        measure.contrast("c", [(1, seeds_of((0.1, 0.2, 0.3))), (-1, [arm(0.1)] * 3)], seeds=(1, 2))


def test_a_single_item_stays_without_an_interval_however_many_seeds(measure: Measure) -> None:
    """Seeds say nothing of other items: the criterion cannot be decided by one item."""
    found = measure.contrast("c", [(1, [{"x": 1}, {"x": 0.5}]), (-1, [{"x": 0}, {"x": 0}])], unsampled="written for this test")
    with pytest.raises(Inconclusive, match="a single unit has no spread"):
        Criterion(Threshold(name="t", value=5, unit="pp", direction="increase")).holds(found)


def test_the_interval_of_seeds_covers_where_that_of_items_does_not(measure: Measure) -> None:
    """Effects that move by 10 pp between seeds, 5 seeds of 60 items each: the contrast covers the true 0 in at least 93 % of 200 experiments."""
    rng = np.random.default_rng(11)
    inside = 0
    for run in range(200):
        moved = [0.5 + rng.normal(0, 0.1) for _ in range(5)]
        treated = [{str(item): bool(rng.random() < rate) for item in range(60)} for rate in moved]
        baseline = [{str(item): bool(rng.random() < 0.5) for item in range(60)} for _ in moved]
        found = measure.contrast(f"c{run}", [(1, treated), (-1, baseline)])
        assert found.interval is not None
        inside += found.interval.low <= 0 <= found.interval.high
    assert inside / 200 >= 0.93


def test_a_correlation_of_five_units_has_the_exact_p_of_all_orders(measure: Measure) -> None:
    """Five units in the same order: 2 of 120 orders are as extreme, and no p can be smaller."""
    first = {name: float(place) for place, name in enumerate("abcde")}
    found = measure.correlation("rho", first, {name: value**2 for name, value in reversed(first.items())}, sampling_unit="source")
    assert (found.value, found.n, found.unit, found.sampling_unit) == (pytest.approx(1.0), 5, "correlation", "source")
    assert found.p == found.p_floor == pytest.approx(2 / 120)


def test_a_correlation_of_many_units_agrees_with_scipy(measure: Measure) -> None:
    """Thirty units with ties: rho is scipy's, the drawn p lies near its p and is no smaller than 1/10000."""
    rng = np.random.default_rng(5)
    first = {f"s{n}": float(rng.integers(0, 9)) for n in range(30)}
    second = {name: value + float(rng.normal(0, 6)) for name, value in first.items()}
    found, known = measure.correlation("rho", first, second, sampling_unit="source"), spearmanr(list(first.values()), list(second.values()))
    assert found.value == pytest.approx(known.statistic)
    assert found.p == pytest.approx(known.pvalue, abs=0.015) and found.p_floor == 1e-4
    assert found.interval is not None and found.interval.low < found.value < found.interval.high


def test_ties_raise_the_smallest_p_of_a_correlation(measure: Measure) -> None:
    """Two values only, three units each: 72 of 720 orders are as extreme as the best, so .1 is the smallest p there is."""
    first = dict(zip("abcdef", (0, 0, 0, 1, 1, 1), strict=True))
    found = measure.correlation("rho", first, first, sampling_unit="source")
    assert found.p == found.p_floor == pytest.approx(72 / 720)


def test_three_units_cannot_show_an_order(measure: Measure) -> None:
    """Three sources: the smallest possible p is 1/3, so nothing is measured and the reason says so."""
    three = {"a": 1.0, "b": 2.0, "c": 3.0}
    with pytest.raises(Inconclusive, match=r"3 units \(source\) cannot show an order: the smallest possible p is 0.33"):
        measure.correlation("rho", three, three, sampling_unit="source")
    assert measure.taken == []


def test_equal_values_have_no_order(measure: Measure) -> None:
    """A constant has nothing to correlate."""
    with pytest.raises(Inconclusive, match="all 5 values are 2, there is no order"):
        measure.correlation("rho", dict.fromkeys("abcde", 2), {name: n for n, name in enumerate("abcde")}, sampling_unit="source")


def test_units_that_do_not_match_and_other_methods_are_refused(measure: Measure) -> None:
    """Paired by key, never by position; only Spearman's rho is offered."""
    with pytest.raises(HarnessError, match="different items"):
        measure.correlation("rho", {"a": 1, "b": 2}, {"a": 1, "c": 2}, sampling_unit="source")
    with pytest.raises(HarnessError, match="'pearson'"):
        measure.correlation("rho", {"a": 1}, {"a": 1}, sampling_unit="source", method="pearson")


def test_the_interval_of_rho_is_bonett_and_wrights() -> None:
    """rho .5 of 28 units: tanh(atanh(.5) -+ 1.96 sqrt(1.125/25)) = .132 to .747; a perfect order of four units is far from certain."""
    found, perfect = rho_interval(0.5, 28), rho_interval(1.0, 4)
    assert (found.low, found.high) == (pytest.approx(0.1324, abs=1e-3), pytest.approx(0.7469, abs=1e-3))
    assert perfect.low < 0 and perfect.high == 1.0


def test_the_interval_of_rho_covers(measure: Measure) -> None:
    """Twelve units of a bivariate normal with Pearson .6 (Spearman .582): at least 93 % of 1,000 intervals hold it."""
    rng, inside = np.random.default_rng(2), 0
    for _ in range(1000):
        x = rng.normal(size=12)
        found = rho_interval(float(spearmanr(x, 0.6 * x + 0.8 * rng.normal(size=12)).statistic), 12)
        inside += found.low <= 0.582 <= found.high
    assert inside / 1000 >= 0.93
