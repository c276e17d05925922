"""S401, S402, S408, S410, S412, S414: statistics that an author wrote."""

from __future__ import annotations

import pytest

from planted import Planted

TESTS, CONFTEST = "evals/coins/test_coins.py", "conftest.py"
SHIFT = '    shift = measure.shift("shift", after, before)\n'
HOLDS = "    assert criterion(behaviour).holds(shift)\n"
CODES = ["S401", "S402", "S408", "S410", "S412", "S414"]


def hypothesis(design: Planted, body: str) -> None:
    design.edit(TESTS, SHIFT + HOLDS, body)


def more(design: Planted, body: str) -> None:
    design.edit(TESTS, HOLDS, body + HOLDS)


@pytest.mark.parametrize("code", CODES)
def test_a_sound_design_has_no_finding(coin_design: Planted, code: str) -> None:
    assert coin_design.found(code) == []


NULLS = {
    "p above alpha": "    assert shift.p > 0.05\n",
    "reversed": "    assert 0.05 < shift.p\n",
    "at least": "    assert shift.p >= ALPHA\n",
    "not below": "    assert not shift.p < 0.05\n",
    "another name": "    p_value = shift.p\n    assert p_value > 0.1\n",
    "a name that says nothing": "    chance = shift.p\n    assert chance > 0.1\n",
    "not significant": "    significant = shift.p < 0.05\n    assert not significant\n",
    "a helper": "    assert not differs(shift)\n",
    "all of them": "    assert all(one.p > 0.05 for one in [shift])\n",
    "an interval that covers 0": "    low, high = shift.interval.low, shift.interval.high\n    assert low <= 0 <= high\n",
    "its ends": "    assert shift.interval.low < 0 < shift.interval.high\n",
    "scipy": "    from scipy.stats import ttest_1samp\n\n    assert ttest_1samp(list(after.outcomes('up').values()), 0.0).pvalue > 0.05\n",
}


@pytest.mark.mistake("C18", rule="S408", stage="declare")
@pytest.mark.parametrize("body", NULLS.values(), ids=NULLS)
def test_a_large_p_is_no_null(coin_design: Planted, body: str) -> None:
    coin_design.write(TESTS, coin_design.read(TESTS) + "\n\nALPHA = 0.05\n\n\ndef differs(measured):\n    return measured.p < 0.05\n")
    more(coin_design, body)
    assert coin_design.found("S408")


@pytest.mark.mistake("C18", rule="S408", stage="declare")
def test_a_large_p_is_no_null_in_a_control(coin_design: Planted) -> None:
    coin_design.edit(TESTS, 'criterion("still").within(measure.shift("shift", second, fair))', 'measure.shift("shift", second, fair).p > 0.05')
    assert coin_design.found("S408")


def test_a_small_p_and_undecided_cells_are_sound(coin_design: Planted) -> None:
    more(coin_design, "    from harness import Inconclusive\n\n    if shift.p > 0.05:\n        raise Inconclusive('p')\n    assert 0 <= shift.p <= 1\n")
    assert coin_design.found("S408") == []


BASELINES = {
    "a mapping": 'measure.shift("shift", after, {item: 0.5 for item in after.outcomes("up")})',
    "dict.fromkeys": 'measure.shift("shift", after, dict.fromkeys(ITEMS, 0.5))',
    "a number": 'measure.shift("shift", after, 0.5)',
    "by name": 'measure.shift("shift", treated=after, baseline=CHANCE)',
    "a contrast": 'measure.contrast("shift", [(1, after), (-1, CHANCE)])',
    "a difference": 'measure("shift", 100 * (measure.rate("r", after).value - 0.5), "pp", n=200)',
    "a constant": 'measure("shift", 100 * (measure.rate("r", after).value - CHANCE), "pp", n=200)',
    "a quarter": 'measure("shift", 100 * (measure.rate("r", after).value - 1 / 4), "pp", n=200)',
    "by item": 'measure.mean("shift", {item: value - 0.5 for item, value in after.outcomes("up").items()}, "value")',
}


@pytest.mark.mistake("C17", rule="S412", stage="declare")
@pytest.mark.mistake("M11", rule="S412", stage="declare")
@pytest.mark.parametrize("measured", BASELINES.values(), ids=BASELINES)
def test_a_written_baseline_is_reported(coin_design: Planted, measured: str) -> None:
    coin_design.write(TESTS, coin_design.read(TESTS) + "\n\nCHANCE = 0.5\nITEMS = [f'{number:04d}' for number in range(200)]\n")
    hypothesis(coin_design, f"    shift = {measured}\n{HOLDS}")
    assert coin_design.found("S412")


