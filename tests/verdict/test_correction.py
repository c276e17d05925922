"""A judge's errors are taken out of what it found, and its calibration's uncertainty goes in."""

from __future__ import annotations

import numpy as np
import pytest

from harness.errors import HarnessError, Inconclusive
from harness.records import Calibration, Interval
from harness.run.measuring import Measure
from harness.verdict.correction import corrected_contrast, corrected_rate
from harness.verdict.intervals import newcombe_paired

GOOD = Calibration(sensitivity=(27, 30), specificity=(28, 30))


@pytest.fixture
def measure() -> Measure:
    return Measure("H1[x]")


def test_a_rate_is_rogan_and_gladens(measure: Measure) -> None:
    """40 of 100 by a judge of .9 and .8: (.4 + .8 - 1) / .7 = .286, with the calibration in the note and the apparent rate's N."""
    apparent = measure.rate("seen", {str(n): n < 40 for n in range(100)})
    found = measure.corrected("true", apparent, Calibration(sensitivity=(90, 100), specificity=(80, 100)))
    assert (found.value, found.unit, found.n) == (pytest.approx(2 / 7), "rate", 100)
    assert found.note == "seen corrected for the judge's errors (Rogan-Gladen; sensitivity 90 of 100, specificity 80 of 100)"
    assert found.fingerprint not in ("", apparent.fingerprint) and measure.taken == [apparent, found]


def test_the_interval_of_a_rate_is_lang_and_reiczigels() -> None:
    """Their formula by hand for 40 of 100, 90 of 100 and 80 of 100: wider than the apparent interval divided by J."""
    z = 1.959964
    p, se, sp = (40 + z * z / 2) / (100 + z * z), 91 / 102, 81 / 102
    va, vb = se * (1 - se) / 102, sp * (1 - sp) / 102
    middle = (p + sp - 1) / (se + sp - 1)
    centre = middle + 2 * z * z * (middle * va - (1 - middle) * vb)
    half = z * (p * (1 - p) / (100 + z * z) + middle**2 * va + (1 - middle) ** 2 * vb) ** 0.5 / (se + sp - 1)
    found = corrected_rate(0.4, 100, Calibration(sensitivity=(90, 100), specificity=(80, 100)))[1]
    assert (found.low, found.high) == (pytest.approx(centre - half, abs=1e-6), pytest.approx(centre + half, abs=1e-6))


def test_a_rate_below_the_judges_false_alarms_is_clipped_and_said_to_be(measure: Measure) -> None:
    """15 of 100 by a judge that cries wolf in 1 of 5: zero, clipped from -.071, inside its own interval."""
    apparent = measure.rate("seen", {str(n): n < 15 for n in range(100)})
    found = measure.corrected("true", apparent, Calibration(sensitivity=(90, 100), specificity=(80, 100)))
    assert found.value == 0 and found.note.endswith("clipped from −0.0714")
    assert found.interval is not None and found.interval.low == 0 < found.interval.high < 1


def test_a_rate_that_the_calibration_cannot_explain_decides_nothing(measure: Measure) -> None:
    """2 of 100 by the same judge: even its false alarms alone are more, so the interval is called degenerate and reaches to what was seen."""
    apparent = measure.rate("seen", {str(n): n < 2 for n in range(100)})
    found = measure.corrected("true", apparent, Calibration(sensitivity=(90, 100), specificity=(80, 100)))
    assert found.interval is not None and apparent.interval is not None
    assert found.value == found.interval.low == 0 and found.interval.high == apparent.interval.high and "does not fit" in found.note
    assert found.interval.method.startswith("degenerate") and "does not fit these answers" in found.interval.method


def test_a_contrast_is_divided_by_youdens_j_and_keeps_its_p(measure: Measure) -> None:
    """The offset cancels: 21 pp by a judge of .9 and .8 are 30 pp; the interval is wider than the scaled one, p and its floor are the apparent ones."""
    apparent = measure.shift("seen", {str(n): n < 41 for n in range(100)}, {str(n): n < 20 for n in range(100)})
    found = measure.corrected("true", apparent, Calibration(sensitivity=(90, 100), specificity=(80, 100)))
    assert (found.value, found.unit) == (pytest.approx(30), "pp")
    assert (found.p, found.p_floor, found.p_method) == (apparent.p, apparent.p_floor, apparent.p_method)
    assert found.interval is not None and apparent.interval is not None
    assert found.interval.high - found.interval.low > (apparent.interval.high - apparent.interval.low) / 0.7
    assert found.interval.method.endswith("apparent: Newcombe paired (method 10)")


def test_thirty_of_thirty_is_not_certainty() -> None:
    """A judge without an error in 30 + 30 leaves the value as it is and widens its interval all the same."""
    apparent = Interval(low=20.0, high=60.0, level=0.95, method="x")
    value, found = corrected_contrast(40.0, apparent, Calibration(sensitivity=(30, 30), specificity=(30, 30)))
    assert value == 40.0 and found.low < 20.0 and found.high > 60.0


