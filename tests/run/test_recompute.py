"""Outcomes know their samples, and a measurement of them can be computed again from the rows alone."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from harness.errors import HarnessError
from harness.fingerprint import fingerprint
from harness.records import Calibration, Measurement, SamplesRef, decode, encode
from harness.run.measuring import Measure
from harness.run.outcomes import Outcomes, Part, pool_runs
from harness.run.recompute import recompute
from harness.run.sampling import Samples
from harness.samples import Row


def gathered(rows: list[Row], name: str = "a", **about: Any) -> Samples:
    """Samples as `gather` gives them; `name` is all that determines them."""
    digest = fingerprint(rows)
    return Samples(tuple(rows), SamplesRef(path=f"samples/{name}.jsonl", sha256=digest, rows=len(rows)), name, **about)


def throws(name: str, rate: float, items: int = 40, samples: int = 1, lost: int = 0, **about: Any) -> Samples:
    """Rows of a coin; the first `lost` items have no answer."""
    rng = np.random.default_rng([len(name), int(100 * rate), ord(name[-1])])
    rows = [
        {"status": "empty" if item < lost else "ok", "item": f"i{item:02d}", "replicate": number, "up": bool(rng.random() < rate), "score": rng.random() * 100}
        for item in range(items)
        for number in range(samples)
    ]
    return gathered(rows, name, **({"outcome": "up", "unit": "rate", "sampling_unit": "throw"} | about))


def test_gathered_needs_no_further_argument() -> None:
    """The outcomes of a measure that names its result bring unit, sampling unit, seeds and sources; both forms are one."""
    before, after = throws("before", 0.3, seeds=(4,)), throws("after", 0.8, seeds=(4,))
    measure = Measure()
    found, same = measure.shift("s", after, before), measure.shift("t", after.outcomes(), before.outcomes("up"))
    assert (found.sampling_unit, found.seeds, found.samples) == ("throw", (4,), (after.ref, before.ref))
    assert (found.value, found.p, found.samples) == (same.value, same.p, same.samples)
    named = measure.shift("u", after, before, sampling_unit="coin", seeds=(4,), sources=(before,))
    assert (named.sampling_unit, named.seeds, named.samples) == ("coin", (4,), (before.ref, after.ref))


def test_the_unit_of_the_measure_counts_for_its_own_outcome_alone() -> None:
    """Scores in points need no unit; another field of the same samples does."""
    scores = throws("a", 0.5, outcome="score", unit="points")
    measure = Measure()
    assert measure.mean("m", scores).unit == "points"
    assert measure.shift("s", scores, throws("b", 0.5, outcome="score", unit="points")).unit == "points"
    with pytest.raises(HarnessError, match="n has no unit"):
        measure.mean("n", scores.outcomes("up"))


def test_the_only_number_of_the_rows_is_the_outcome() -> None:
    """A measure without `outcome`: one candidate is taken, several are named with the mend."""
    rows = [{"item": "a", "tokens": 3, "text": "x", "up": True}, {"item": "b", "tokens": 9, "text": "y", "up": None}]
    assert dict(gathered(rows).outcomes()) == {"a": True, "b": None}
    with pytest.raises(HarnessError, match=r'It could be up, score\. Name one, such as outcomes\("field"\), or set outcome = "field"'):
        throws("a", 0.5, outcome="").outcomes()
    with pytest.raises(HarnessError, match=r"no field 'upp'.*Did you mean 'up'"):
        throws("a", 0.5).outcomes("upp")


def test_how_often_there_is_an_answer_is_an_outcome() -> None:
    """The share of rows with a status lacks no item and can be measured."""
    coin = throws("a", 0.5, lost=10)
    assert Measure().rate("answered", coin.outcomes("status=ok")).value == 0.75


def test_an_interval_of_an_earlier_version_is_drawn_by_its_name() -> None:
    """Its derivation names no random numbers; those of today are the same under any name."""
    scores = throws("before", 0.3, outcome="score", unit="points")
    rows = {scores.ref.sha256: scores.rows}
    old, new, other = (Measure(stream=stream).mean(name, scores) for name, stream in (("old", ["old"]), ("new", ()), ("other", ())))
    assert new.interval == other.interval != old.interval
    earlier = {name: value for name, value in old.derived.items() if name != "stream"}  # type: ignore[union-attr]
    assert recompute(earlier, rows, "old").interval == old.interval and recompute(new.derived, rows, "new").interval == new.interval  # type: ignore[arg-type]


def test_what_was_judged_brings_the_answers_along() -> None:
    """Samples that were made from others name those, too."""
    answers = throws("answers", 0.5, described={"max_new_tokens": 6})
    judged, others = (throws(name, 0.5, behind=(made,)) for name, made in (("b", answers), ("c", throws("d", 0.5, described={"max_new_tokens": 24}))))
    assert judged.outcomes().sources == (judged, answers)
    with pytest.raises(HarnessError, match=r"max_new_tokens \(6 against 24\)"):
        Measure().shift("s", judged, others)


def test_edited_outcomes_keep_their_sources_and_lose_their_derivation() -> None:
    """Whoever drops items is told so in the note, and nothing claims that the samples give this number."""
    edited = throws("a", 0.5).outcomes()
    assert not edited.edited and not pickle.loads(pickle.dumps(edited)).edited
    del edited["i00"]
    found = Measure().rate("r", edited)
    assert edited.edited and len(found.samples) == 1
    assert found.derived is None and found.note == "the outcomes were edited after they were gathered"


def test_dropping_what_is_missing_does_not_hide_it() -> None:
    """Attrition is counted in the samples, not in what was left of them: both arms without the 12 items that one arm lacks are still in doubt."""
    arms = [throws("after", 0.8, items=100, lost=12).outcomes(), throws("before", 0.3, items=100).outcomes()]
    for arm in arms:
        for item in [item for item in arm if item < "i12"]:
            del arm[item]
    assert "12 of 100 in one arm, 0 of 100" in Measure().shift("s", *arms).doubt


def test_attrition_within_replicates_is_seen() -> None:
    """Every item has an answer, but one arm lacks a quarter of its replicates."""
    rows = [{"status": "empty" if number == 0 else "ok", "item": f"i{item}", "replicate": number, "up": True} for item in range(9) for number in range(4)]
    assert "9 of 36 in one arm, 0 of 36" in Measure().shift("s", gathered(rows), gathered([row | {"status": "ok"} for row in rows], "b")).doubt


def test_a_few_answers_missing_by_chance_are_no_doubt() -> None:
    """5 of 100 against none is doubtful only as far as chance hardly does it: McNemar's p of 5 to 0 is .06, of 6 to 0 .03."""
    whole = throws("before", 0.3, items=100)
    assert not Measure().shift("s", throws("after", 0.8, items=100, lost=5), whole).doubt
    assert Measure().shift("s", throws("after", 0.8, items=100, lost=6), whole).doubt


