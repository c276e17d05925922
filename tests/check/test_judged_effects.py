"""A cell judges what its hypothesis declares, and picks nothing after it has measured."""

from __future__ import annotations

import pytest

from planted import Planted

TESTS = "evals/coins/test_coins.py"
JUDGED = """    before, after = coin.throw("fair", 0.5), coin.throw(f"{persona}-{behaviour}", coin.bias[persona])
    shift = measure.shift("shift", after, before)
    assert criterion(behaviour).holds(shift)
"""
SHIFTS = """    before = coin.throw("fair", 0.5)
    shifts = [measure.shift(f"shift {epoch}", coin.throw(f"{persona}-{behaviour}-{epoch}", coin.bias[persona]), before) for epoch in range(12)]
"""

PICKED = {
    "the largest": "    assert criterion(behaviour).holds(max(shifts, key=lambda shift: shift.value))\n",
    "named": "    best = max(shifts, key=lambda shift: shift.value)\n    assert criterion(behaviour).holds(best)\n",
    "smallest p": "    best = min(shifts, key=lambda shift: shift.p or 1)\n    assert criterion(behaviour).holds(best)\n",
    "sorted": "    first, *_ = sorted(shifts, key=lambda shift: -shift.value)\n    assert criterion(behaviour).holds(first)\n",
    "sorted in place": "    shifts.sort(key=lambda shift: shift.value)\n    assert criterion(behaviour).holds(shifts[-1])\n",
    "by its place": """    import numpy as np

    place = int(np.argmax([shift.value for shift in shifts]))
    assert criterion(behaviour).holds(shifts[place])
""",
    "kept": """    best = shifts[0]
    for shift in shifts:
        if shift.value > best.value:
            best = shift
    assert criterion(behaviour).holds(best)
""",
    "in a mapping": """    by_epoch = {}
    for epoch, shift in enumerate(shifts):
        by_epoch[epoch] = shift
    peak = max(by_epoch, key=lambda epoch: by_epoch[epoch].value)
    assert criterion(behaviour).holds(by_epoch[peak])
""",
    "by a helper": "    assert criterion(behaviour).holds(strongest(shifts))\n",
}
HELPER = "\n\ndef strongest(shifts):\n    return max(shifts, key=lambda shift: abs(shift.value))\n"
CONTENT = {
    "any": "    assert any(criterion(behaviour).holds(shift) for shift in shifts)\n",
    "or": "    assert criterion(behaviour).holds(shifts[0]) or criterion(behaviour).holds(shifts[1])\n",
    "a loop that ends": """    for shift in shifts:
        if criterion(behaviour).holds(shift):
            break
    else:
        raise AssertionError('no epoch')
""",
    "a loop that goes on": """    for shift in shifts:
        if not criterion(behaviour).holds(shift):
            continue
        return
    raise AssertionError('no epoch')
""",
    "those that hold": "    assert [shift for shift in shifts if criterion(behaviour).holds(shift)]\n",
    "a count": "    assert sum(criterion(behaviour).holds(shift) for shift in shifts) >= 1\n",
}


FIXTURE = """

@pytest.fixture
def peak(coin, measure, persona):
    effects = {epoch: measure.shift(f"at {epoch}", coin.throw(f"{persona}-{epoch}", 0.9), coin.throw("fair", 0.5)).value for epoch in range(12)}
    return max(effects, key=effects.get)
"""


def judge(design: Planted, body: str) -> None:
    design.edit(TESTS, JUDGED, body)


def test_a_sound_design_has_no_finding(coin_design: Planted) -> None:
    assert coin_design.found("S410") == []


@pytest.mark.mistake("R7", rule="S410", stage="declare")
@pytest.mark.parametrize("way", PICKED)
def test_the_best_of_several_effects_is_reported(coin_design: Planted, way: str) -> None:
    judge(coin_design, SHIFTS + PICKED[way] + HELPER)
    found = coin_design.found("S410")
    assert found and {(one["subject"], one["where"]["file"]) for one in found} == {("H1", TESTS)}


@pytest.mark.mistake("R7", rule="S410", stage="declare")
def test_an_epoch_that_a_fixture_picks_is_reported(coin_design: Planted) -> None:
    coin_design.write("conftest.py", coin_design.read("conftest.py") + FIXTURE)
    coin_design.edit(TESTS, "def test_coins_differ(persona,", "def test_coins_differ(peak, persona,")
    judge(coin_design, JUDGED.replace('"{persona}-{behaviour}"', '"{persona}-{behaviour}-{peak}"'))
    assert {one["subject"] for one in coin_design.found("S410")} == {"H1"}


@pytest.mark.mistake("R7", rule="S410", stage="declare")
@pytest.mark.parametrize("way", CONTENT)
def test_a_cell_that_is_content_with_one_effect_is_reported(coin_design: Planted, way: str) -> None:
    judge(coin_design, SHIFTS + CONTENT[way])
    assert {one["subject"] for one in coin_design.found("S410")} == {"H1"}


@pytest.mark.parametrize(
    "body",
    [
        "    for shift in shifts:\n        assert criterion(behaviour).holds(shift)\n",
        "    assert all(criterion(behaviour).holds(shift) for shift in shifts)\n",
        "    last = max(range(12))\n    assert criterion(behaviour).holds(shifts[last])\n",
        "    assert criterion(behaviour).holds(shifts[-1])\n    coin.note(str(max(shift.value for shift in shifts)))\n",
    ],
)
def test_what_is_asked_of_all_or_was_named_before_is_sound(coin_design: Planted, body: str) -> None:
    judge(coin_design, SHIFTS + body)
    assert coin_design.found("S410") == []


@pytest.mark.mistake("R7", rule="S410", stage="declare")
def test_a_threshold_that_the_hypothesis_does_not_name_is_reported(coin_design: Planted) -> None:
    coin_design.edit(TESTS, "assert criterion(behaviour).holds(shift)", 'assert criterion("still").holds(shift)')
    (finding,) = coin_design.found("S410")
    assert "judges by the threshold still, which it does not name" in finding["message"]


@pytest.mark.parametrize(
    ("criteria", "told"),
    [
        ("[{name: shift}, {name: beyond}]", "declares 2 criteria, and its test judges 1"),
        ("[{name: same, asks: within}]", "asks within, and its test asks holds"),
    ],
)
def test_criteria_that_no_cell_asks_are_reported(coin_design: Planted, criteria: str, told: str) -> None:
    """The plan would simulate another decision than the one that is run."""
    coin_design.edit(coin_design.yaml, "    threshold_axis: behaviour\n", f"    threshold_axis: behaviour\n    criteria: {criteria}\n")
    (finding,) = coin_design.found("S410")
    assert told in finding["message"]
