"""From cells to an experiment's verdict, its confidence and its caveats. Nothing in here depends on time, host or worker."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from harness.costs import total
from harness.plaintext import by_number, count_of
from harness.records import COMPUTED, EDITED, Cell, Check, Confidence, Fact, HypothesisResult, Parent, PlannedCellRecord, Results, Stopped, Universe, Verdict
from harness.verdict.confidence import confidence
from harness.verdict.gate_verdicts import decide_checks
from harness.verdict.hypotheses import RegisteredDesign, decide_hypotheses
from harness.verdict.samples_behind import SAME, count_once, counted_once, explain_seeds, is_out_of_distribution, seeds_of

LEAD = {
    "supported": "",
    "falsified": "Falsified: ",
    "inconclusive": "Undecided: ",
    "blocked": "Not tested, a gate failed: ",
    "killed": "Not tested, a kill criterion was met: ",
}
CAVEATS = "Caveats"
STOPPED = ("blocked", "killed")
DECIDED = ("supported", "falsified", "passed", "failed")


def decide(spec: RegisteredDesign, universe: Universe, found: Mapping[str, Cell], plan: dict[str, Any], execution: Any) -> Results:
    """All of results.json from what was registered, what was planned and the cells that finished (by id)."""
    cells = count_once(sorted((found.get(planned.id) or missing(planned) for planned in universe.cells), key=reading_order))
    checks = decide_checks(universe.cells, cells)
    stated = tuple(with_statement(cell, universe) for cell in cells)
    hypotheses = decide_hypotheses(spec, stated, checks)
    primary = next(result for result in hypotheses if result.primary)
    lost = tuple(planned.id for planned in universe.cells if planned.selected and planned.id not in found)
    known = facts(cells)
    return Results(
        experiment=universe.experiment,
        title=spec.title,
        question=spec.question,
        scale=universe.scale,
        seeds=universe.seeds,
        claim=universe.claim,
        parents=universe.parents,
        verdict=primary.verdict,
        headline=headline(primary.verdict, spec.title, universe.claim.population or models_in(known)),
        confidence=overall(universe, primary, checks, cells),
        complete=not lost,
        promise=universe.promise,
        hypotheses=hypotheses,
        checks=tuple(checks.values()),
        cells=cells,
        thresholds=universe.thresholds,
        caveats=caveats(universe, cells, checks, lost, *seeds_of([cell for cell in cells if cell.owner == primary.id])),
        stopped=sum_stopped(universe, cells),
        missing=lost,
        inputs=universe.inputs,
        facts=known,
        sections=sections(cells),
        environment=universe.environment,
        design=universe.design,
        plan=plan,
        execution=execution,
        prompts=universe.prompts,
    )


def headline(verdict: Verdict, title: str, population: str) -> str:
    """The claim as it came out, with the population that it is about: nobody may read more into it."""
    return LEAD[verdict] + title.rstrip(".") + (f", in {population}" if population else "")


def models_in(known: Mapping[str, Mapping[str, Any]]) -> str:
    """The models of a run for a claim that names no population: the name of one, the number of several, "" where none is recorded."""
    names = dict.fromkeys(str(fact["name"]) for fact in known.get("Model", {}).values() if isinstance(fact, Mapping) and fact.get("name"))
    return f"{len(names)} models" if len(names) > 1 else next(iter(names), "")


def reading_order(cell: Cell) -> tuple[bool, list[tuple[float, str]]]:
    """Cells of hypotheses by the number of their hypothesis, behind all others; else in running order."""
    return cell.kind == "hypothesis", by_number(cell.owner) if cell.kind == "hypothesis" else []


def missing(planned: PlannedCellRecord) -> Cell:
    """A cell without a record is missing, never zero."""
    why = "selected but never finished: the run stopped or its worker died" if planned.selected else "not selected in this run"
    return Cell(
        id=planned.id, owner=planned.owner, kind=planned.kind, nodeid=planned.nodeid, params=planned.params, key=planned.key, verdict="missing", reason=why
    )


def with_statement(cell: Cell, universe: Universe) -> Cell:
    import msgspec

    return msgspec.structs.replace(cell, facts=(Fact(group="Statement", name=cell.owner, value=universe.cell(cell.id).statement), *cell.facts))


def overall(universe: Universe, primary: HypothesisResult, checks: Mapping[str, Check], cells: Sequence[Cell]) -> Confidence:
    confounds = [f"control {check.id} {check.verdict}" for check in checks.values() if check.kind == "control" and check.verdict != "passed"]
    if not universe.promise.locked:
        confounds.append("not pre-registered")
    if universe.promise.deviations:
        confounds.append(count_of(len(universe.promise.deviations), "deviation", "deviations") + " from the preregistration")
    seeds, drawn = seeds_of([cell for cell in cells if cell.owner == primary.id])
    agreeing = len({cell.threshold for cell in cells if cell.owner == primary.id and cell.verdict == "supported" and cell.threshold})
    return confidence(
        decided=primary.verdict in ("supported", "falsified"),
        seeds=seeds,
        counted=explain_seeds(seeds, drawn, len(universe.seeds)),
        p=primary.p_holm if primary.p_holm is not None else primary.p,
        confounds=tuple(confounds),
        agreeing=agreeing,
        out_of_distribution=any(is_out_of_distribution(check, cells, primary.id) for check in checks.values()),
        unsampled=without_samples([cell for cell in cells if cell.owner == primary.id]),
    )


def without_samples(cells: Sequence[Cell]) -> str:
    """How many effects that decided a cell rest on no samples, with their reasons; "" where none does."""
    decided = [cell for cell in cells if cell.verdict in DECIDED and any(measured.unsampled for measured in cell.measurements)]
    reasons = dict.fromkeys(measured.unsampled for cell in decided for measured in cell.measurements if measured.unsampled)
    rest = "1 effect rests" if len(decided) == 1 else f"{len(decided)} effects rest"
    return f"{rest} on no samples of this run: {'; '.join(reasons)}" if decided else ""


def computed_effects(cells: Sequence[Cell]) -> int:
    """How many cells were decided on outcomes that are not those of their samples: computed by the test, or edited."""
    effects = [measured for cell in cells if cell.verdict in DECIDED for measured in cell.measurements if measured.name == cell.effect]
    return sum(COMPUTED in measured.note or EDITED in measured.note for measured in effects)


def sum_stopped(universe: Universe, cells: Sequence[Cell]) -> Stopped:
    """What gates and kill criteria spared, by the declared cost of each cell."""
    spared = [cell for cell in cells if cell.verdict in STOPPED]
    cost = total(universe, [(cell.owner, cell.kind) for cell in spared])
    return Stopped(cells=len(spared), cost=cost, by=dict(sorted(Counter(cell.stopped_by for cell in spared).items())))


def facts(cells: Sequence[Cell]) -> dict[str, dict[str, Any]]:
    """Facts for the card by group and name, in a fixed order. Two different values under one name are both kept, the later under a numbered name."""
    found: dict[str, dict[str, Any]] = {}
    for fact in sorted((fact for cell in cells for fact in cell.facts), key=lambda fact: (fact.group, fact.name)):
        group = found.setdefault(fact.group, {})
        name, number = fact.name, 1
        while name in group and group[name] != fact.value:
            number += 1
            name = f"{fact.name} ({number})"
        group[name] = fact.value
    return found


def sections(cells: Sequence[Cell]) -> dict[str, dict[str, Any]]:
    """Records of the report's sections by section and name. A name that a later cell gives to another record gets the cell's id behind it."""
    found: dict[str, dict[str, Any]] = {}
    for cell in cells:
        for entry in cell.sections:
            section = found.setdefault(entry.section, {})
            name = entry.name if section.get(entry.name, entry.value) == entry.value else f"{entry.name} ({cell.id})"
            section[name] = {**entry.value, "name": name}
    return {name: dict(sorted(section.items())) for name, section in sorted(found.items())}


def parent_caveats(parent: Parent) -> list[str]:
    """Why a study that this one builds on does not carry it."""
    name = parent.run or parent.lock
    found = [f"The parent {name} was superseded {parent.superseded}."] if parent.superseded else []
    differs = f"Differs from the parent {name} in what may_differ does not name: {', '.join(parent.differs)}."
    return [*found, differs] if parent.differs else found


def caveats(universe: Universe, cells: Sequence[Cell], checks: Mapping[str, Check], lost: Sequence[str], seeds: int, drawn: int) -> tuple[str, ...]:
    """Standing caveats, each computed from the run; a test adds its own as facts of the group Caveats."""
    counts = Counter(cell.verdict for cell in cells)
    unselected, stopped = counts["missing"] - len(lost), counts["blocked"] + counts["killed"]
    bad = [check for check in checks.values() if check.kind == "control" and check.verdict != "passed"]
    unsampled, computed = without_samples(cells), computed_effects(cells)
    lines = [
        (not universe.promise.locked, "Not pre-registered: no lock file was written before the run."),
        (bool(universe.promise.deviations), count_of(len(universe.promise.deviations), "deviation", "deviations") + " from the preregistration."),
        (bool(unsampled), f"{unsampled}."),
        (
            bool(computed),
            count_of(computed, "decided effect is", "decided effects are") + " of outcomes that a test computed or edited: samples alone do not give them.",
        ),
        (bool(once := counted_once(cells)), count_of(once, "cell rests", "cells rest") + f" on {SAME} others, not counted again."),
        (
            drawn > max(seeds, 1),
            f"{drawn} seeds rest on {'the very same' if seeds < 2 else f'{seeds} different'} samples, and count as {'one' if seeds < 2 else seeds}.",
        ),
        (seeds < 2, "One seed: differences between seeds are not measured."),
        (universe.scale in ("smoke", "pilot"), f"Scale {universe.scale}: sizes are chosen for speed, not for precision."),
        (bool(lost), "The run is incomplete: " + count_of(len(lost), "selected cell has no result.", "selected cells have no result.")),
        (unselected > 0, count_of(unselected, "cell was", "cells were") + " not selected in this run."),
        (counts["error"] > 0, count_of(counts["error"], "cell ended in an error and counts", "cells ended in an error and count") + " as missing."),
        (counts["inconclusive"] > 0, count_of(counts["inconclusive"], "cell is inconclusive.", "cells are inconclusive.")),
        (stopped > 0, count_of(stopped, "cell was", "cells were") + " stopped by a gate or kill criterion."),
        (bool(universe.environment.get("dirty")), "The code had uncommitted changes."),
    ]
    return (
        *(text for holds, text in lines if holds),
        *(text for parent in universe.parents for text in parent_caveats(parent)),
        *dict.fromkeys(str(fact.value) for cell in cells for fact in cell.facts if fact.group == CAVEATS),
        *(f"Control {check.id} ({check.polarity}) {check.verdict}: {check.reason or 'no reason given'}" for check in bad),
    )
