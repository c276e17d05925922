"""Sweeps: arms by dotted path, refused where they cannot be or change nothing, and one tidy table."""

from __future__ import annotations

import numpy as np
import pytest

from harness.domains.evolution.config import simulation
from harness.domains.evolution.runs import simulate
from harness.domains.evolution.sweep import cross_arms, list_arms, run_sweep
from harness.errors import HarnessError

BASE = {"models": 10, "beliefs": 60, "held": 4, "questions": 8, "generations": 3}


def test_the_table_has_a_row_for_each_generation_of_each_run() -> None:
    """Arms, seeds and generations in their order; each cell is what the arm's run measured."""
    arms = cross_arms(BASE, {"landscape.rho": [0.0, 0.4], "selection.beta": [1, 5]})
    assert [arm.name for arm in arms] == ["rho=0.0 beta=1", "rho=0.0 beta=5", "rho=0.4 beta=1", "rho=0.4 beta=5"]
    table = run_sweep(arms, range(3))
    assert {len(column) for column in table.values()} == {4 * 3 * 4}
    here = (table["arm"] == "rho=0.4 beta=5") & (table["seed"] == 2)
    asked = simulation({**BASE, "landscape": {"kind": "bivariate_normal", "rho": 0.4}, "selection": {"beta": 5}})
    assert table["fitness"][here].tolist() == simulate(asked, [2])["fitness"][0].tolist() and table["generation"][here].tolist() == [0, 1, 2, 3]
    assert set(table["landscape.rho"][here]) == {0.4} and set(table["selection.beta"][here]) == {5.0}


def test_listed_arms_change_what_they_name() -> None:
    """Wholes before their parts, parts of absent wholes with their defaults, members of lists; a column for what any arm changes, NaN where it is absent."""
    arms = list_arms(
        BASE,
        {
            "plain": {},
            "flat": {"landscape": {"kind": "uniform"}},
            "changing": {"test.every": 2},
            "two": {"evaluators": {"each": [{}, {}]}, "evaluators.each.1.correlation": 0.2, "questions": 9},
        },
    )
    assert arms[1].simulation.landscape.kind == "uniform" and arms[2].simulation.test.every == 2
    assert [one.correlation for one in arms[3].simulation.evaluators.each] == [None, 0.2]
    table = run_sweep(arms, [1])
    assert np.isnan(table["test.every"][table["arm"] == "plain"]).all() and set(table["test.every"][table["arm"] == "changing"]) == {2.0}
    assert set(table["simulation.questions"]) == {8.0, 9.0} and table["questions"][-1] == 9


@pytest.mark.parametrize(
    ("arms", "line"),
    [
        ({"a": {"landscape.roh": 0.1}}, r"arm 'a': unknown parameter 'landscape.roh'. Did you mean 'landscape.rho'\?"),
        ({"a": {"models.x": 1}}, "arm 'a': unknown parameter 'models.x'"),
        ({"a": {"evaluators.each.3.weight": 1}}, "arm 'a': unknown parameter 'evaluators.each.3.weight'"),
        ({"a": {"held": 61}}, "arm 'a': held is 61"),
        ({"a": {"activation.count": 9}}, "arm 'a': .*probed by 9 of 8 questions"),
        ({"a": None}, "arm 'a': this is no mapping"),
        ({"a": {"selection.beta": 5.0}, "b": {}}, "arms 'a' and 'b' have identical parameters"),
    ],
)
def test_impossible_arms_are_refused_in_one_line(arms, line) -> None:
    """Unknown paths with the nearest known one, impossible values, arms given twice."""
    with pytest.raises(HarnessError, match=line) as refused:
        list_arms(BASE, arms)
    assert "\n" not in str(refused.value)


def test_a_parameter_that_nothing_reads_is_refused() -> None:
    """Two arms with equal runs would be reported as a parameter without effect."""
    with pytest.raises(HarnessError, match="identical runs: nothing reads what they differ in"):
        run_sweep(cross_arms(BASE, {"mutation.proposals": [1, 2]}), [1, 2])


@pytest.mark.parametrize(
    ("axes", "line"),
    [
        ({"selection.beta": [1, 1]}, "'beta=1' is given twice"),
        ({"selection.beta": 3}, "has no list of values"),
        ({"selection.beta": [float("nan")]}, "nan is no plain finite value"),
        ({"selection.beta": [{1, 2}]}, "no plain finite value"),
        ({5: [1]}, "no mapping of names"),
        (["rho"], "no mapping of names"),
    ],
)
def test_impossible_axes_are_refused_in_one_line(axes, line) -> None:
    """Values that stand twice, that are no list or no values, and paths that are no text."""
    with pytest.raises(HarnessError, match=line) as refused:
        cross_arms(BASE, axes)
    assert "\n" not in str(refused.value)


def test_a_sweep_needs_arms_and_seeds_each_once() -> None:
    """None of either, a seed or a name that stands twice, a seed that is none: one line; a generator of seeds is a list of them."""
    arms = list_arms(BASE, {"plain": {}, "hot": {"selection.beta": 9}})
    for some, seeds in (([], [1]), (arms, []), (arms, [1, 1]), ([arms[0], arms[0]], [1]), (arms, [2**63]), (arms, 5), (arms, ["1"])):
        with pytest.raises(HarnessError) as refused:
            run_sweep(some, seeds)
        assert "\n" not in str(refused.value)
    assert run_sweep(arms, (seed for seed in (1, 2)))["seed"].dtype.kind == "i"


def test_an_axis_needs_values() -> None:
    """An empty axis would make no arms."""
    with pytest.raises(HarnessError, match=r"axis 'selection.beta' has no list of values"):
        cross_arms(BASE, {"selection.beta": []})
