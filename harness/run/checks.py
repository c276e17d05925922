"""Runs the checks: of a design where it is collected and planned, of results where they are decided."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from harness.errors import HarnessError, explain_failure, nearest
from harness.extensions import add_check, checks, facts
from harness.findings import GRAVE, Checked, Fact, Facts, allowed, line_of, run_checks, stage_of
from harness.records import Confidence, Finding, Results, Stage
from harness.run.collecting import CollectedExperiment, scale_of, settings_of
from harness.run.plan_cache import cached_plan
from harness.run.refusals import refusals_in
from harness.run.settings import Settings

if TYPE_CHECKING:
    from harness.design.spec import ExperimentSpec
    from harness.protocols import Check
    from harness.run.experiment_run import ExperimentRun

# Codes of what is found in the machine that ran, not in the design: it differs between equal runs, and so does the block `execution` alone.
MACHINE = "P"
DESIGN: tuple[Stage, ...] = ("declare", "plan")  # the stages of rules of designs
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
        "settings": settings_of(found.experiment, settings),
        "root": settings.root,
        "store": settings.open_store(),
        "collected": found,
        "catalogue": found.catalogue,
    }
    return Facts(given, {**facts(), **PLANNED, "run": [Fact("plan", lambda _: run())]})


def check_design(known: Facts, own: Iterable[Check] = (), stages: Iterable[Stage] = ("declare",), wanted: Callable[[str], bool] | None = None) -> Checked:
    """What the rules find in a design, those whose code is `wanted` (default: all); `own` are those of the project. Raises HarnessError where the declaration
    allows what no rule finds."""
    rules = {check.code: check for check in (*checks().values(), *own)}
    require_known_codes(known, rules)
    return run_checks([check for code, check in rules.items() if wanted is None or wanted(code)], known, facts(), stages)


def require_known_codes(known: Facts, rules: Iterable[str]) -> None:
    """Raises HarnessError for a suppression of no rule; without harness.check, which is optional, nobody knows them all."""
    for code in known.spec.allow if known.knows("yaml") else ():
        if code not in rules:
            raise HarnessError(f"allow names {code!r}, which is no rule", where=str(known.place("allow", code)), mend=nearest(code, rules))


def check_machine(known: Facts, run: ExperimentRun, folders: Mapping[str, Path], workers: int) -> Checked:
    """What the rules find in the machine on which a run is about to begin."""
    from harness.run.machine import this_machine

    whole = known.with_values(machine=this_machine(folders, known.root, workers), run=run)
    return run_checks(checks().values(), whole, facts(), ("run",))


def project_checks(config: Any) -> list[Check]:
    """The rules that the project's conftests and plugins add. Raises HarnessError for what is no rule, and for a rule of results: they are decided from the
    run's folder alone, where no conftest is loaded."""
    added: dict[str, Check] = dict(checks())
    with explain_failure("a hook pytest_harness_checks fails", "the project", "Repair the conftest or the plugin that has it"):
        answers = [check for answer in config.hook.pytest_harness_checks() for check in answer]
    for check in answers:
        add_check(added, check, "hook pytest_harness_checks")
        if (stage := stage_of(check, facts())) not in ("declare", "plan"):
            mend = "Provide it from a package, by an entry point of the group harness.checks"
            raise HarnessError(f"the rule {check.code} runs at the stage {stage}", where="hook pytest_harness_checks", mend=mend)
    return [check for code, check in added.items() if code not in checks()]


def find_in_design(active: ExperimentRun, codes: tuple[str, ...], own: Iterable[Check] = ()) -> list[Finding]:
    """What the rules with these codes, or with codes that begin so, find in the design of a running experiment, without what is allowed. Raises HarnessError
    for codes of no rule of designs, and where a rule could not run: then nothing is known of its mistake."""
    rules = rules_named(codes, own)
    if codes not in active.found_by_codes:
        assert active.facts is not None
        checked = run_checks(rules, active.facts, facts(), DESIGN)
        if checked.not_run:
            first, more = checked.not_run[0], len(checked.not_run) - 1
            raise HarnessError(f"{first.code} could not run{f', nor could {more} other rules' if more else ''}: {first.why}")
        active.found_by_codes[codes] = list(checked.open)
    return active.found_by_codes[codes]


def rules_named(codes: tuple[str, ...], own: Iterable[Check] = ()) -> list[Check]:
    """The rules of designs with these codes, or with codes that begin so. Raises HarnessError for a code of none."""
    known = [check for check in (*checks().values(), *own) if stage_of(check, {**facts(), **PLANNED}) in DESIGN]
    for code in codes or ("",):
        if not code or not any(check.code.startswith(code) for check in known):
            raise HarnessError(f"no rule of designs begins with {code!r}", mend=nearest(code, [check.code for check in known]))
    return [check for check in known if check.code.startswith(codes)]


def rule_files(rules: Iterable[Check]) -> list[Path]:
    """The files of the rules' modules."""
    modules = {getattr(check, "find", check).__module__ for check in rules}
    return sorted(Path(file) for module in modules if (file := getattr(sys.modules.get(module), "__file__", None)))


def refuse_errors(checked: Checked) -> None:
    """Raises HarnessError with the first finding of severity error that is not allowed: a run at full scale does not start with one."""
    if checked.errors:
        first, more = checked.errors[0], len(checked.errors) - 1
        rest = f" ({more} more: harness check)" if more else ""
        raise HarnessError(f"{first.message}{rest}", where=str(first.where), mend=f"{first.fix}. A run at scale full refuses errors", code=first.code)


def with_findings(results: Results, spec: ExperimentSpec, before: Sequence[Any], opened: Mapping[str, Sequence[str]]) -> Results:
    """The results with what was found in the design (`before`) and in themselves, and with what that does to caveats and confidence.
    `opened` are the files by cell that were read and not declared."""
    given = {"opened": opened, "results": results, "spec": spec, "scale": results.scale, "settings": dict(spec.scales[results.scale].settings)}
    known = Facts(given, facts())
    checked = run_checks(checks().values(), known, facts(), ("run", "decide"))
    said = {(finding.code, finding.subject) for finding in checked.findings}
    refused = (allowed(finding, known) for finding in refusals_in(results) if (finding.code, finding.subject) not in said)
    of_machine = tuple(finding for finding in checked.findings if finding.code.startswith(MACHINE))
    whole = Checked(findings=(*before, *(finding for finding in checked.findings if finding not in of_machine), *refused))
    return msgspec.structs.replace(
        results,
        findings=whole.findings,
        execution=msgspec.structs.replace(results.execution, findings=(*results.execution.findings, *of_machine)),
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
