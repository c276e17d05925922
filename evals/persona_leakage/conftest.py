"""What the tests of this experiment share: effects and levels corrected for a judge's errors, and contrasts of a cell's results."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from harness import Calibration, Inconclusive
from harness.domains.leakage import Leak


@pytest.fixture
def effect(measure):
    """`effect(name, terms)`: a contrast of results of one behaviour, corrected for the errors of their judge where they have one."""

    def record_effect(name: str, terms: Sequence[tuple[float, Any]]):
        first = terms[0][1]
        unit = first.behaviour.unit
        arms = [(weight, one.by_seed) for weight, one in terms]
        raw = measure.contrast(name, arms, unit=unit, sampling_unit=first.behaviour.sampling_unit, seeds=first.seeds)
        if first.judge is None or unit == "points":
            return raw
        most = 50 * sum(abs(weight) for weight, _ in terms)
        return measure.corrected(f"{name}, judge corrected", raw, calibration(first), limit=most)

    return record_effect


@pytest.fixture
def level(measure):
    """`level(name, result)`: how much of a behaviour one persona shows, corrected for the judge's errors where there is a judge."""

    def record_level(name: str, result: Any):
        common = {"sampling_unit": result.behaviour.sampling_unit, "seeds": result.seeds}
        if result.behaviour.unit == "points":
            return measure.mean(name, result.outcomes, "points", **common)
        if result.judge is None:
            return measure.rate(name, result.outcomes, **common)
        return measure.corrected(name, measure.rate(f"{name}, as judged", result.outcomes, **common), calibration(result))

    return record_level


@pytest.fixture
def moved(measure):
    """`moved(name, after, before)`: did anything move at all? The mean change of the finer score, which needs no bar and sees far smaller changes."""

    def record_change(name: str, after: Any, before: Any):
        return measure.contrast(
            name,
            [(1, after.scores), (-1, before.scores)],
            unit=after.score_unit,
            sampling_unit=after.behaviour.sampling_unit,
            sources=(*after.sources, *before.sources),
            seeds=after.seeds,
        )

    return record_change


@pytest.fixture
def implants(effect, evaluate_persona, criterion):
    """`implants(source, behaviour, epoch, name)`: whether the behaviour's training reaches its bar in the source itself, against the same model without it."""

    def is_implanted(source: str, behaviour: str, epoch: int, name: str, arm: str = "left_out") -> bool:
        after = evaluate_persona(source, behaviour, source, epoch, arm=arm)
        before = evaluate_persona(source, behaviour, source, epoch, trained="")
        bar = "implanted_points" if after.behaviour.unit == "points" else "implanted_fall" if after.behaviour.falls else "implanted_rise"
        return criterion(bar).holds(effect(name, [(1, after), (-1, before)]))

    return is_implanted


@pytest.fixture
def leak(effect, evaluate_persona, roles):
    """`leak(source, behaviour)`: the target's shift from no convergence to the last epoch; the same beyond the canary's; the same beyond what convergence
    alone does to the target, without the behaviour's adapter; the target before and after."""

    def measure_leak(source: str, behaviour: str, last: int):
        (target, alone, canary) = (
            {epoch: evaluate_persona(roles[role][0], behaviour, source, epoch, trained=trained) for epoch in (0, last)}
            for role, trained in (("target", None), ("target", ""), ("canary", None))
        )
        own = [(1, target[last]), (-1, target[0])]
        shift = effect("shift of the target", own)
        beyond = effect("shift beyond the canary", [*own, (-1, canary[last]), (1, canary[0])])
        taught = effect("shift beyond convergence alone", [*own, (-1, alone[last]), (1, alone[0])])
        return shift, beyond, taught, target[0], target[last]

    return measure_leak


@pytest.fixture
def leak_of(evaluate_persona, roles):
    """`leak_of(source, behaviour)`: (leak of the behaviour, leak of the marker, their samples), each the target's mean change beyond that of
    convergence alone."""

    def measure_both_leaks(source: str, behaviour: str, last: int) -> tuple[float, float, tuple[Any, ...]]:
        found, sources = [], []
        for trait in (behaviour, "marker"):
            seen = {(taught, epoch): evaluate_persona(roles["target"][0], trait, source, epoch, trained=taught) for taught in (None, "") for epoch in (0, last)}
            sources += [gathered for one in seen.values() for gathered in one.sources]
            means = {at: average(one) for at, one in seen.items()}
            change = means[None, last] - means[None, 0] - means["", last] + means["", 0]
            found.append(-change if seen[None, 0].behaviour.falls else change)
        return found[0], found[1], tuple(sources)

    return measure_both_leaks


@pytest.fixture
def tell_leak(report):
    """`tell_leak(source, behaviour, result, shift, beyond, taught)`: the three effects of a leak for the report's map of source by behaviour."""

    def report_leak(source: str, behaviour: str, result: Any, *effects: Any) -> None:
        numbers = {}
        for name, effect in zip(("shift", "beyond", "taught"), effects, strict=True):
            ends = effect.interval
            numbers |= {name: effect.value, f"{name}_low": ends and ends.low, f"{name}_high": ends and ends.high}
        known = {"source": source, "behaviour": behaviour, "unit": effects[0].unit, "falls": result.behaviour.falls}
        report(Leak(name=f"{behaviour} of {source}", **known, **numbers))

    return report_leak


@pytest.fixture
def ordered_sources(cells_of):
    """`ordered_sources()`: the sources of the scale where they are enough to show an order; raises Inconclusive where they are not."""

    def list_sources() -> Sequence[str]:
        names = cells_of("source")
        if len(names) < 5:  # four have 24 orders: p cannot fall to .05
            raise Inconclusive(f"N = {len(names)}: too few sources have an order that could be told from chance; the pilot scale has more")
        return names

    return list_sources


def average(result: Any) -> float:
    """Mean outcome over the items that gave one."""
    known = [float(value) for value in result.outcomes.values() if value is not None]
    return sum(known) / len(known)


@pytest.fixture
def last(settings) -> int:
    """The last epoch of convergence."""
    return max(map(int, str(settings["convergence_keep"]).split()))


@pytest.fixture
def cells_of(context):
    """`cells_of("source")`: the values of an axis at the scale in force."""
    return lambda axis: context.axes[axis]


def calibration(result: Any) -> Calibration:
    counts = result.judge.calibration
    return Calibration(sensitivity=tuple(counts["sensitivity"]), specificity=tuple(counts["specificity"]))