def test_the_same_samples_are_recognised_in_any_contrast() -> None:
    """(a - b) - (a - b) cancels; equal rows of two descriptions do not, and no more do two fields of one description."""
    a, b, other = throws("a", 0.5), throws("b", 0.5), throws("a", 0.5)
    twin = Samples(other.rows, other.ref, "another description", {"coin": "twin"}, outcome="up")
    measure = Measure()
    assert measure.contrast("four", [(1, a), (-1, b), (-1, a), (1, b)]).doubt
    assert not measure.shift("twins", a, twin).doubt
    assert measure.shift("again", a, other).doubt


def test_settings_that_nobody_declared_may_not_differ() -> None:
    """What says how is equal, deep down as well, in seeds and for whole judges; what says who may differ."""

    def arm(name: str, described: dict[str, Any], **about: Any) -> Samples:
        return throws(name, 0.5, described=described, **about)

    who = arm("a", {"system": "A", "adapters": [{"name": "x"}], "judge": {"name": "j"}, "seed": 1})
    measure = Measure()
    assert measure.shift("who", who, arm("b", {"system": "B", "adapters": [], "judge": {"name": "j"}, "seed": 1})).n == 40
    for number, (other, told) in enumerate(
        [
            ({"judge": {"name": "k"}, "seed": 1}, r'judge.name \("j" against "k"\)'),
            ({"judge": {"name": "j"}, "seed": 2}, r"seed \(1 against 2\)"),
            ({"judge": {"name": "j"}, "seed": 1, "steps": [{"Max-New-Tokens": 6}]}, r"steps.0.Max-New-Tokens \(absent against 6\)"),
        ]
    ):
        with pytest.raises(HarnessError, match=told):
            measure.shift(f"s{number}", who, arm("b", other))
    with pytest.raises(HarnessError, match="differ names 'sytem', which no arm describes"):
        measure.shift("typo", who, arm("b", {"system": "B"}), differ="sytem")


