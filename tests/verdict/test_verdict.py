"""Rules, families, criteria and intervals do what their papers say."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.design.decision_simulation import simulate_decisions
from harness.design.spec import ExperimentSpec
from harness.errors import HarnessError, Inconclusive
from harness.plaintext import format_number
from harness.records import Interval, Measurement, Threshold
from harness.report.number_format import in_unit
from harness.verdict.confidence import confidence
from harness.verdict.criterion import Criterion
from harness.verdict.family import holm, partial_conjunction
from harness.verdict.hypotheses import decide_hypotheses
from harness.verdict.intervals import mean_interval, newcombe_paired, rate_interval
from harness.verdict.rule import Rule
from harness.verdict.rule_evaluation import conjunction_p, evaluate, evaluate_many
from harness.verdict.tests import mcnemar, permutation_test, sign_flip

RULE = Rule(at_least=2, of="who", each=Rule(at_least=1, of="what"))
POINTS = [{"who": who, "what": what} for who, what in product("abc", "xy")]


@given(st.lists(st.sampled_from([True, False, None]), min_size=6, max_size=6))
def test_a_rule_is_decided_exactly_when_no_completion_of_the_unknown_cells_turns_it(answers: list[bool | None]) -> None:
    """True or False only where every way of filling the unknown cells agrees; this is the whole meaning of 'missing cells that could turn the decision'."""
    cells = list(zip(POINTS, answers, strict=True))
    gaps = [place for place, answer in enumerate(answers) if answer is None]
    outcomes = set()
    for filling in product([True, False], repeat=len(gaps)):
        whole = list(answers)
        for place, value in zip(gaps, filling, strict=True):
            whole[place] = value
        outcomes.add(evaluate(RULE, list(zip(POINTS, whole, strict=True))))
    assert evaluate(RULE, cells) is (outcomes.pop() if len(outcomes) == 1 else None)


def test_a_band_between_the_bars_is_undecided() -> None:
    """At least 3 of 4 supports, fewer than 2 falsifies, exactly 2 is neither."""
    rule = Rule(at_least=3, of="who", falsified_below=2)
    told = [evaluate(rule, [({"who": n}, n < yes) for n in range(4)]) for yes in range(5)]
    assert told == [False, False, None, True, True]


def test_axes_that_no_rule_names_must_hold_in_all_cells() -> None:
    """Seeds are not counted by the rule: one failing seed makes its value fail."""
    rule = Rule(at_least=1, of="who")
    assert evaluate(rule, [({"who": "a", "seed": 1}, True), ({"who": "a", "seed": 2}, False)]) is False


def test_a_rule_over_many_runs_decides_each_as_alone() -> None:
    """The simulation's columns and the single decision agree on 300 random patterns with unknown cells, for a nested rule and one with a band."""
    rng = np.random.default_rng(4)
    drawn = rng.integers(-1, 2, (len(POINTS), 300))
    for rule in (RULE, Rule(at_least=3, of="who", falsified_below=2), None):
        holds, falsified = evaluate_many(rule, [(point, place) for place, point in enumerate(POINTS)], drawn == 1, drawn == 0)
        alone = [evaluate(rule, [(point, [None, False, True][drawn[place, run] + 1]) for place, point in enumerate(POINTS)]) for run in range(300)]
        assert [True if yes else False if no else None for yes, no in zip(holds, falsified, strict=True)] == alone


def test_a_rule_without_cells_is_decided_by_its_count() -> None:
    """Of no cells "all" holds and "at least one" does not."""
    assert evaluate(Rule(at_least="all", of="who"), []) is True
    assert evaluate(Rule(at_least=1, of="who"), []) is False


def test_holm_agrees_with_the_worked_example() -> None:
    """p = .01, .04, .03, .005 give .03, .06, .06, .02 (Holm, 1979)."""
    assert holm({"a": 0.01, "b": 0.04, "c": 0.03, "d": 0.005}) == pytest.approx({"a": 0.03, "b": 0.06, "c": 0.06, "d": 0.02})


def test_the_partial_conjunction_p_is_valid_under_the_null() -> None:
    """With one real effect of four and three nulls, 'at least 2' is falsely claimed no more often than alpha."""
    rng = np.random.default_rng(1)
    ps = [partial_conjunction([1e-9, *rng.uniform(size=3)], 2) for _ in range(4000)]
    assert np.mean(np.array(ps) <= 0.05) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 4000)


def test_the_rules_p_follows_its_nesting() -> None:
    """Inside: the smaller of two, times two; outside: the second smallest of three, times two."""
    ps = [0.01, 0.5, 0.02, 0.9, 0.3, 0.4]
    assert conjunction_p(RULE, list(zip(POINTS, ps, strict=True))) == pytest.approx(2 * 0.04)


NONE = "written for this test"