@pytest.mark.mistake("C17", rule="S412", stage="declare")
def test_a_written_baseline_of_a_criterion_is_reported(coin_design: Planted) -> None:
    hypothesis(coin_design, SHIFT + "    assert criterion(behaviour).holds(shift, baseline=0.5)\n")
    assert coin_design.found("S412")


def test_other_differences_are_sound(coin_design: Planted) -> None:
    more(coin_design, '    ratio = measure.rate("r", after).value / 0.7 - 1\n    measure("gain", ratio, "ratio", n=200)\n')
    assert coin_design.found("S412") == []


POSITIONS = {
    "zip": '    pairs = list(zip(after.outcomes("up").values(), before.outcomes("up").values()))\n    assert pairs\n',
    "sorted": '    pairs = list(zip(sorted(after.outcomes("up").values()), sorted(before.outcomes("up").values())))\n    assert pairs\n',
    "arrays": "    import numpy as np\n\n    gap = np.array(list(after.outcomes('up').values())) - np.array(list(before.outcomes('up').values()))\n    assert gap.size\n",  # noqa: E501
    "enumerate": '    old, new = ({str(i): value for i, value in enumerate(arm.outcomes("up").values())} for arm in (before, after))\n    measure.shift("other", new, old)\n',  # noqa: E501
    "an f-string": '    old, new = ({f"item {i}": value for i, value in enumerate(arm.outcomes("up").values())} for arm in (before, after))\n    measure.shift("other", new, old)\n',  # noqa: E501
    "a helper": '    measure.shift("other", by_place(after.outcomes("up")), by_place(before.outcomes("up")))\n',
    "dict(enumerate)": '    measure.shift("other", dict(enumerate(after.outcomes("up").values())), dict(enumerate(before.outcomes("up").values())))\n',
    "dict(zip(range))": '    measure.shift("other", dict(zip(range(200), after.outcomes("up").values())), before)\n',
}


@pytest.mark.mistake("C14", rule="S414", stage="declare")
@pytest.mark.parametrize("body", POSITIONS.values(), ids=POSITIONS)
def test_arms_paired_by_position_are_reported(coin_design: Planted, body: str) -> None:
    coin_design.write(TESTS, coin_design.read(TESTS) + "\n\ndef by_place(outcomes):\n    return {str(i): value for i, value in enumerate(outcomes.values())}\n")
    more(coin_design, body)
    assert coin_design.found("S414")


def test_arms_paired_by_item_are_sound(coin_design: Planted) -> None:
    more(
        coin_design,
        '    both = {item: (value, before.outcomes("up")[item]) for item, value in after.outcomes("up").items()}\n    assert dict(zip(both, both.values()))\n',
    )
    assert coin_design.found("S414") == []


PS = {
    "zero": ("C12", "p=0.0"),
    "a number": ("C12", "p=0.003"),
    "the smallest": ("C12", "p=min(shift.p, other.p)"),
    "the smallest of a list": ("C12", "p=min(one.p for one in (shift, other))"),
    "a constant": ("C12", "p=P_VALUE"),
    "what a number lacks": ("C13", "p=1 - 0.7"),
    "what a similarity lacks": ("C13", "p=1 - similarity"),
    "what a value lacks": ("C13", "p=1 - shift.value"),
    "a similarity": ("C13", "p=similarity"),
    "a table": ("C13", "**{'p': 1 - similarity, 'p_method': 'similarity'}"),
}


@pytest.mark.mistake("C12", rule="S402", stage="declare")
@pytest.mark.mistake("C13", rule="S402", stage="declare")
@pytest.mark.parametrize("given", [given for _, given in PS.values()], ids=PS)
def test_what_is_no_p_is_reported(coin_design: Planted, given: str) -> None:
    coin_design.write(TESTS, coin_design.read(TESTS) + "\n\nP_VALUE = 0.01\n")
    body = '    other = measure.shift("other", before, after)\n    similarity = sum(map(float, after.outcomes("up").values())) / 200\n'
    more(coin_design, f'{body}    measure("typed", shift.value, "pp", n=200, {given})\n')
    assert coin_design.found("S402")


