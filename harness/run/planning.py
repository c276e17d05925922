"""What `--harness-plan` and `harness plan` show: cells cached or to do, cost, power, false passes, the smallest p. Nothing runs, no model is touched."""

from __future__ import annotations

import copy
from typing import Any

from harness.costs import in_words
from harness.design.plan import work_left
from harness.design.work import pieces_of, work_lines
from harness.errors import explain_failure
from harness.records import Cost, PlannedCellRecord, Universe, decode
from harness.run.experiment_run import ExperimentRun
from harness.run.plan_cache import cached_plan
from harness.run.session import Session, beyond

# Below this power a run is more likely to end undecided than its cost is worth.
POWER = 0.8


def plans(session: Session) -> list[dict[str, Any]]:
    """The plan of every experiment found, as JSON values."""
    return [one_plan(active, session.config.hook) for active in session.actives()]


def one_plan(active: ExperimentRun, hook: Any) -> dict[str, Any]:
    left = work_left(active.universe, lambda cell: active.find_known(cell) is not None)
    promise = active.universe.promise
    plan = cached_plan(active.universe, active.store)
    return {
        "experiment": active.universe.experiment,
        "scale": active.universe.scale,
        "locked": promise.locked,
        "deviations": [f"{deviation.what}: registered {deviation.promised}, found {deviation.found}" for deviation in promise.deviations],
        **plan,
        "work": {**left, **pieces(active, hook)},
        "warnings": warnings(plan["seed_noise"]) + spots(active, plan)[1] + score_warnings(active),
        "score": score_of(active, plan),
        "findings": findings(active, plan, left) + open_points(active),
    }


def score_of(active: ExperimentRun, plan: dict[str, Any]) -> dict[str, Any]:
    """The gate-keeper's score and the compute label of the whole design at this scale."""
    from harness.design.score import compute_label, find_score

    score = find_score(active.experiment.folder)
    return {"compute": compute_label(plan["cost"]), "summary": score.summary() if score else ""}


def score_warnings(active: ExperimentRun) -> list[str]:
    from harness.design.score import find_score

    score = find_score(active.experiment.folder)
    return [f"the gate-keeper's score is {score.total:.2f}: SKIP"] if score and score.decision == "SKIP" else []


def open_points(active: ExperimentRun) -> list[str]:
    """What a full-scale run waits for."""
    from harness.design.score import find_score

    score = find_score(active.experiment.folder) if active.universe.scale == "full" else None
    return [f"open {point.kind}: {point.text}" for point in score.open_points] if score else []


def pieces(active: ExperimentRun, hook: Any) -> dict[str, Any]:
    """The pieces of work that the selected cells need, as the project tells them. One copy of the declaration serves all cells: it is long."""
    universe = active.universe
    settings, declaration = dict(universe.settings), copy.deepcopy(universe.design)
    return pieces_of(
        (
            cell.id,
            work_of(hook, settings=settings, cell=describe_cell(cell, universe), declaration=declaration, root=active.settings.root),
        )
        for cell in universe.cells
        if cell.selected
    )


def describe_cell(cell: PlannedCellRecord, universe: Universe) -> dict[str, Any]:
    """A cell as the hook is passed it."""
    return {"owner": cell.owner, "kind": cell.kind, "params": dict(cell.params), "seeds": list(universe.seeds)}


def work_of(hook: Any, **about: Any) -> Any:
    with explain_failure("a hook pytest_harness_work fails", f"cells of {about['cell']['owner']}", "Repair the conftest or the domain that has it"):
        return hook.pytest_harness_work(**about)


def warnings(noise: dict[str, Any]) -> list[str]:
    """What the plan can be started with, but should be known: thresholds that lie within the noise of a single seed."""
    return [
        f"the threshold {name} ({one['value']:g} {one['unit']}) is smaller than the SD between seeds ({one['seed_sd']:g}): a single seed can cross it by chance"
        for name, one in noise.items()
        if one["ratio"] < 1
    ]


def weak_spots(alpha: float, hypotheses: dict[str, Any], confirmatory: set[str]) -> tuple[list[str], list[str]]:
    """(errors, warnings) of the simulated decisions: false passes above alpha, by more than their Monte Carlo error, and a power below .8. An exploratory
    hypothesis is tested at no alpha, so its false passes are a warning."""
    errors: list[str] = []
    weak: list[str] = []
    for name, found in hypotheses.items():
        if "not_simulated" in found:
            if not found["argued"]:
                weak.append(
                    f"{name} has neither a power nor a reason why it has none: declare what is lacking, or not_simulated: the reason, for its threshold"
                )
            continue
        error = 2 * found["standard_error"]
        for key, when in (("false_pass", "when nothing is there"), ("false_pass_nearly", "when it is nearly true")):
            if found[key] > alpha + error:
                told = f"{name} passes {found[key]:.3f} of the time {when}, more often than alpha {alpha:g}"
                (errors if name in confirmatory else weak).append(told)
        if found["power"] < POWER:
            weak.append(f"{name} passes only {found['power']:.3f} of the time when the expected effect is there: more units, a larger effect or a lower bar")
    return errors, weak