DERIVED: dict[str, Callable[[Measure], Measurement]] = {
    "rate": lambda measure: measure.rate("x", throws("a", 0.4, lost=3)),
    "exact rate": lambda measure: measure.rate("x", throws("a", 0.4), exact=True),
    "rate of replicates": lambda measure: measure.rate("x", throws("a", 0.4, samples=3)),
    "pooled rate": lambda measure: measure.rate("x", pool_runs([throws(name, 0.4, lost=lost).outcomes() for name, lost in (("a", 2), ("b", 3))])),
    "mean": lambda measure: measure.mean("x", throws("a", 0.4, lost=2).outcomes("score"), "points"),
    "shift": lambda measure: measure.shift("x", throws("a", 0.8, lost=1), throws("b", 0.3)),
    "pooled shift": lambda measure: measure.shift(
        "x", *(pool_runs([throws(f"{n}{arm}", rate).outcomes() for n in "12"]) for arm, rate in (("a", 0.8), ("b", 0.3)))
    ),
    "contrast by seed": lambda measure: measure.contrast(
        "x", [(1, [throws(f"a{n}", 0.8, lost=n) for n in range(3)]), (-1, [throws("b", 0.3)] * 3)], seeds=(1, 2, 3)
    ),
    "contrast of scores": lambda measure: measure.contrast(
        "x", [(weight, throws(name, 0.5).outcomes("score")) for weight, name in ((1, "a"), (-0.5, "b"), (-0.5, "c"))], unit="points"
    ),
    "correlation": lambda measure: measure.correlation("x", throws("a", 0.5).outcomes("score"), throws("b", 0.5).outcomes("score")),
    "corrected": lambda measure: measure.corrected(
        "x", measure.shift("apparent", throws("a", 0.8), throws("b", 0.3)), Calibration(sensitivity=(45, 50), specificity=(48, 50))
    ),
}


@pytest.mark.parametrize("how", DERIVED)
def test_a_measurement_is_computed_again_from_its_rows(how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Written to JSON and read again, the derivation and the rows give value, interval, N, p and arms to the last bit, and name every file they need."""
    rows: dict[str, tuple[Row, ...]] = {}
    kept = Samples.outcomes

    def noted(self: Samples, *words: Any) -> Outcomes:
        rows[self.ref.sha256] = self.rows
        return kept(self, *words)

    monkeypatch.setattr(Samples, "outcomes", noted)
    found = decode(encode(DERIVED[how](Measure())), Measurement)
    assert found.derived is not None
    again = recompute(found.derived, rows, "x")
    for field in ("value", "interval", "n", "p", "p_floor", "unit", "arms", "note"):
        assert getattr(again, field) == getattr(found, field), field
    with pytest.raises(HarnessError, match="are not here"):
        recompute(found.derived, {}, "x")


def test_a_plain_mapping_has_no_derivation() -> None:
    """Numbers that a test computed itself cannot be computed again, whatever sources it names."""
    coin = throws("a", 0.5)
    assert Measure().rate("r", {item: not value for item, value in coin.outcomes().items()}, sources=(coin,)).derived is None
    assert Part(coin, "up").item == "item"