def test_an_interval_that_decides_nothing_stays_one(measure: Measure) -> None:
    """All items equal: the corrected interval still says degenerate, which the criterion refuses to decide by."""
    apparent = measure.contrast("seen", [(1, {"a": 0.5, "b": 0.5}), (-1, {"a": 0, "b": 0})])
    found = measure.corrected("true", apparent, GOOD)
    assert found.interval is not None and found.interval.method.startswith("degenerate")


@pytest.mark.parametrize(
    ("sensitivity", "specificity", "told"),
    [
        ((15, 30), (15, 30), "no better than guessing"),
        ((3, 30), (10, 30), "3 of 30 positives and 10 of 30 negatives"),
        ((20, 30), (15, 30), "which guessing cannot be excluded from"),
        ((3, 3), (2, 3), "which guessing cannot be excluded from"),
    ],
)
def test_a_judge_that_tells_nothing_makes_it_inconclusive(measure: Measure, sensitivity: tuple[int, int], specificity: tuple[int, int], told: str) -> None:
    """J at or below zero, or with an interval that reaches zero: the numbers stand in the reason and nothing is recorded."""
    apparent = measure.rate("seen", {str(n): n < 40 for n in range(100)})
    with pytest.raises(Inconclusive, match=told):
        measure.corrected("true", apparent, Calibration(sensitivity=sensitivity, specificity=specificity))
    assert measure.taken == [apparent]


@pytest.mark.parametrize("counts", [(31, 30), (-1, 30), (0, 0)])
def test_counts_that_cannot_be_are_refused(measure: Measure, counts: tuple[int, int]) -> None:
    """More hits than cases, or no cases: a mistake, not an error rate."""
    with pytest.raises(HarnessError, match="a calibration of"):
        measure.corrected("true", measure.rate("seen", {"a": True, "b": False}), Calibration(sensitivity=counts, specificity=(30, 30)))


def test_only_rates_and_their_contrasts_with_an_interval_are_corrected(measure: Measure) -> None:
    """Points are no rates, and a bare number carries no uncertainty to correct."""
    with pytest.raises(HarnessError, match="which is in points"):
        measure.corrected("a", measure("p", 3, "points", n=4, interval=(1, 5)), GOOD)
    with pytest.raises(HarnessError, match="which has no interval"):
        measure.corrected("b", measure("r", 0.3, "rate", n=4), GOOD)


@pytest.mark.parametrize(
    ("se", "sp", "cases", "rates", "n"),
    [(0.9, 0.95, 30, (0.5, 0.3), 100), (0.8, 0.8, 30, (0.9, 0.1), 400), (0.98, 0.99, 30, (0.05, 0.02), 200), (0.9, 0.9, 100, (0.8, 0.2), 100)],
)
def test_corrected_intervals_cover(se: float, sp: float, cases: int, rates: tuple[float, float], n: int) -> None:
    """Judges of .8 to .99 calibrated on 30 or 100 cases of each kind: at least 93 % of 1,500 intervals hold the true rate, and the true contrast."""
    rng, held, tried = np.random.default_rng([int(100 * se), n]), np.zeros(2), 0
    for _ in range(1500):
        calibration = Calibration(sensitivity=(int(rng.binomial(cases, se)), cases), specificity=(int(rng.binomial(cases, sp)), cases))
        a, b = (np.where(rng.random(n) < rate, rng.random(n) < se, rng.random(n) < 1 - sp) for rate in rates)
        both, gained, lost = int((a & b).sum()), int((a & ~b).sum()), int((~a & b).sum())
        low, high = newcombe_paired(both, gained, lost, n - both - gained - lost)
        apparent = Interval(low=100 * float(low), high=100 * float(high), level=0.95, method="Newcombe")
        try:
            rate, contrast = corrected_rate(float(a.mean()), n, calibration)[1], corrected_contrast(100 * (gained - lost) / n, apparent, calibration)[1]
        except Inconclusive:
            continue
        tried += 1
        held += [rate.low <= rates[0] <= rate.high, contrast.low <= 100 * (rates[0] - rates[1]) <= contrast.high]
    assert tried > 1450 and (held / tried >= 0.93).all()


def test_a_contrast_of_two_arms_is_clipped_with_its_interval(measure: Measure) -> None:
    """Two arms cannot differ by more than 100 pp, whatever the judge's errors make of a large difference; the note says so."""
    items = [str(number) for number in range(40)]
    apparent = measure.contrast("seen", [(1, dict.fromkeys(items, 1)), (-1, dict.fromkeys(items, 0))])
    assert apparent.interval is not None and apparent.interval.method.startswith("Newcombe")
    found = measure.corrected("true", apparent, GOOD, limit=100)
    assert found.value == 100 and found.interval is not None and found.interval.high == 100
    assert "the calibration does not fit" in found.note and found.interval.low <= apparent.interval.low


def test_a_value_beyond_what_can_be_never_looks_certain(measure: Measure) -> None:
    """A rate above what the calibration allows is told as 1 with an interval that reaches back to what was seen, not as 1 without doubt."""
    poor = Calibration(sensitivity=(60, 100), specificity=(90, 100))
    apparent = measure.rate("seen", {str(number): number < 57 for number in range(60)})
    found = measure.corrected("true", apparent, poor)
    assert apparent.interval is not None and found.interval is not None
    assert found.value == 1 and found.interval.low <= apparent.interval.low < 1 and "does not fit" in found.note