def effect(value: float, low: float, high: float, unit: str = "pp") -> Measurement:
    interval = Interval(low=low, high=high, level=0.95, method="given")
    return Measurement(name="shift", value=value, unit=unit, n=100, sampling_unit="item", interval=interval, unsampled=NONE)


def bar(direction: str = "increase", floor: float | None = None, ceiling: float | None = None) -> Criterion:
    return Criterion(Threshold(name="t", value=5.0, unit="pp", direction=direction, floor=floor, ceiling=ceiling))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("direction", "value", "low", "high", "answer"),
    [
        ("increase", 8, 2, 14, True),
        ("increase", 8, -1, 17, None),
        ("increase", 4, 1, 7, None),
        ("increase", 1, -2, 4, False),
        ("increase", -20, -30, -10, False),
        ("decrease", -8, -14, -2, True),
        ("decrease", 8, 2, 14, False),
        ("either", -8, -14, -2, True),
        ("either", 8, 2, 14, True),
        ("either", 1, -4, 4.9, False),
        ("either", 1, -6, 4, None),
    ],
)
def test_a_criterion_holds_does_not_or_cannot_be_told(direction: str, value: float, low: float, high: float, answer: bool | None) -> None:
    """At the bar with zero outside: holds. Interval short of the bar: does not. Else the cell is inconclusive, whatever the p."""
    if answer is None:
        with pytest.raises(Inconclusive, match="too little power"):
            bar(direction).holds(effect(value, low, high))
    else:
        assert bar(direction).holds(effect(value, low, high)) is answer


def test_words_and_report_write_one_minus_sign() -> None:
    """Of an effect, of its interval and of the threshold, as in tables; the effect of a run's closing line has the same."""
    found = bar("decrease").describe_answer(effect(-8, -14, -2), True)
    assert found == "shift −8 pp [−14, −2] (n = 100): the estimate reaches the threshold (−5 pp) and the interval excludes 0"
    with pytest.raises(Inconclusive, match=r"shift −4 pp \[−9, \+1\] \(n = 100\): the interval contains both 0 and the threshold \(−5 pp\)"):
        bar("decrease").holds(effect(-4, -9, 1))
    assert "-" not in repr(bar("decrease")) and in_unit(-8.0, "pp") == "−8.0 pp" and format_number(-1e-5, ".1e") == "−1.0e−05"


def rate(value: float) -> Measurement:
    return Measurement(name="baseline", value=value, unit="rate", n=100, sampling_unit="item")


@pytest.mark.mistake("M5", rule="M304", stage="run")
def test_a_baseline_without_room_is_inconclusive() -> None:
    """A fall of 5 pp cannot be seen from 3 pp above the floor, nor a rise from 3 pp below the ceiling."""
    with pytest.raises(Inconclusive, match=r"\[M304\] floor: baseline 0\.28 leaves no room"):
        bar("decrease", floor=0.25, ceiling=0.99).holds(effect(-1, -3, 1), baseline=rate(0.28))
    with pytest.raises(Inconclusive, match="ceiling"):
        bar("increase", floor=0.01, ceiling=0.95).holds(effect(1, -1, 3), baseline=rate(0.92))


def test_both_arms_on_the_floor_are_inconclusive() -> None:
    """0.0 in every arm, as the substring scorer once gave, decides nothing."""
    with pytest.raises(Inconclusive, match="both arms sit on the floor"):
        bar("increase", floor=0.0, ceiling=1.0).holds(effect(0, -1, 1), baseline=rate(0.0), treated=rate(0.0))


def test_units_must_agree_and_bare_numbers_decide_nothing() -> None:
    """Points against a bar in pp, or a shift without an interval: refused."""
    with pytest.raises(HarnessError, match="in points, the threshold t in pp"):
        bar().holds(effect(8, 2, 14, "points"))
    with pytest.raises(HarnessError, match="has no interval"):
        bar().holds(Measurement(name="s", value=8, unit="pp", n=3, sampling_unit="item"))


def test_an_interval_without_spread_decides_nothing() -> None:
    """One unit, one cluster or equal values: their interval is a point that says nothing of precision."""
    for values in ([0.4], [0.4, 0.4, 0.4]):
        interval = mean_interval(values, "x")
        measured = Measurement(name="s", value=40, unit="pp", n=len(values), sampling_unit="item", interval=interval, unsampled=NONE)
        with pytest.raises(Inconclusive, match="has no interval to decide by"):
            bar().holds(measured)


def test_an_interval_that_its_p_contradicts_decides_nothing() -> None:
    """Five discordant pairs of five: the interval leaves zero, McNemar's p is .0625, so the cell is undecided."""
    interval = Interval(low=40, high=100, level=0.95, method="x")
    with pytest.raises(Inconclusive, match=r"p is 0\.062"):
        bar().holds(Measurement(name="s", value=100, unit="pp", n=5, sampling_unit="item", interval=interval, p=0.0625, unsampled=NONE))


