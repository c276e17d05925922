"""What a rule does before there are data: how often it passes when nothing is there, how often when the expected effect is, and the smallest p it can reach.

Simulated with the criterion (but for floors and ceilings) and the rule that decide the real run.
Items are paired; given the baseline, treated answers are drawn independently,
which makes more discordant pairs than real models do and so errs towards too little power. Cells that share a threshold share their baseline arm.
Where a threshold declares the SD between seeds, every simulated effect, that of nothing included, moves by that noise; the interval stays that over items.
"""

from __future__ import annotations

from typing import Any

from harness.design import unit_power
from harness.design.spec import ExperimentSpec, HypothesisSpec, ThresholdSpec
from harness.errors import HarnessError
from harness.records import ScaleName
from harness.seeds import generator
from harness.verdict.criterion import answers
from harness.verdict.intervals import newcombe_paired
from harness.verdict.rule_evaluation import conjunction_p, evaluate_many

SIMULATIONS = 1000
NOISY = "; effects move by the declared seed noise, intervals are over items"
ASSUMPTIONS = "paired items, treated answers independent given the rate, shared baseline arm; before Holm"


def simulate_hypothesis(spec: ExperimentSpec, name: str, scale: ScaleName) -> dict[str, Any]:
    """false_pass, power, p_floor of hypothesis `name`, or `not_simulated` with the reason."""
    hypothesis = spec.hypotheses[name]
    cells = cells_of(spec, hypothesis, scale)
    bars = [bar_of(spec, hypothesis, params) for params in cells]
    if (simulation := unit_power.simulation_of(spec, bars, scale)) is not None:
        try:
            return unit_power.simulate(spec, hypothesis, scale, cells, [bar for bar in bars if bar is not None], simulation)
        except HarnessError as error:  # the simulation of a domain fails; a run is decided without its power
            return {"not_simulated": str(error)}
    missing = [bar for bar in bars if bar is None or unknown(spec, bar, scale)]
    if missing:
        return {"not_simulated": "a threshold lacks n, expected_baseline or expected_effect, or has another unit than pp and lacks its `simulation`"}
    known = [bar for bar in bars if bar is not None]
    floors = [(params, 0.5 ** (size(spec, bar, scale) - 1)) for params, bar in zip(cells, known, strict=True)]
    return {
        "false_pass": pass_rate(spec, hypothesis, scale, cells, known, with_effect=False),
        "power": pass_rate(spec, hypothesis, scale, cells, known, with_effect=True),
        "p_floor": conjunction_p(hypothesis.rule, floors),
        "simulations": SIMULATIONS,
        "assumptions": ASSUMPTIONS + (NOISY if any(bar.seed_sd for bar in known) else ""),
    }


def cells_of(spec: ExperimentSpec, hypothesis: HypothesisSpec, scale: ScaleName) -> list[dict[str, Any]]:
    """The product of the axes, as parameter sets."""
    from itertools import product

    values = [spec.scales[scale].seeds if axis == "seed" else spec.axis(axis, scale) for axis in hypothesis.cells]
    return [dict(zip(hypothesis.cells, point, strict=True)) for point in product(*values)]


def bar_of(spec: ExperimentSpec, hypothesis: HypothesisSpec, params: dict[str, Any]) -> ThresholdSpec | None:
    """The threshold that applies to a cell: by the value of `threshold_axis`, or the only one named."""
    name = str(params[hypothesis.threshold_axis]) if hypothesis.threshold_axis else (hypothesis.thresholds or ("",))[0]
    return spec.thresholds.get(name)


def name_of(spec: ExperimentSpec, bar: ThresholdSpec) -> str:
    return next(name for name, threshold in spec.thresholds.items() if threshold is bar)


def size(spec: ExperimentSpec, bar: ThresholdSpec, scale: ScaleName) -> int:
    """The number of items a threshold is measured on: a number, or the name of a setting."""
    n = bar.n
    return int(spec.scales[scale].settings[n]) if isinstance(n, str) else int(n or 0)


def unknown(spec: ExperimentSpec, bar: ThresholdSpec, scale: ScaleName) -> bool:
    lacks = bar.n is None or bar.expected_baseline is None or bar.expected_effect is None or bar.unit != "pp"
    return lacks or (isinstance(bar.n, str) and bar.n not in spec.scales[scale].settings)


def pass_rate(
    spec: ExperimentSpec, hypothesis: HypothesisSpec, scale: ScaleName, cells: list[dict[str, Any]], bars: list[ThresholdSpec], *, with_effect: bool
) -> float:
    """Share of simulated experiments in which the rule supports the hypothesis."""
    import numpy as np

    baselines: dict[int, Any] = {}
    outcomes = []
    for place, (params, bar) in enumerate(zip(cells, bars, strict=True)):
        n = size(spec, bar, scale)
        before = baselines.setdefault(id(bar), generator("baseline", spec.id, scale, name_of(spec, bar)).binomial(n, bar.expected_baseline or 0.0, SIMULATIONS))
        # A cell of its own for each seed is measured with one; any other averages over all of them.
        seeds = 1 if "seed" in hypothesis.cells else len(spec.scales[scale].seeds)
        spread = (bar.seed_sd or 0.0) / 100 / seeds**0.5
        noise = generator("seed noise", spec.id, scale, place, with_effect).normal(0, spread, SIMULATIONS) if spread else 0.0
        outcomes.append((params, one_cell(bar, n, before, generator("cell", spec.id, scale, place, with_effect), with_effect, noise)))
    yes, no = (np.array([answer[side] for _, answer in outcomes]) for side in (0, 1))
    holds, _ = evaluate_many(hypothesis.rule, [(params, place) for place, (params, _) in enumerate(outcomes)], yes, no)
    return float(holds.mean())


def one_cell(bar: ThresholdSpec, n: int, before: Any, rng: Any, with_effect: bool, noise: Any) -> tuple[Any, Any]:
    """(holds, does not hold) of one cell in every simulated experiment, neither where it is undecided; `noise` moves the true rate of each, in shares."""
    import numpy as np

    towards = -1 if bar.direction == "decrease" else 1
    effect = (bar.expected_effect or 0) / 100 if with_effect else 0.0
    rate = np.clip((bar.expected_baseline or 0) + towards * effect + noise, 0.0, 1.0)
    both = rng.binomial(before, rate)
    gained = rng.binomial(n - before, rate)
    low, high = newcombe_paired(both, gained, before - both, n - before - gained)
    value = (both + gained - before) / n
    yes, no = answers(100 * value, 100 * low, 100 * high, bar.value, bar.direction)
    return yes, no & ~yes
