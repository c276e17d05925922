"""What a decision does before there are data: how often a hypothesis passes where nothing is there, where it is nearly true, and where the expected effect
is; and how often it is decided at all.

The whole decision is simulated: every criterion that a cell asserts, in order, with its interval and p, a judge's errors and their correction, floors and
ceilings, the rule with its partial conjunction, Holm over the confirmatory family, alpha. Cells are drawn one by one; cells of one threshold share their
baseline arm. Where a threshold declares the SD between seeds, every effect, that of nothing included, moves by that noise; the interval stays that over items.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any

from harness.design import unit_power
from harness.design.criterion_draws import CannotSimulate, Draws, draw_cell
from harness.design.spec import ExperimentSpec, HypothesisSpec, ThresholdSpec
from harness.errors import HarnessError
from harness.records import ScaleName
from harness.verdict.rule import Rule
from harness.verdict.rule_evaluation import conjunction_many, conjunction_p, evaluate_many, group_cells, required_count

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# 2,500 keep the Monte Carlo standard error of a share at or below .01.
SIMULATIONS = 2500
POOLED = "; intervals and p are over items, though a run of several seeds takes the wider of these and of those over seeds"
NOISY = "; effects move by the declared seed noise, intervals are over items"
ASSUMPTIONS = "items paired and independent given the rates, cells drawn one by one with a shared baseline arm, controls and gates passed"


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """A hypothesis in every simulated experiment: whether its rule holds, whether it cannot hold any more, and the rule's p."""

    holds: NDArray[np.bool_]
    fails: NDArray[np.bool_]
    p: NDArray[np.float64]


def simulate_decisions(spec: ExperimentSpec, scale: ScaleName) -> dict[str, dict[str, Any]]:
    """For each hypothesis false_pass, false_pass_nearly, power, decided (of the time, with nothing and with the effect there), standard_error, p_floor;
    or `not_simulated` with the reason, which is `argued` where the declaration gives it."""
    found: dict[str, dict[str, Any]] = {}
    outcomes: dict[str, dict[str, Outcome]] = {}
    for name, hypothesis in spec.hypotheses.items():
        try:
            outcomes[name] = simulate_hypothesis(spec, name, hypothesis, scale)
        except CannotSimulate as reason:
            found[name] = {"not_simulated": str(reason), "argued": reason.argued}
        except HarnessError as failure:  # the simulation of a domain fails; a run is decided without its power
            found[name] = {"not_simulated": str(failure), "argued": False}
    family = [name for name in outcomes if spec.hypotheses[name].family == "confirmatory"]
    holm = {scenario: adjust(spec, family, outcomes, scenario) for scenario in ("nothing", "expected")}
    for name, drawn in outcomes.items():
        tested = name in family
        adjusted = {scenario: found_p.get(name) for scenario, found_p in holm.items()}
        rates = {
            "false_pass": passes(drawn["nothing"], adjusted["nothing"], spec.alpha),
            # The other hypotheses count as decided: then Holm asks least of this one.
            "false_pass_nearly": passes(drawn["nearly"], drawn["nearly"].p if tested else None, spec.alpha),
            "power": passes(drawn["expected"], adjusted["expected"], spec.alpha),
        }
        decided = [passes(drawn[scenario], adjusted[scenario], spec.alpha) + float(drawn[scenario].fails.mean()) for scenario in ("nothing", "expected")]
        error = max((rate * (1 - rate) / SIMULATIONS) ** 0.5 for rate in rates.values())
        found[name] = {
            **rates,
            "decided": decided,
            "standard_error": error,
            "p_floor": p_floor(spec, name, scale),
            "simulations": SIMULATIONS,
            "assumptions": assumptions(spec, name, scale),
        }
    return {name: found[name] for name in spec.hypotheses}


def adjust(spec: ExperimentSpec, family: Sequence[str], outcomes: Mapping[str, Mapping[str, Outcome]], scenario: str) -> dict[str, NDArray[np.float64]]:
    """Holm's adjustment over the confirmatory hypotheses; those that are not simulated count as not supported."""
    import numpy as np

    others = [name for name, one in spec.hypotheses.items() if one.family == "confirmatory" and name not in family]
    return holm_many({name: outcomes[name][scenario].p for name in family} | {name: np.ones(SIMULATIONS) for name in others})


def assumptions(spec: ExperimentSpec, name: str, scale: ScaleName) -> str:
    """What the simulation of a hypothesis takes for granted; a domain that simulates its cells says so itself."""
    hypothesis = spec.hypotheses[name]
    simulation = unit_power.simulation_of(spec, [bar_of(spec, hypothesis, params) for params in cells_of(spec, hypothesis, scale)], scale)
    if simulation is not None:
        return f"{simulation.assumptions}; p of what holds is the smallest of its test"
    bars = hypothesis.thresholds if not hypothesis.threshold_axis else spec.thresholds
    pooled = "seed" not in hypothesis.cells and len(spec.scales[scale].seeds) > 1
    return ASSUMPTIONS + (POOLED if pooled else "") + (NOISY if any(spec.thresholds[bar].seed_sd for bar in bars if bar in spec.thresholds) else "")