NULL = """\
    import numpy as np
    from scipy.stats import ttest_1samp

    gaps = np.array([float(after.outcomes("up")[item]) - float(value) for item, value in before.outcomes("up").items()])
    draws, seen = np.random.default_rng(1), abs(gaps.mean())
    null = np.array([abs((gaps * draws.choice([-1, 1], size=len(gaps))).mean()) for _ in range(999)])
    tested = ttest_1samp(gaps, 0.0)
    ps = sorted(ttest_1samp(gaps[k::4], 0.0).pvalue for k in range(4))
"""
SHARES = {
    "a mean": ("C19", "p=(null >= seen).mean()"),
    "a numpy mean": ("C19", "p=float(np.mean(null >= seen))"),
    "a sum over draws": ("C19", "p=sum(value >= seen for value in null) / 999"),
    "a count over draws": ("C19", "p=np.count_nonzero(null >= seen) / len(null)"),
    "what a p lacks": ("C12", "p=1 - tested.pvalue"),
    "the first of sorted": ("C12", "p=ps[0]"),
    "what a correlation lacks": ("C13", "p=1 - abs(np.corrcoef(gaps, gaps)[0, 1])"),
}


@pytest.mark.mistake("C12", rule="S402", stage="declare")
@pytest.mark.mistake("C13", rule="S402", stage="declare")
@pytest.mark.mistake("C19", rule="S402", stage="declare")
@pytest.mark.parametrize("given", [given for _, given in SHARES.values()], ids=SHARES)
def test_what_is_computed_and_no_p_is_reported(coin_design: Planted, given: str) -> None:
    more(coin_design, f'{NULL}    measure("typed", shift.value, "pp", n=200, {given})\n')
    assert coin_design.found("S402")


@pytest.mark.parametrize(
    "given", ["p=(1 + (null >= seen).sum()) / 1000", "p=(sum(value >= seen for value in null) + 1) / (999 + 1)", "p=min(1.0, 4 * ps[0])", "p=tested.pvalue / 2"]
)
def test_a_p_that_counts_the_data_is_sound(coin_design: Planted, given: str) -> None:
    more(coin_design, f'{NULL}    measure("typed", shift.value, "pp", n=200, {given})\n')
    assert coin_design.found("S402") == []


@pytest.mark.parametrize("given", ["p=shift.p", "p=max(1e-300, shift.p)", "p=min(1.0, 2 * shift.p)", "p=1 - norm.cdf(shift.value)", "p=None"])
def test_a_p_of_a_test_is_sound(coin_design: Planted, given: str) -> None:
    more(coin_design, f'    from scipy.stats import norm\n\n    measure("typed", shift.value + norm.cdf(0), "pp", n=200, {given})\n')
    assert coin_design.found("S402") == []


MANY = '    shifts = [measure.shift(f"shift {name}", coin.throw(f"{name}", 0.6), before) for name in "abc"]\n'
CHOSEN = {
    "max": MANY + "    assert criterion(behaviour).holds(max(shifts, key=lambda one: one.value))\n",
    "min": MANY + "    assert criterion(behaviour).holds(min(shifts, key=lambda one: one.p))\n",
    "sorted": MANY + "    assert criterion(behaviour).holds(sorted(shifts, key=lambda one: one.value)[-1])\n",
    "argmax": MANY
    + "    import numpy as np\n\n    best = shifts[int(np.argmax([one.value for one in shifts]))]\n    assert criterion(behaviour).holds(best)\n",
    "a loop": MANY
    + "    best = None\n    for one in shifts:\n        if best is None or one.value > best.value:\n            best = one\n    assert criterion(behaviour).holds(best)\n",  # noqa: E501
    "any": MANY + "    assert any(criterion(behaviour).holds(one) for one in shifts)\n",
    "or": MANY + "    assert criterion(behaviour).holds(shifts[0]) or criterion(behaviour).holds(shifts[1])\n",
    "until one holds": MANY
    + "    for one in shifts:\n        if criterion(behaviour).holds(one):\n            break\n    else:\n        assert criterion(behaviour).holds(shifts[0])\n",  # noqa: E501
    "a helper": MANY + "    assert criterion(behaviour).holds(best_of(shifts))\n",
    "before it is measured": '    names = sorted("abc", key=lambda name: measure.rate(name, coin.throw(name, 0.6)).value)\n'
    '    assert criterion(behaviour).holds(measure.shift("shift", coin.throw(names[-1], 0.6), before))\n',
}


@pytest.mark.mistake("R7", rule="S410", stage="declare")
@pytest.mark.parametrize("body", CHOSEN.values(), ids=CHOSEN)
def test_the_best_of_several_effects_is_reported(coin_design: Planted, body: str) -> None:
    coin_design.write(TESTS, coin_design.read(TESTS) + "\n\ndef best_of(shifts):\n    return max(shifts, key=lambda one: one.value)\n")
    hypothesis(coin_design, body)
    assert coin_design.found("S410")


