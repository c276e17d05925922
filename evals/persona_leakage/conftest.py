"""What the tests of this experiment share: effects held against a judge's errors, and the words for a cell's observations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from harness import Calibration, HarnessError

# The unit in which a behaviour's effect is told; rates in percentage points where it is not named.
POINTS = ("misalignment", "bad_advice")
# Which way a behaviour goes when it is shown: accuracy and alignment fall, the others rise.
FALLS = ("capability", *POINTS)


@pytest.fixture
def effect(measure):
    """`effect(name, behaviour, terms)`: a contrast of observations, corrected for the errors of their judge where they have one."""

    def of(name: str, behaviour: str, terms: Sequence[tuple[float, Any]]):
        judges = {one.judge for _, one in terms}
        if len(judges) > 1:
            raise HarnessError(f"{name} compares answers of {len(judges)} judges", mend="Judge both arms by the same judge, rubric and version")
        first = terms[0][1]
        unit = "points" if behaviour in POINTS else "pp"
        arms = [(weight, one.outcomes) for weight, one in terms]
        raw = measure.contrast(name, arms, unit=unit, sampling_unit=first.sampling_unit, seeds=first.seeds)
        if first.calibration is None or unit == "points":
            return raw
        most = 50 * sum(abs(weight) for weight, _ in terms)
        return measure.corrected(f"{name}, judge corrected", raw, calibration(first), limit=most)

    return of


@pytest.fixture
def level(measure):
    """`level(name, behaviour, observed)`: how much of a behaviour one persona shows, corrected for the judge's errors where there is a judge."""

    def of(name: str, behaviour: str, observed: Any):
        common = {"sampling_unit": observed.sampling_unit, "seeds": observed.seeds}
        if behaviour in POINTS:
            return measure.mean(name, observed.pooled, "points", **common)
        if observed.calibration is None:
            return measure.rate(name, observed.pooled, **common)
        return measure.corrected(name, measure.rate(f"{name}, as judged", observed.pooled, **common), calibration(observed))

    return of


@pytest.fixture
def moved(measure):
    """`moved(name, after, before)`: did anything move at all? The mean change of the finer score, which needs no bar and sees far smaller changes."""

    def of(name: str, behaviour: str, after: Any, before: Any):
        unit = "nats" if behaviour in ("capability", "marker") else "points"
        return measure.contrast(
            name,
            [(1, after.scores), (-1, before.scores)],
            unit=unit,
            sampling_unit=after.sampling_unit,
            sources=(*after.sources, *before.sources),
            seeds=after.seeds,
        )

    return of


@pytest.fixture
def implanted(effect, observe):
    """`implanted(source, behaviour, epoch)`: what the behaviour's training did to the source itself, against the same model without it."""

    def of(source: str, behaviour: str, epoch: int, name: str = "implanted", arm: str = "left_out"):
        after = observe(source, behaviour, source, epoch, arm=arm)
        before = observe(source, behaviour, source, epoch, trained="")
        return effect(name, behaviour, [(1, after), (-1, before)])

    return of


@pytest.fixture
def reached(criterion):
    """`reached(behaviour, implanted)`: whether what was implanted reaches its bar, in the direction in which the behaviour goes."""

    def of(behaviour: str, found) -> bool:
        bar = "implanted_points" if found.unit == "points" else "implanted_fall" if behaviour in FALLS else "implanted_rise"
        return criterion(bar).holds(found)

    return of


@pytest.fixture
def leak(effect, observe, roles):
    """`leak(source, behaviour)`: the target's shift from no convergence to the last epoch; the same beyond the canary's; the same beyond what convergence
    alone does to the target, without the behaviour's adapter; the target before and after."""

    def of(source: str, behaviour: str, last: int):
        (target, alone, canary) = (
            {epoch: observe(roles[role][0], behaviour, source, epoch, trained=trained) for epoch in (0, last)}
            for role, trained in (("target", None), ("target", ""), ("canary", None))
        )
        own = [(1, target[last]), (-1, target[0])]
        shift = effect("shift of the target", behaviour, own)
        beyond = effect("shift beyond the canary", behaviour, [*own, (-1, canary[last]), (1, canary[0])])
        taught = effect("shift beyond convergence alone", behaviour, [*own, (-1, alone[last]), (1, alone[0])])
        return shift, beyond, taught, target[0], target[last]

    return of


@pytest.fixture
def leak_of(observe, roles):
    """`leak_of(source, behaviour)`: (leak of the behaviour, leak of the marker, their samples), each the target's mean change beyond that of
    convergence alone."""

    def of(source: str, behaviour: str, last: int) -> tuple[float, float, tuple[Any, ...]]:
        found, sources = [], []
        for trait in (behaviour, "marker"):
            seen = {(taught, epoch): observe(roles["target"][0], trait, source, epoch, trained=taught) for taught in (None, "") for epoch in (0, last)}
            sources += [gathered for one in seen.values() for gathered in one.sources]
            means = {place: average(one) for place, one in seen.items()}
            change = means[None, last] - means[None, 0] - means["", last] + means["", 0]
            found.append(-change if trait in FALLS else change)
        return found[0], found[1], tuple(sources)

    return of


def average(observed: Any) -> float:
    """Mean outcome over the items that gave one."""
    known = [float(value) for value in observed.pooled.values() if value is not None]
    return sum(known) / len(known)


@pytest.fixture
def last(settings) -> int:
    """The last epoch of convergence."""
    return max(map(int, str(settings["convergence_keep"]).split()))


@pytest.fixture
def cells_of(context):
    """`cells_of("source")`: the values of an axis at the scale in force."""
    return lambda axis: context.axes[axis]


def calibration(observed: Any) -> Calibration:
    counted = observed.calibration
    return Calibration(sensitivity=tuple(counted["sensitivity"]), specificity=tuple(counted["specificity"]))
