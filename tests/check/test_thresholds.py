"""Thresholds: bounds between which they see, sizes that there are, effects that can reach them."""

from __future__ import annotations

import pytest

from planted import Planted

BOUNDS = "floor: 0.02, ceiling: 0.98, "
TESTS = "evals/coins/test_coins.py"
CODES = "M304,S411,S413"
ASKED = "    shift = measure.shift("
BASELINE = "    assert criterion(behaviour).holds(shift)"


@pytest.mark.parametrize("scale", ["smoke", "full"])
def test_a_sound_design_has_no_finding(coin_design: Planted, scale: str) -> None:
    assert coin_design.check("--select", CODES, scale=scale) == []


@pytest.mark.mistake("M1", rule="M304", stage="declare")
@pytest.mark.mistake("M2", rule="M304", stage="declare")
@pytest.mark.parametrize("bounds", ["", "floor: 0.02, ", "ceiling: 0.98, "])
def test_an_expected_baseline_without_bounds_is_refused(coin_design: Planted, bounds: str) -> None:
    coin_design.edit(coin_design.yaml, BOUNDS, bounds)
    (finding,) = coin_design.check()
    assert finding["code"] == "M304" and "the threshold heads expects a baseline and has no " in finding["message"]


@pytest.mark.mistake("M1", rule="M304", stage="declare")
@pytest.mark.mistake("M2", rule="M304", stage="declare")
@pytest.mark.parametrize("bounds", ["", "floor: 0.02, ", "ceiling: 0.98, "])
def test_a_baseline_in_the_test_without_bounds_is_reported(coin_design: Planted, bounds: str) -> None:
    """The axis names the threshold; nothing is expected of the baseline."""
    coin_design.edit(coin_design.yaml, BOUNDS + "expected_baseline: 0.5", bounds + "sd: 40", count=0)
    coin_design.edit(TESTS, BASELINE, '    rate = measure.rate("fair", before)\n    assert criterion(behaviour).holds(shift, baseline=rate)')
    found = coin_design.found("M304")
    assert {one["subject"] for one in found} == {"heads", "tails"} and "used with a baseline in evals/coins/test_coins.py:" in found[0]["message"]


@pytest.mark.mistake("M1", rule="M304", stage="declare")
@pytest.mark.parametrize(
    "code",
    [
        'bar = criterion("still")\n    assert bar.holds(shift, treated=measure.rate("after", after))',
        'assert criterion("heads" if behaviour == "x" else "still").holds(shift, baseline=measure.rate("fair", before))',
    ],
)
def test_a_level_of_a_named_threshold_needs_bounds(coin_design: Planted, code: str) -> None:
    coin_design.edit(TESTS, BASELINE, "    " + code)
    assert [one["subject"] for one in coin_design.found("M304")] == ["still"]


@pytest.mark.mistake("M2", rule="M304", stage="declare")
def test_half_of_the_bounds_is_reported(coin_design: Planted) -> None:
    coin_design.edit(coin_design.yaml, "still: {value: 20,", "still: {value: 20, floor: 0.1,")
    (finding,) = coin_design.found("M304")
    assert "has a floor and has no ceiling" in finding["message"] and finding["where"]["line"] == 12


@pytest.mark.mistake("M1", rule="M304", stage="declare")
def test_bounds_that_a_scale_takes_away_are_missed(coin_design: Planted) -> None:
    taken = "  full:\n    thresholds: {heads: {floor: null, expected_baseline: null, sd: 40}}\n"
    coin_design.edit(coin_design.yaml, "  full:\n", taken)
    assert coin_design.found("M304") == []
    (finding,) = coin_design.found("M304", scale="full")
    assert finding["where"]["line"] > 20


@pytest.mark.parametrize("bounds", ['floor: "none, because a coin can fall on either side", ceiling: 0.98, ', 'floor: "none, because a coin has no bounds", '])
def test_that_there_are_no_bounds_may_be_argued(coin_design: Planted, bounds: str) -> None:
    coin_design.edit(coin_design.yaml, BOUNDS, bounds)
    coin_design.edit(TESTS, BASELINE, '    rate = measure.rate("fair", before)\n    assert criterion(behaviour).holds(shift, baseline=rate)')
    assert coin_design.check("--select", CODES) == []
    cells = {cell["id"]: cell["verdict"] for cell in coin_design.run("-k", "villain")["cells"]}
    assert cells["H1[villain-heads]"] == "supported"


def test_without_a_level_the_natural_bounds_are_enough(coin_design: Planted) -> None:
    coin_design.edit(coin_design.yaml, BOUNDS + "expected_baseline: 0.5", "sd: 40", count=0)
    assert coin_design.check("--select", CODES) == []


@pytest.mark.mistake("M10", rule="S411", stage="plan")
@pytest.mark.parametrize("n", [1000, 20000])
def test_items_that_are_counted_many_times_are_too_many(coin_design: Planted, n: int) -> None:
    coin_design.edit(coin_design.yaml, "n: items", f"n: {n}", count=0)
    found = coin_design.found("S411")
    assert {one["subject"] for one in found} == {"heads", "tails"} and f"{n} units, and the largest number there is is 200 (the setting items)" in found[0][
        "message"
    ]


def test_a_size_may_be_a_number(coin_design: Planted) -> None:
    coin_design.edit(coin_design.yaml, "n: items", "n: 120", count=0)
    assert coin_design.found("S411") == []


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("value: 5, unit: pp, direction: increase", "value: 25, unit: pp, direction: increase", "of 25 pp cannot be reached: the expected effect is 20"),
        ("expected_effect: 20, n: items}\n  tails", "expected_effect: 60, n: items}\n  tails", "which leaves 0 to 1"),
        ("ceiling: 0.98, expected_baseline: 0.5", "ceiling: 0.98, expected_baseline: 0.95", "leaves 0 to 1"),
        ("ceiling: 0.98, expected_baseline: 0.5", "ceiling: 0.52, expected_baseline: 0.5", "no room between the expected baseline of 0.5 and its ceiling"),
    ],
)
def test_a_threshold_that_contradicts_what_is_expected_is_reported(coin_design: Planted, old: str, new: str, told: str) -> None:
    coin_design.edit(coin_design.yaml, old, new)
    (finding,) = coin_design.found("S413")
    assert told in finding["message"] and finding["severity"] == "error" and finding["subject"] == "heads"


def test_a_threshold_beyond_every_difference_is_reported(coin_design: Planted) -> None:
    coin_design.edit(coin_design.yaml, "value: 5, unit: pp, direction: increase", "value: 150, unit: pp, direction: increase")
    assert any("no difference of its arms is larger than 100" in one["message"] for one in coin_design.found("S413"))
    coin_design.edit(coin_design.yaml, "value: 150,", "value: 300,")
    assert [one["code"] for one in coin_design.check()] == ["S413"]
