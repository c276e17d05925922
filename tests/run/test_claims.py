"""A cell that makes several claims is no surer than the least sure of them."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from harness.errors import Inconclusive
from harness.records import Interval, Measurement, Threshold
from harness.run.fixtures import RecordingCriterion
from harness.run.measuring import Measure
from toy import Toy

BAR = Threshold(name="bar", value=10, unit="pp", direction="increase")
TESTS = "evals/coins/test_coins.py"


@pytest.fixture
def recorder() -> SimpleNamespace:
    return SimpleNamespace(judged=("", ""), answers=[], p=None, measure=Measure())


def effect(recorder: SimpleNamespace, name: str, value: float, p: float | None, half: float = 5.0) -> Measurement:
    interval = Interval(low=value - half, high=value + half, level=0.95, method="given by the test")
    made = Measurement(name=name, value=value, unit="pp", n=100, sampling_unit="item", interval=interval, p=p, unsampled="written for this test")
    recorder.measure.taken.append(made)
    return made


@pytest.mark.parametrize("ps", [(0.03, 0.001), (0.001, 0.03), (0.03, None), (None, 0.03)])
def test_the_largest_p_counts_whatever_the_order(recorder: SimpleNamespace, ps: tuple[float | None, float | None]) -> None:
    """Two claims with p .03 and .001, in either order: .03. A claim without a p, judged by its interval alone, leaves the other's."""
    for place, p in enumerate(ps):
        assert RecordingCriterion(BAR, recorder).holds(effect(recorder, f"e{place}", 30, p))
    assert recorder.p == 0.03 and recorder.judged == ("e1", "bar")


def test_an_equivalence_counts_with_its_own_p(recorder: SimpleNamespace) -> None:
    """A clear effect and a bystander near the edge of the bar: the p of the equivalence is the larger and stays."""
    bystander = effect(recorder, "bystander", 4.5, 0.2)
    assert RecordingCriterion(BAR, recorder).within(bystander)
    equivalence = RecordingCriterion(BAR, recorder).equivalence_p(bystander)
    assert RecordingCriterion(BAR, recorder).holds(effect(recorder, "effect", 30, 0.0001))
    assert recorder.p == equivalence > 0.01


def test_claims_without_any_p_leave_none(recorder: SimpleNamespace) -> None:
    """Intervals alone give no p, and none is made up."""
    assert RecordingCriterion(BAR, recorder).holds(effect(recorder, "e", 30, None))
    assert recorder.p is None


def test_a_claim_that_cannot_be_decided_adds_no_p(recorder: SimpleNamespace) -> None:
    """An inconclusive claim stops the cell; what was said before it stays as it was."""
    assert RecordingCriterion(BAR, recorder).holds(effect(recorder, "e", 30, 0.01))
    with pytest.raises(Inconclusive):
        RecordingCriterion(BAR, recorder).holds(effect(recorder, "weaker", 9, 0.2, half=15))
    assert recorder.p == 0.01


def test_a_cell_keeps_the_largest_p_of_its_claims(toy: Toy) -> None:
    """A claim of p .04 before one of p below 1e-9: results.json has .04 for the cell, so the hypothesis cannot borrow the smaller one."""
    weak = "measure('weak', 20.0, 'pp', n=200, interval=(10.0, 30.0), p=0.04, sources=(after, before))"
    both = f"criterion(behaviour).holds({weak}, baseline=measure.rate('before', before)) and criterion(behaviour).holds(shift)"
    toy.edit(TESTS, "criterion(behaviour).holds(shift)", both)
    toy.run("-k", "villain")
    cells = {cell["id"]: cell for cell in toy.results()["cells"]}
    assert cells["H1[villain-heads]"]["verdict"] == "supported"
    assert cells["H1[villain-heads]"]["p"] == 0.04 and cells["H1[villain-heads]"]["effect"] == "shift"
