"""Runs the checks: of a design where it is collected and planned, of results where they are decided."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from harness.errors import HarnessError, explain_failure
from harness.extensions import add_check, checks, facts
from harness.findings import GRAVE, Checked, Fact, Facts, allowed, line_of, run_checks
from harness.records import Confidence, Finding, Results, Stage
from harness.run.collecting import CollectedExperiment, scale_of
from harness.run.plan_cache import cached_plan
from harness.run.refusals import refusals_in
from harness.run.settings import Settings

if TYPE_CHECKING:
    from harness.design.spec import ExperimentSpec
    from harness.protocols import Check
    from harness.run.experiment_run import ExperimentRun

SHOWN = 8
# Facts about a planned run, which the core itself has.
PLANNED = {
    "universe": [Fact("plan", lambda known: known.run.universe)],
    "plan": [Fact("plan", lambda known: cached_plan(known.run.universe, known.run.store))],
}


def design_facts(found: CollectedExperiment, settings: Settings, run: Callable[[], ExperimentRun]) -> Facts:
    """What is known of a collected experiment at the session's scale. `run` makes its plan when a rule asks for it."""
    scale = scale_of(found.experiment, settings)
    spec = found.experiment.spec
    given = {
        "experiment": found.experiment,
        "spec": spec.at(scale),
        "scale": scale,
        "settings": dict(spec.scales[scale].settings),
        "root": settings.root,
        "collected": found,
        "catalogue": found.catalogue,
    }
    return Facts(given, {**facts(), **PLANNED, "run": [Fact("plan", lambda _: run())]})


def check_design(known: Facts, own: Iterable[Check] = (), stages: Iterable[Stage] = ("declare",)) -> Checked:
    """What the rules find in a design; `own` are those of the project."""
    return run_checks([*checks().values(), *own], known, facts(), stages)


def check_machine(known: Facts, run: ExperimentRun, folders: Mapping[str, Path], workers: int) -> Checked:
    """What the rules find in the machine on which a run is about to begin."""
    from harness.run.machine import this_machine

    whole = known.with_values(machine=this_machine(folders, known.root, workers), run=run)
    return run_checks(checks().values(), whole, facts(), ("run",))


def project_checks(config: Any) -> list[Check]:
    """The rules that the project's conftests and plugins add. Raises HarnessError for what is no rule."""
    added: dict[str, Check] = dict(checks())
    with explain_failure("a hook pytest_harness_checks fails", "the project", "Repair the conftest or the plugin that has it"):
        answers = config.hook.pytest_harness_checks()
    for check in (check for answer in answers for check in answer):
        add_check(added, check, "hook pytest_harness_checks")
    return [check for code, check in added.items() if code not in checks()]


def refuse_errors(checked: Checked) -> None:
    """Raises HarnessError with the first finding of severity error that is not allowed: a run at full scale does not start with one."""
    if checked.errors:
        first, more = checked.errors[0], len(checked.errors) - 1
        rest = f" ({more} more: harness check)" if more else ""
        raise HarnessError(f"{first.message}{rest}", where=str(first.where), mend=f"{first.fix}. A run at scale full refuses errors", code=first.code)


def with_findings(results: Results, spec: ExperimentSpec, before: Sequence[Any], opened: Mapping[str, Sequence[str]]) -> Results:
    """The results with what was found in the design (`before`) and in themselves, and with what that does to caveats and confidence.
    `opened` are the files by cell that were read and not declared."""
    given = {"opened": opened, "results": results, "spec": spec, "scale": results.scale, "settings": dict(spec.scales[results.scale].settings)}  # type: ignore[index]
    known = Facts(given, facts())
    checked = run_checks(checks().values(), known, facts(), ("run", "decide"))
    said = {(finding.code, finding.subject) for finding in checked.findings}
    refused = (allowed(finding, known) for finding in refusals_in(results) if (finding.code, finding.subject) not in said)
    whole = Checked(findings=(*before, *checked.findings, *refused))
    return msgspec.structs.replace(
        results,
        findings=whole.findings,
        caveats=(*results.caveats, *allowed_lines(spec, results.scale), *(line_of(finding) for finding in whole.open)),
        confidence=cap(results.confidence, spec, results.scale, whole),
    )


def report_findings(folder: Path, results: Results) -> tuple[Finding, ...]:
    """What the rules find in the folder of a run whose results are written. They are no part of the results, which do not hang on where the folder lies."""
    known = Facts({"results": results, "folder": folder}, facts())
    return run_checks(checks().values(), known, facts(), ("report",)).findings


def allowed_lines(spec: ExperimentSpec, scale: str) -> list[str]:
    """Every suppression that holds at a scale, with its reason."""
    entries = [(code, entry) for code, entries in spec.allow.items() for entry in entries if not entry.scales or scale in entry.scales]
    return [f"Allowed: {code}{f' for {entry.where}' if entry.where else ''}: {entry.why}" for code, entry in entries]


def cap(confidence: Confidence, spec: ExperimentSpec, scale: str, checked: Checked) -> Confidence:
    """LOW where a grave rule is allowed, or an error stands that nothing allows."""
    if confidence.level == "LOW":
        return confidence
    grave = [code for code, entries in spec.allow.items() if code in GRAVE and any(not entry.scales or scale in entry.scales for entry in entries)]
    if grave:
        return Confidence(level="LOW", reason=f"the check {grave[0]} is allowed")
    return Confidence(level="LOW", reason=f"{checked.errors[0].code}: {checked.errors[0].message}") if checked.errors else confidence