@pytest.mark.parametrize(
    "end",
    ["all(criterion(behaviour).holds(one) for one in shifts)", "criterion(behaviour).holds(shifts[-1])", "criterion(behaviour).holds(shifts[max(0, 2)])"],
)
def test_all_of_several_or_a_declared_one_is_sound(coin_design: Planted, end: str) -> None:
    hypothesis(coin_design, f"{MANY}    assert {end}\n")
    assert coin_design.found("S410") == []


STILL = {
    "a mean": "    rng.shuffle(values)\n    return np.mean(values)\n",
    "a method": "    return rng.permutation(values).mean()\n",
    "an index": "    order = rng.permutation(len(values))\n    return np.mean(values[order])\n",
    "random.shuffle": "    import random\n\n    random.Random(1).shuffle(values)\n    return sum(values) / len(values)\n",
    "random.sample": "    import random\n\n    return np.median(random.Random(1).sample(values, len(values)))\n",
    "a matrix": "    order = rng.permutation(len(values))\n    table = np.outer(values, values)[np.ix_(order, order)]\n    return table.mean()\n",
    "both axes": "    order = rng.permutation(len(values))\n    return np.outer(values, values)[order][:, order].mean()\n",
    "both sides": "    from scipy.stats import spearmanr\n\n    order = rng.permutation(len(values))\n    return spearmanr(values[order], values[order]).statistic\n",  # noqa: E501
}
PERMUTED = "\n\ndef permuted(values):\n    import numpy as np\n\n    values, rng = np.array(values, dtype=float), np.random.default_rng(1)\n"


def with_null(design: Planted, body: str) -> None:
    design.write(TESTS, design.read(TESTS) + PERMUTED + body)
    more(design, '    null = [permuted(list(after.outcomes("up").values())) for _ in range(99)]\n    assert null\n')


@pytest.mark.mistake("C1", rule="S401", stage="declare")
@pytest.mark.mistake("C11", rule="S401", stage="declare")
@pytest.mark.parametrize("body", STILL.values(), ids=STILL)
def test_a_null_that_cannot_move_is_reported(coin_design: Planted, body: str) -> None:
    with_null(coin_design, body)
    assert coin_design.found("S401")


MOVING = {
    "two groups": "    rng.shuffle(values)\n    return np.mean(values[:100]) - np.mean(values[100:])\n",
    "labels": "    labels = rng.permutation(np.arange(len(values)) < 100)\n    return values[labels].mean() - values[~labels].mean()\n",
    "one side": "    return np.corrcoef(values, rng.permutation(values))[0, 1]\n",
    "signs": "    return np.mean(values * rng.choice([-1, 1], size=len(values)))\n",
    "halves of an order": "    order = rng.permutation(len(values))\n    return np.mean(values[order[:100]]) - np.mean(values[order[100:]])\n",
}


@pytest.mark.parametrize("body", MOVING.values(), ids=MOVING)
def test_a_null_that_moves_is_sound(coin_design: Planted, body: str) -> None:
    with_null(coin_design, body)
    assert coin_design.found("S401") == []


BOTH = "    import numpy as np\n\n    both = np.array([[first, after.outcomes('up')[item]] for item, first in before.outcomes('up').items()], dtype=float)\n"
AXES = {
    "rows, their columns": ("permutation(both, axis=0)", "mixed[:, 1].mean()", True),
    "rows, the mean of each column": ("permutation(both)", "mixed.mean(axis=0)", True),
    "along items": ("permuted(both, axis=0)", "np.mean(mixed, axis=0)", True),
    "within items": ("permuted(both, axis=1)", "mixed.mean(axis=0)", False),
    "within items, their columns": ("permuted(both, axis=1)", "mixed[:, 1].mean()", False),
}


@pytest.mark.mistake("C11", rule="S401", stage="declare")
@pytest.mark.parametrize(("permuted", "statistic", "still"), AXES.values(), ids=AXES)
def test_the_axis_that_is_permuted_decides(coin_design: Planted, permuted: str, statistic: str, still: bool) -> None:
    more(coin_design, f"{BOTH}    mixed = np.random.default_rng(1).{permuted}\n    assert np.all({statistic} < 2)\n")
    assert bool(coin_design.found("S401")) == still


def test_a_bound_of_a_p_is_no_choice(coin_design: Planted) -> None:
    body = '    p = min(1.0, 2 * shift.p)\n    bounded = measure("bounded", shift.value, "pp", n=200, interval=shift.interval, p=p, p_method="twice")\n'
    hypothesis(coin_design, f"{SHIFT}{body}    assert criterion(behaviour).holds(bounded)\n")
    assert coin_design.found("S410") == []
