"""What `--harness-plan` and `harness plan` show: cells cached or to do, cost, power, false passes, the smallest p, and what the rules find. Nothing runs."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from harness.costs import in_words
from harness.design.plan import work_left
from harness.design.score import Score, compute_label, find_score
from harness.design.work import pieces_of, work_lines
from harness.errors import explain_failure
from harness.findings import Facts, line_of
from harness.plaintext import format_number
from harness.records import Cost, PlannedCellRecord, Stage, Universe, decode
from harness.run.checks import check_design, project_checks
from harness.run.experiment_run import ExperimentRun
from harness.run.session import Session, beyond

if TYPE_CHECKING:
    from harness.protocols import Check

PLANNED: tuple[Stage, ...] = ("declare", "plan")


def plans(session: Session) -> list[dict[str, Any]]:
    """The plan of every experiment found, as JSON values."""
    own = project_checks(session.config) if session.founds else []
    return [one_plan(session.facts(found), session.config.hook, own) for found in session.founds]


def one_plan(known: Facts, hook: Any, own: Sequence[Check]) -> dict[str, Any]:
    active: ExperimentRun = known.run
    left = work_left(active.universe, lambda cell: active.find_known(cell) is not None)
    promise, plan = active.universe.promise, known.plan
    score, checked = find_score(active.experiment.folder), check_design(known, own, PLANNED)
    return {
        "experiment": active.universe.experiment,
        "scale": active.universe.scale,
        "locked": promise.locked,
        "deviations": [f"{deviation.what}: registered {deviation.promised}, found {deviation.found}" for deviation in promise.deviations],
        **plan,
        "work": {**left, **pieces(active, hook)},
        "warnings": [line_of(finding) for finding in checked.open if finding.severity == "warning"] + score_warnings(score) + other_models(active),
        "score": {"compute": compute_label(plan["cost"]), "summary": score.summary() if score else ""},
        "findings": [line_of(finding) for finding in checked.errors] + beyond_budget(active, left) + open_points(score, active.universe.scale),
        "allowed": [f"{finding.where} {finding.code} {finding.message}: {finding.suppressed}" for finding in checked.findings if finding.suppressed],
        "not_run": [f"{one.code} not run: {one.why}" for one in checked.not_run],
    }


def other_models(active: ExperimentRun) -> list[str]:
    chosen = active.settings.models
    return [f"costs, power and false passes are those of the declared models, not of --harness-models {chosen}"] if chosen else []


def score_warnings(score: Score | None) -> list[str]:
    return [f"the gate-keeper's score is {score.total:.2f}: SKIP"] if score and score.decision == "SKIP" else []


def open_points(score: Score | None, scale: str) -> list[str]:
    """What a full-scale run waits for."""
    return [f"open {point.kind}: {point.text}" for point in score.open_points] if score and scale == "full" else []


def beyond_budget(active: ExperimentRun, left: dict[str, Any]) -> list[str]:
    """A cost beyond the budget, or one that cannot be held against it."""
    budget = active.experiment.spec.budget
    limits = [("usd", "US dollars", budget.usd), ("gpu_hours", "GPU-hours", budget.gpu_hours)]
    told = [beyond(active, left, name, unit, limit)[0] for name, unit, limit in limits if limit is not None]
    return [wrong for wrong in told if wrong]


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
    if work["judge_usd"] is not None:
        lines.insert(3, f"  of which judges: ${work['judge_usd']:g}")
    if plan["score"]["summary"]:
        lines.append(f"  score: {plan['score']['summary']}; compute: {plan['score']['compute']}")
    lines += simulated_lines(plan["hypotheses"])
    lines += [noise_line(name, one) for name, one in plan["seed_noise"].items()] + work_lines(work)
    for kind, key in (("allowed", "allowed"), ("not checked", "not_run"), ("warning", "warnings"), ("finding", "findings")):
        lines += [f"  {kind}: {line}" for line in plan[key]]
    return lines


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
            f"    decided {decided[0]} of the time when nothing is there, {decided[1]} when the effect is; smallest p {format_number(found['p_floor'], '.1e')}",
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