def spots(active: ExperimentRun, plan: dict[str, Any]) -> tuple[list[str], list[str]]:
    spec = active.experiment.spec
    return weak_spots(spec.alpha, plan["hypotheses"], {name for name, one in spec.hypotheses.items() if one.family == "confirmatory"})


def findings(active: ExperimentRun, plan: dict[str, Any], left: dict[str, Any]) -> list[str]:
    """What makes the plan not worth starting: a rule whose smallest p lies above alpha, or a cost beyond the budget, or one that cannot be held against it."""
    alpha, budget = active.experiment.spec.alpha, active.experiment.spec.budget
    told = [
        f"{name} cannot reach alpha {alpha:g}: its smallest p is {found['p_floor']:.2g}"
        for name, found in plan["hypotheses"].items()
        if found.get("p_floor", 0.0) > alpha
    ]
    told += spots(active, plan)[0]
    for name, unit, limit in (("usd", "US dollars", budget.usd), ("gpu_hours", "GPU-hours", budget.gpu_hours)):
        wrong = beyond(active, left, name, unit, limit)[0] if limit is not None else ""
        told += [wrong] if wrong else []
    return told


def plan_lines(session: Session) -> list[str]:
    """The plans as lines for the terminal."""
    return [line for plan in plans(session) for line in lines_of(plan)]


def lines_of(plan: dict[str, Any]) -> list[str]:
    work = plan["work"]
    kinds = ", ".join(f"{count} {kind}" for kind, count in plan["cells"].items())
    lines = [
        f"plan of {plan['experiment']} at scale {plan['scale']}",
        f"  cells: {kinds}; selected {work['selected']}, cached {work['cached']}, to do {len(work['to_do'])}",
        f"  cost of what is to do: {in_words(decode(work['cost'], Cost))}{left_out(work)}",
        f"  preregistration: {'locked' if plan['locked'] else 'not locked'}{', ' + str(len(plan['deviations'])) + ' deviations' if plan['deviations'] else ''}",
    ]
    if plan["score"]["summary"]:
        lines.append(f"  score: {plan['score']['summary']}; compute: {plan['score']['compute']}")
    lines += simulated_lines(plan["hypotheses"])
    lines += [noise_line(name, one) for name, one in plan["seed_noise"].items()] + work_lines(work)
    lines += [f"  warning: {warning}" for warning in plan["warnings"]]
    return lines + [f"  finding: {finding}" for finding in plan["findings"]]


def simulated_lines(hypotheses: dict[str, Any]) -> list[str]:
    """What each hypothesis decides before there are data; how that was simulated is told once."""
    lines = []
    for name, found in hypotheses.items():
        if "not_simulated" in found:
            lines.append(f"  {name}: not simulated: {found['not_simulated']}")
            continue
        nothing, nearly, power, *decided = (f"{rate:.3f}" for rate in (found["false_pass"], found["false_pass_nearly"], found["power"], *found["decided"]))
        lines += [
            f"  {name}: passes {nothing} of the time when nothing is there, {nearly} when it is nearly true, {power} when the expected effect is there",
            f"    decided {decided[0]} of the time when nothing is there, {decided[1]} when the effect is; smallest p {found['p_floor']:.1e}",
        ]
    simulated = {name: found for name, found in hypotheses.items() if "not_simulated" not in found}
    if simulated:
        error, count = max(found["standard_error"] for found in simulated.values()), next(iter(simulated.values()))["simulations"]
        by_text: dict[str, list[str]] = {}
        for name, found in simulated.items():
            by_text.setdefault(found["assumptions"], []).append(name)
        told = "; ".join(text if len(by_text) == 1 else f"{', '.join(names)}: {text}" for text, names in by_text.items())
        lines.append(f"  {count} simulations of each, standard error at most {error:.3f}: {told}")
    return lines


def left_out(work: dict[str, Any]) -> str:
    """Which tests declare no cost in a field that has a sum."""
    owners = [owner for field, lacking in work["undeclared"].items() if work["cost"][field] is not None for owner in lacking]
    return f" (without {', '.join(dict.fromkeys(owners))}: not declared)" if owners else ""


def noise_line(name: str, one: dict[str, Any]) -> str:
    """A threshold beside the noise between seeds."""
    told = f"  threshold {name}: {one['value']:g} {one['unit']} is {one['ratio']:.2g} times the SD between seeds ({one['seed_sd']:g})"
    if one["smallest"] is None:
        return f"{told}; not measurable with one seed"
    return f"{told}; {one['seeds']} seeds tell effects of {one['smallest']:.3g} {one['unit']} or more from seed noise alone"
