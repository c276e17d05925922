"""Seeds count where they changed the samples; where they did not, the confidence says why."""

from __future__ import annotations

import pytest

from harness.records import Cell, Measurement, SamplesRef
from harness.run.measuring import Measure
from harness.run.outcomes import pool_runs
from harness.run.sampling import Samples
from harness.verdict.confidence import confidence
from harness.verdict.samples_behind import explain_seeds, seeds_of


def draw(name: str, seed: int, shown: bool) -> Samples:
    """Samples of two items; their rows differ only where `shown` does, since the time that a call took is no answer."""
    rows = tuple({"item": item, "status": "ok", "score": shown, "latency_s": float(seed)} for item in "ab")
    ref = SamplesRef(path=f"samples/{name}-seed{seed}.jsonl", sha256=f"{seed:064x}", rows=2)
    return Samples(rows, ref, f"{name}{seed}", outcome="score", seeds=(seed,))


def measured(*shown: bool) -> Measurement:
    """The share of an arm that was drawn once for each seed, as `ask` pools it."""
    return Measure("H1[x]").rate("share", pool_runs([draw("arm", seed, one).outcomes() for seed, one in enumerate(shown, start=1)]))


def cell(found: Measurement) -> Cell:
    return Cell(id="H1[x]", owner="H1", kind="hypothesis", nodeid="", params={"x": "x"}, key="", verdict="supported", effect="share", measurements=(found,))


@pytest.mark.parametrize(
    ("shown", "seeds", "equal", "told"),
    [
        ((True, True, True), (1,), (2, 3), "one seed: the samples of all 3 seeds are equal"),
        ((True, False, True), (1, 2), (3,), "2 of 3 seeds gave different samples"),
        ((True, False), (1, 2), (), ""),
    ],
)
def test_equal_answers_of_several_seeds_are_recorded_and_explained(shown: tuple[bool, ...], seeds: tuple[int, ...], equal: tuple[int, ...], told: str) -> None:
    """Three seeds at temperature 0 give equal answers: the measurement holds which, and the reason of the confidence begins with it."""
    found = measured(*shown)
    assert (found.seeds, found.equal_seeds) == (seeds, equal)
    counted = seeds_of([cell(found)])
    assert counted == (len(seeds), len(shown))
    reason = explain_seeds(*counted, declared=len(shown))
    assert reason == told
    sure = confidence(decided=True, seeds=counted[0], counted=reason, p=0.001, confounds=(), agreeing=1, out_of_distribution=True)
    assert told in sure.reason


def test_seeds_that_nothing_was_drawn_with_are_explained() -> None:
    """A measure without a seed, such as a log-probability, at a scale of three seeds; at a scale of one there is nothing to explain."""
    assert explain_seeds(0, 0, declared=3) == "one seed: nothing in the effects was drawn with one of the 3 seeds"
    assert explain_seeds(0, 0, declared=1) == explain_seeds(1, 1, declared=1) == ""
