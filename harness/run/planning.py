"""What `--harness-plan` and `harness plan` show: cells cached or to do, cost, power, false passes, the smallest p. Nothing runs, no model is touched."""

from __future__ import annotations

from typing import Any

from harness.design.plan import plan_of, work_left
from harness.run.active import KIND, Active
from harness.run.session import Session
from harness.store import Store


def plans(session: Session) -> list[dict[str, Any]]:
    """The plan of every experiment found, as JSON values."""
    return [one_plan(active) for active in session.actives()]


def one_plan(active: Active) -> dict[str, Any]:
    store = Store(active.settings.store)
    left = work_left(active.universe, lambda key: store.peek(KIND, key) is not None)
    promise = active.universe.promise
    plan = plan_of(active.universe)
    return {
        "experiment": active.universe.experiment,
        "scale": active.universe.scale,
        "locked": promise.locked,
        "deviations": [f"{deviation.what}: promised {deviation.promised}, found {deviation.found}" for deviation in promise.deviations],
        **plan,
        "work": left,
        "findings": findings(active, plan, left["cost"]),
    }


def findings(active: Active, plan: dict[str, Any], cost: dict[str, float]) -> list[str]:
    """What makes the plan not worth starting: a rule whose smallest p lies above alpha, or a cost beyond the budget."""
    alpha, budget = active.experiment.spec.alpha, active.experiment.spec.budget
    told = [
        f"{name} cannot reach alpha {alpha:g}: its smallest p is {found['p_floor']:.2g}"
        for name, found in plan["hypotheses"].items()
        if found.get("p_floor", 0.0) > alpha
    ]
    for name, limit in (("usd", budget.usd), ("gpu_hours", budget.gpu_hours)):
        if limit is not None and cost[name] > limit:
            told.append(f"what is to do costs {cost[name]:g} {name}, the budget is {limit:g}")
    return told


def plan_lines(session: Session) -> list[str]:
    """The plans as lines for the terminal."""
    return [line for plan in plans(session) for line in lines_of(plan)]


def lines_of(plan: dict[str, Any]) -> list[str]:
    work, cost = plan["work"], plan["work"]["cost"]
    kinds = ", ".join(f"{count} {kind}" for kind, count in plan["cells"].items())
    lines = [
        f"plan of {plan['experiment']} at scale {plan['scale']}",
        f"  cells: {kinds}; selected {work['selected']}, cached {work['cached']}, to do {len(work['to_do'])}",
        f"  cost of what is to do: {cost['gpu_hours']:g} GPU-hours, ${cost['usd']:g}, {cost['seconds']:g} s",
        f"  promise: {'locked' if plan['locked'] else 'not locked'}{', ' + str(len(plan['deviations'])) + ' deviations' if plan['deviations'] else ''}",
    ]
    for name, found in plan["hypotheses"].items():
        if "not_simulated" in found:
            lines.append(f"  {name}: not simulated: {found['not_simulated']}")
        else:
            rates = f"passes {found['false_pass']:.3f} of the time when nothing is there, {found['power']:.3f} when the expected effect is"
            lines.append(f"  {name}: {rates}; smallest p {found['p_floor']:.1e} ({found['simulations']} simulations: {found['assumptions']})")
    return lines + [f"  finding: {finding}" for finding in plan["findings"]]