def passes(outcome: Outcome, p: NDArray[np.float64] | None, alpha: float) -> float:
    """The share of simulated experiments in which the hypothesis is supported; an exploratory one is by its rule alone."""
    return float((outcome.holds if p is None else outcome.holds & (p <= alpha)).mean())


def simulate_hypothesis(spec: ExperimentSpec, name: str, hypothesis: HypothesisSpec, scale: ScaleName) -> dict[str, Outcome]:
    """The hypothesis where nothing is there, where it is nearly true, and where every cell has the expected effect. Raises CannotSimulate."""
    cells = cells_of(spec, hypothesis, scale)
    drawn = {present: draw_cells(spec, name, hypothesis, scale, cells, present=present) for present in (False, True)}
    true = {"nothing": [False] * len(cells), "nearly": nearly_true(hypothesis.rule, cells), "expected": [True] * len(cells)}
    return {scenario: decide(hypothesis.rule, cells, [drawn[present][index] for index, present in enumerate(held)]) for scenario, held in true.items()}


def draw_cells(spec: ExperimentSpec, name: str, hypothesis: HypothesisSpec, scale: ScaleName, cells: Sequence[dict[str, Any]], *, present: bool) -> list[Draws]:
    bars = [bar_of(spec, hypothesis, params) for params in cells]
    if (simulation := unit_power.simulation_of(spec, bars, scale)) is not None:
        return unit_power.draw_cells(spec, scale, [bar for bar in bars if bar is not None], simulation, SIMULATIONS, present=present)
    return [draw_cell(spec, name, hypothesis, scale, params, index, SIMULATIONS, present=present) for index, params in enumerate(cells)]


def decide(rule: Rule, cells: Sequence[dict[str, Any]], drawn: Sequence[Draws]) -> Outcome:
    import numpy as np

    places = [(params, index) for index, params in enumerate(cells)]
    yes, no = np.array([one.yes for one in drawn]), np.array([one.no for one in drawn])
    holds, fails = evaluate_many(rule, places, yes, no)
    return Outcome(holds=holds, fails=fails, p=conjunction_many(rule, places, np.where(yes, np.array([one.p for one in drawn]), 1.0)))


def nearly_true(rule: Rule | None, cells: Sequence[dict[str, Any]]) -> list[bool]:
    """Which cells have the effect where the rule just fails to be true: one group too few at each level, the others as near to it as they can be."""
    true = mark_true(rule, [(params, index) for index, params in enumerate(cells)])
    return [index in true for index in range(len(cells))]


def mark_true(rule: Rule | None, cells: Sequence[tuple[dict[str, Any], int]]) -> set[int]:
    if rule is None:
        return {index for _, index in cells[1:]}  # all must hold: one does not
    groups = group_cells(cells, rule.of)
    whole = required_count(rule, len(groups)) - 1
    return {index for group in groups[:whole] for _, index in group} | {index for group in groups[whole:] for index in mark_true(rule.each, group)}


def holm_many(ps: Mapping[str, NDArray[np.float64]]) -> dict[str, NDArray[np.float64]]:
    """Holm's adjustment (see verdict.family) in every simulated experiment at once."""
    import numpy as np

    if not ps:
        return {}
    values = np.array(list(ps.values()))
    order = values.argsort(axis=0, kind="stable")
    steps = np.take_along_axis(values, order, 0) * np.arange(len(values), 0, -1)[:, None]
    adjusted = np.empty_like(values)
    np.put_along_axis(adjusted, order, np.minimum(1.0, np.maximum.accumulate(steps, axis=0)), 0)
    return dict(zip(ps, adjusted, strict=True))


def cells_of(spec: ExperimentSpec, hypothesis: HypothesisSpec, scale: ScaleName) -> list[dict[str, Any]]:
    """The product of the axes, as parameter sets."""
    values = [spec.scales[scale].seeds if axis == "seed" else spec.axis(axis, scale) for axis in hypothesis.cells]
    return [dict(zip(hypothesis.cells, point, strict=True)) for point in product(*values)]


def bar_of(spec: ExperimentSpec, hypothesis: HypothesisSpec, params: dict[str, Any]) -> ThresholdSpec | None:
    """The threshold that applies to a cell: by the value of `threshold_axis`, or the first one named."""
    name = str(params[hypothesis.threshold_axis]) if hypothesis.threshold_axis else (hypothesis.thresholds or ("",))[0]
    return spec.thresholds.get(name)


def p_floor(spec: ExperimentSpec, name: str, scale: ScaleName) -> float:
    """The smallest p of the rule, with the smallest p of each cell's test."""
    hypothesis = spec.hypotheses[name]
    cells = cells_of(spec, hypothesis, scale)
    return conjunction_p(hypothesis.rule, [(params, unit_power.smallest_p(spec, bar_of(spec, hypothesis, params), scale)) for params in cells])