def test_bounds_without_a_baseline_are_refused() -> None:
    """A registered floor that nobody checks is a mistake of the test."""
    with pytest.raises(HarnessError, match="has a floor or a ceiling"):
        bar(floor=0.1).holds(effect(8, 2, 14))


def test_equivalence_is_a_claim_of_its_own() -> None:
    """within: inside the bar True, beyond it False, across it inconclusive; its p is that of two one-sided tests."""
    assert bar().within(effect(1, -3, 4)) is True
    assert bar().within(effect(9, 6, 12)) is False
    with pytest.raises(Inconclusive):
        bar().within(effect(3, -2, 8))
    assert bar().equivalence_p(effect(0, -2, 2)) < 0.001 < bar().equivalence_p(effect(3, -2, 8))


def test_few_units_get_students_interval_which_covers() -> None:
    """Five normal units, 2,000 experiments: the interval holds the mean at least 93 % of the time; a bootstrap would not."""
    rng = np.random.default_rng(5)
    held = [(found := mean_interval(list(rng.normal(size=5)), n)).low <= 0 <= found.high for n in range(2000)]
    assert np.mean(held) > 0.93


def test_newcombe_agrees_with_the_paper() -> None:
    """Newcombe (1998), method 10: 36/12/2/0 discordant as 12 and 2 of 50 gives .0569 to .3404."""
    low, high = newcombe_paired(36, 12, 2, 0)
    assert (round(float(low), 4), round(float(high), 4)) == (0.0569, 0.3404)


@pytest.mark.parametrize("p", [0.05, 0.5, 0.9])
def test_newcombes_interval_covers_what_it_should(p: float) -> None:
    """Two arms of equal rates, 100 items, 2,000 experiments: the interval holds 0 at least 93 % of the time."""
    rng = np.random.default_rng(7)
    first, second = rng.random((2, 2000, 100)) < p
    both, one, two = (first & second).sum(1), (first & ~second).sum(1), (~first & second).sum(1)
    low, high = newcombe_paired(both, one, two, 100 - both - one - two)
    assert np.mean((low <= 0) & (high >= 0)) > 0.93


def test_mcnemars_p_is_never_below_its_floor() -> None:
    """The floor is the p of the most extreme split of the same discordant pairs."""
    for first in range(9):
        p, floor = mcnemar(first, 8 - first)
        assert p >= floor
    assert mcnemar(8, 0)[0] == pytest.approx(mcnemar(8, 0)[1])
    assert mcnemar(0, 0) == (1.0, 1.0)


def test_a_statistic_that_its_permutation_cannot_move_is_refused() -> None:
    """The mean of a pooled array does not change when the array is shuffled: its p would be rounding noise, so there is none."""
    scores = np.random.default_rng(0).normal(size=200)
    with pytest.raises(HarnessError, match="the permutation cannot move the statistic"):
        permutation_test(scores, np.mean, lambda data, rng: rng.permutation(data), "flat")


def test_permutation_p_counts_the_observed_one() -> None:
    """p = (b+1)/(B+1): 1/(B+1) for the most extreme, and uniform under the null."""
    rng = np.random.default_rng(0)
    strong = permutation_test((np.arange(20.0), np.arange(20.0)), correlation, shuffled_second, "strong", permutations=199)
    assert strong[0] == strong[1] == 1 / 200
    ps = [permutation_test((rng.normal(size=15), rng.normal(size=15)), correlation, shuffled_second, n, permutations=99)[0] for n in range(200)]
    assert abs(np.mean(np.array(ps) <= 0.2) - 0.2) < 0.09


def correlation(data: tuple[np.ndarray, np.ndarray]) -> float:
    return float(np.corrcoef(*data)[0, 1])


