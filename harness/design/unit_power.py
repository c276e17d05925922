"""What thresholds in a unit of a domain's could see, for the plan: each cell is simulated by the domain, all of them are decided by the rule of the real run.

The cells of a run may share what they were drawn from; here each is drawn by itself, which makes a rule over all cells look a little harder than it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import factorial
from typing import TYPE_CHECKING, Any

from harness.errors import HarnessError, explain_failure
from harness.extensions import simulations
from harness.seeds import generator
from harness.verdict.rank_correlation import DRAWN
from harness.verdict.tests import PERMUTATIONS

if TYPE_CHECKING:
    from harness.design.criterion_draws import Draws
    from harness.design.spec import ExperimentSpec, ThresholdSpec
    from harness.protocols import Simulation
    from harness.records import ScaleName


def simulation_of(spec: ExperimentSpec, bars: Sequence[ThresholdSpec | None], scale: ScaleName) -> Simulation | None:
    """The simulation of a domain where one serves every threshold, and each declares all that it needs."""
    units = {bar.unit if bar is not None and bar.simulation else "" for bar in bars}
    found = simulations().get(next(iter(units))) if len(units) == 1 else None
    return found if found is not None and all(bar is not None and is_complete(spec, bar, scale, found) for bar in bars) else None


def is_complete(spec: ExperimentSpec, bar: ThresholdSpec, scale: ScaleName, simulation: Simulation) -> bool:
    numbers = [number_of(spec, bar.simulation.get(name), scale) for name in simulation.needs]
    return bar.expected_effect is not None and bool(number_of(spec, bar.n, scale)) and None not in numbers


def number_of(spec: ExperimentSpec, value: str | float | None, scale: ScaleName) -> float | None:
    """A number as it stands, or the setting of that name."""
    found = spec.scales[scale].settings.get(value) if isinstance(value, str) else value
    return float(found) if isinstance(found, int | float) else None


def draw_cells(
    spec: ExperimentSpec, scale: ScaleName, bars: Sequence[ThresholdSpec], simulation: Simulation, simulations: int, *, present: bool
) -> list[Draws]:
    """Every cell in `simulations` experiments. Cells with one threshold share the domain's draws, each in an order of its own."""
    import numpy as np

    from harness.design.criterion_draws import Draws

    drawn: dict[int, Any] = {}
    found = []
    for index, bar in enumerate(bars):
        if id(bar) not in drawn:
            drawn[id(bar)] = answers(spec, bar, scale, simulation, with_effect=present)
        order = generator("alike power", spec.id, scale, index, present).integers(0, simulation.draws, simulations)
        yes, no = (side[order] for side in drawn[id(bar)])
        found.append(Draws(yes=yes, no=no, p=np.full(simulations, simulation.p_floor)))
    return found


def smallest_p(spec: ExperimentSpec, bar: ThresholdSpec | None, scale: ScaleName) -> float:
    """The smallest p of a cell's test: of the domain's test, of all orders, of McNemar's over n units, or of drawn sign flips."""
    if bar is None:
        return 0.0
    if bar.simulation and bar.unit in simulations():
        return simulations()[bar.unit].p_floor
    n = number_of(spec, bar.n, scale)
    if bar.unit == "correlation" and bar.sd is None and n:
        return max(1 / (DRAWN + 1), 2 / factorial(int(n)))
    plain = bar.unit == "pp" and bar.expected_baseline is not None and len(spec.scales[scale].seeds) == 1
    return 0.5 ** (n - 1) if plain and n else max(1 / (PERMUTATIONS + 1), 0.5 ** (n - 1) if n else 0.0)


def answers(spec: ExperimentSpec, bar: ThresholdSpec, scale: ScaleName, simulation: Simulation, *, with_effect: bool) -> tuple[Any, Any]:
    """(holds, does not hold) in each draw. Raises HarnessError for a simulation that fails, or gives anything else: its power would be wrong in silence."""
    import numpy as np

    where = f"simulation of thresholds in {bar.unit}"
    with explain_failure("its answers() fails", where):
        yes, no = simulation.answers(**simulation_arguments(spec, bar, scale, simulation, with_effect=with_effect))
    for side in (yes, no):
        if not isinstance(side, np.ndarray) or side.dtype != bool or side.shape != (simulation.draws,):
            told = f"its answers() gives {getattr(side, 'dtype', type(side).__name__)} of shape {np.shape(side)}"
            raise HarnessError(told, where=where, mend=f"Return two arrays of {simulation.draws} truth values")
    if (yes & no).any():
        raise HarnessError("its answers() says of a draw that the criterion holds and that it does not", where=where, mend="A draw is one or neither")
    return yes, no


def simulation_arguments(spec: ExperimentSpec, bar: ThresholdSpec, scale: ScaleName, simulation: Simulation, *, with_effect: bool) -> dict[str, Any]:
    return {
        "n": int(number_of(spec, bar.n, scale) or 0),
        "effect": (bar.expected_effect or 0.0) if with_effect else 0.0,
        "threshold": bar.value,
        "direction": bar.direction,
        "numbers": {name: number_of(spec, bar.simulation[name], scale) or 0.0 for name in simulation.needs},
        "seed": (spec.id, scale),  # the same draws with and without the effect; cells take them in orders of their own
    }
