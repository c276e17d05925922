"""What the tests of this experiment ask for: differences of arms run by run, and slopes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from fixtures.evolution import report_beliefs, report_courses, report_deception, report_phases  # noqa: F401  fixtures
from harness import Interval, read_yaml
from harness.domains.evolution import ArmResult

Ends = Mapping[str, float | None]


@pytest.fixture
def over_runs(measure):
    """`over_runs(name, values, unit, arms)` records the mean over runs (`values` by seed), Student's t interval and p against zero."""

    def record_mean(name: str, values: Ends, unit: str, *arms: ArmResult, note: str = "") -> Any:
        from scipy.stats import t, ttest_1samp

        from harness.verdict import SMALLEST_P

        found = np.array([value for value in values.values() if value is not None], dtype=float)
        mean, error = float(found.mean()), float(found.std(ddof=1) / np.sqrt(len(found)))
        away = float(t.ppf(0.975, len(found) - 1)) * error
        method = "Student's t over runs" if error > 0 else "degenerate: all runs are equal"
        left = len(values) - len(found)
        told = "; ".join(filter(None, (note, f"{left} of {len(values)} runs have no such number" if left else "")))
        common = {"n": len(found), "sampling_unit": "run", "seeds": arms[0].seeds, "sources": tuple(source for arm in arms for source in arm.sources)}
        interval = Interval(low=mean - away, high=mean + away, level=0.95, method=method)
        if error == 0:
            return measure(name, mean, unit, interval=interval, note=told, **common)
        p = max(SMALLEST_P, float(ttest_1samp(found, 0.0).pvalue))
        return measure(name, mean, unit, interval=interval, p=p, p_floor=0.0, p_method="two-sided t test over runs", note=told, **common)

    return record_mean


@pytest.fixture
def published(context):
    """(base, conditions): what all published runs set, and by "level 1, rho 0" the published figures of a condition with what it sets besides."""
    data = read_yaml(context.folder / "published.yaml")
    levels = {name: level for name, level in data.items() if name.startswith("level ")}
    conditions = {f"{name}, {each}": (stated, level["set"] | stated["set"]) for name, level in levels.items() for each, stated in level["conditions"].items()}
    return data["base"], conditions


@pytest.fixture
def differ(over_runs):
    """`differ(name, measured, treated, baseline, unit)`: treated less baseline at the last generation, run by run; shares in pp."""

    def record_difference(name: str, measured: str, treated: ArmResult, baseline: ArmResult, unit: str) -> Any:
        scale, before, after = 100.0 if unit == "pp" else 1.0, baseline.end(measured), treated.end(measured)
        values = {seed: None if after[seed] is None or before[seed] is None else scale * (after[seed] - before[seed]) for seed in after}
        return over_runs(name, values, unit, treated, baseline)

    return record_difference


@pytest.fixture
def slope(measure):
    """`slope(name, arm, other)` records how much value an arm gains for a unit of fitness, as tested, less what another arm of the same seeds does, or less a
    number: ratios of means, their difference by a jackknife over runs."""

    def record_slope(name: str, arm: ArmResult, other: ArmResult | float) -> Any:
        from scipy.stats import t

        ratio, left_out = ratios(arm)
        expected, without = ratios(other) if isinstance(other, ArmResult) else (other, other)
        error = float(np.sqrt((len(left_out) - 1) * (left_out - without).var()))
        away, found = float(t.ppf(0.975, len(left_out) - 1)) * error, ratio - expected
        interval = Interval(low=found - away, high=found + away, level=0.95, method="difference of ratios of means, jackknife over runs, Student's t")
        sources = (*arm.sources, *(other.sources if isinstance(other, ArmResult) else ()))
        common = {"n": len(left_out), "sampling_unit": "run", "seeds": arm.seeds, "sources": sources}
        return measure(name, found, "ratio", interval=interval, note=f"the ratio is {ratio:.4f}, held against {expected:.4f}", **common)

    return record_slope


def ratios(arm: ArmResult) -> tuple[float, Any]:
    """(value gained for fitness gained over all runs, the same leaving out each run in turn)."""
    value, fitness = (np.array(list(arm.gain(each).values()), dtype=float) for each in ("value_tested", "fitness"))
    return float(value.sum() / fitness.sum()), (value.sum() - value) / (fitness.sum() - fitness)


@pytest.fixture
def differing_gains(over_runs):
    """`differing_gains(name, measured, treated, baseline, unit)`: rise of a measure in one arm less that in another, run by run; shares in pp."""

    def record_gain_difference(name: str, measured: str, treated: ArmResult, baseline: ArmResult, unit: str = "value") -> Any:
        scale, before, after = 100.0 if unit == "pp" else 1.0, baseline.gain(measured), treated.gain(measured)
        return over_runs(name, {seed: scale * (after[seed] - before[seed]) for seed in after}, unit, treated, baseline)

    return record_gain_difference