def shuffled_second(data: tuple[np.ndarray, np.ndarray], rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    return data[0], rng.permutation(data[1])


@settings(max_examples=25, deadline=None)
@given(st.lists(st.floats(-5, 5), min_size=3, max_size=30))
def test_sign_flips_are_symmetric_and_bounded(differences: list[float]) -> None:
    """Turning every difference round does not change p, which stays within [1/(B+1), 1]."""
    p, floor = sign_flip(differences, "s", permutations=99)
    assert floor <= p <= 1
    assert p == sign_flip([-value for value in differences], "s", permutations=99)[0]


def test_few_units_are_flipped_exactly() -> None:
    """Three units, all up by one: 2 of the 8 flips are as extreme, p = .25, which is also the smallest possible."""
    assert sign_flip([1.0, 1.0, 1.0], "x") == (0.25, 0.25)
    assert sign_flip([0.0, 0.0], "x") == (1.0, 1.0)


def test_a_bca_interval_covers_a_skewed_mean() -> None:
    """Exponential data, 40 units, 150 experiments: the 95 % interval holds the mean at least 88 % of the time."""
    rng = np.random.default_rng(3)
    held = [interval.low <= 1 <= interval.high for n in range(150) if (interval := mean_interval(list(rng.exponential(size=40)), n))]
    assert np.mean(held) > 0.88


def test_wilson_and_exact_intervals_nest_as_known() -> None:
    """Clopper-Pearson is never narrower than Wilson in the middle."""
    for hits in range(2, 19):
        wilson, exact = rate_interval(hits, 20), rate_interval(hits, 20, method="exact")
        assert exact.high - exact.low >= wilson.high - wilson.low


@pytest.mark.parametrize(
    ("seeds", "p", "confounds", "survives", "level"),
    [
        (1, 0.0001, (), True, "LOW"),
        (2, 0.0001, (), True, "MODERATE"),
        (3, 0.0001, (), True, "HIGH"),
        (3, 0.02, (), True, "MODERATE"),
        (3, 0.0001, (), False, "MODERATE"),
        (3, 0.0001, ("control C1 failed",), True, "LOW"),
        (3, None, (), True, "MODERATE"),
    ],
)
def test_confidence_is_computed_and_one_seed_caps_it(seeds: int, p: float | None, confounds: tuple[str, ...], survives: bool, level: str) -> None:
    """HIGH needs three seeds, out-of-distribution survival, no confound and p < .01; one seed is LOW whatever else holds."""
    found = confidence(decided=True, seeds=seeds, p=p, confounds=confounds, agreeing=1, out_of_distribution=survives)
    assert found.level == level and found.reason
    typed = confidence(decided=True, seeds=seeds, p=p, confounds=confounds, agreeing=1, out_of_distribution=survives, unsampled="1 effect rests on no samples")
    assert (typed.level, typed.reason) == ("LOW", "1 effect rests on no samples")


def test_the_simulated_rule_shows_a_design_that_passes_on_nothing() -> None:
    """'At least 1 of 12' passes on nothing more often than 'at least 3 of 12', unless its p decides, too; and more items give more power."""

    def plan(at_least: int, n: int, family: str = "exploratory") -> dict[str, float]:
        spec = ExperimentSpec.model_validate(
            {
                "id": "x",
                "title": "x",
                "question": "x",
                "axes": {"who": [str(number) for number in range(12)]},
                "thresholds": {"t": {"value": 1, "unit": "pp", "direction": "either", "expected_baseline": 0.5, "expected_effect": 12, "n": n}},
                "hypotheses": {"H1": {"cells": ["who"], "rule": {"at_least": at_least, "of": "who"}, "thresholds": ["t"], "family": family}},
                "primary": "H1",
                "scales": {"smoke": {}},
            }
        )
        return simulate_decisions(spec, "smoke")["H1"]

    lax, strict, large = plan(1, 100), plan(3, 100), plan(3, 400)
    assert lax["false_pass"] > 0.15 > strict["false_pass"]
    assert large["power"] > strict["power"]
    assert plan(1, 100, "confirmatory")["false_pass"] < 0.06


def test_hypotheses_are_told_in_the_order_of_their_numbers() -> None:
    """H2 before H10, however the declaration was kept."""
    names = ["H10", "H1", "H12", "H2", "Hb", "H2b"]
    spec = ExperimentSpec.model_validate(
        {
            "id": "x",
            "title": "x",
            "question": "x",
            "axes": {"who": ["a"]},
            "thresholds": {"t": {"value": 1, "unit": "pp", "direction": "either", "expected_baseline": 0.5, "expected_effect": 12, "n": 9}},
            "hypotheses": {name: {"cells": ["who"], "rule": {"at_least": 1, "of": "who"}, "thresholds": ["t"]} for name in names},
            "primary": "H1",
            "scales": {"smoke": {}},
        }
    )
    assert [found.id for found in decide_hypotheses(spec, (), {})] == ["H1", "H2", "H2b", "H10", "H12", "Hb"]


@given(st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), st.floats(0.5, 0.999))
@settings(max_examples=200, deadline=None)
def test_rates_and_exact_tests_are_those_of_scipy_stats(counts: tuple[int, int], level: float) -> None:
    """Both intervals and McNemar's p, which are taken from special functions here, against the whole tests of the library."""
    from scipy.stats import binomtest

    found = binomtest(*counts)
    for method in ("wilson", "exact"):
        ours, theirs = rate_interval(*counts, level, method), found.proportion_ci(level, method)
        assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=1e-9)
        assert 0 <= ours.low <= counts[0] / counts[1] <= ours.high <= 1
    assert mcnemar(counts[0], counts[1] - counts[0])[0] == pytest.approx(found.pvalue, rel=1e-9)
