"""What `harness check` found in experiments at scales: each finding once, with the scales at which it holds."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from msgspec import structs

from harness.cli.collecting import collect
from harness.design.paths import FILE_NAME
from harness.errors import HarnessError, nearest
from harness.extensions import checks
from harness.findings import Checked, relative, unused
from harness.protocols import Check
from harness.records import Finding, NotRun, Place, Record, Severity, Stage

STAGES: tuple[Stage, ...] = ("declare", "plan")
# What a refused declaration says: `place: [code] what`.
REFUSED = re.compile(r"(?:(?P<where>.+?): )?\[(?P<code>[A-Z]{1,2}[0-9]{3})\] (?P<what>.*)", re.DOTALL)
SUPPRESSION = "R510"
OWN_CODE = re.compile(r"[A-Z]{2}[0-9]{3}")


class Entry(Record, frozen=True, kw_only=True):
    """A finding in an experiment, with the scales at which it was found."""

    finding: Finding
    experiment: str
    scales: tuple[str, ...] = ()


class RuleSummary(Record, frozen=True, kw_only=True):
    """What a rule is about."""

    name: str
    severity: Severity
    text: str
    source: str


class Report(Record, frozen=True, kw_only=True):
    """Findings, rules that could not run with the reason, seconds of slow rules by code, experiments that cannot be checked with the reason, the number of
    experiments, and every rule that is known, by its code."""

    entries: tuple[Entry, ...]
    not_run: tuple[NotRun, ...]
    slow: dict[str, float]
    refused: dict[str, str]
    experiments: int
    rules: dict[str, RuleSummary]

    @property
    def open(self) -> tuple[Entry, ...]:
        return tuple(entry for entry in self.entries if not entry.finding.suppressed)

    @property
    def allowed(self) -> tuple[Entry, ...]:
        return tuple(entry for entry in self.entries if entry.finding.suppressed)


@dataclass(frozen=True, kw_only=True)
class CheckedExperiment:
    """What the rules found in one experiment, by scale, and the entries of its `allow` with the lines on which they stand."""

    folder: Path
    by_scale: dict[str, Checked] = field(default_factory=dict)
    allow: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    lines: dict[str, Place] = field(default_factory=dict)


@dataclass
class Refusals:
    """Experiments that were refused, when they were collected or when a rule asked for a fact: findings where a rule refused them, otherwise the reason."""

    entries: dict[tuple[Path, Finding], Entry] = field(default_factory=dict)
    reasons: dict[Path, HarnessError] = field(default_factory=dict)

    def add(self, folder: Path, error: HarnessError, scale: str = "") -> None:
        entry = entry_of(error, folder, scale)
        if entry is None:
            self.reasons.setdefault(folder, error)
        else:
            known = self.entries.get((folder, entry.finding), entry)
            self.entries[folder, entry.finding] = structs.replace(entry, scales=tuple(dict.fromkeys((*known.scales, *entry.scales))))


def experiments_in(paths: Iterable[Path]) -> list[Path]:
    """The folders of experiments at or below the paths. Raises HarnessError for a path without one."""
    found: set[Path] = set()
    for path in paths:
        below = {file.parent for file in ([path / FILE_NAME] if (path / FILE_NAME).is_file() else sorted(path.rglob(FILE_NAME)))}
        if not below:
            told = "holds no experiment" if path.is_dir() else "is no folder"
            raise HarnessError(told, where=str(path), mend="Name a folder that holds an experiment.yaml, or one around it")
        found |= below
    return sorted(folder.resolve() for folder in found)


def check_experiments(folders: Sequence[Path], scale: str, collector: Collector) -> Report:
    """Checks each experiment at a scale, or at `all` of its scales. Raises HarnessError where none of them can be checked, and for a selection of no rule."""
    refusals, found = Refusals(), dict[Path, CheckedExperiment]()
    for name, places in by_scale(folders, scale, refusals).items():
        for checked in collect_at(places, name, collector, refusals):
            found.setdefault(checked.folder, checked).by_scale.update(checked.by_scale)
            for error in checked.by_scale[name].refused:
                refusals.add(checked.folder, error, name)
    rules = {**checks(), **collector.own}
    require_known(collector.selected, rules)
    if not found and not refusals.entries:
        raise next(iter(refusals.reasons.values()))
    return combine(list(found.values()), refusals, collector.selected, len(folders), rules)


def known_rules(code: str, paths: Iterable[Path]) -> dict[str, Check]:
    """Every rule by its code; those of the project at the paths, too, where only it can have the one that is asked for."""
    from harness.run.checks import project_checks

    rules = checks()
    if code in rules or not OWN_CODE.fullmatch(code):
        return rules
    with suppress(HarnessError):  # no experiment there, or none that can be collected: no further rules
        folders = map(str, experiments_in(paths))
        rules = rules | {check.code: check for check in collect([*folders], lambda session: project_checks(session.config))}
    return rules


def by_scale(folders: Iterable[Path], scale: str, refusals: Refusals) -> dict[str, list[Path]]:
    """The experiments to check at each scale, the smallest scale first."""
    from harness.design.experiment import order_scales

    wanted: dict[str, list[Path]] = {}
    for folder in folders:
        try:
            for name in scales_of(folder, scale):
                wanted.setdefault(name, []).append(folder)
        except HarnessError as error:
            refusals.add(folder, error)
    return {name: wanted[name] for name in order_scales(wanted)}


def scales_of(folder: Path, scale: str) -> list[str]:
    """The scales to check an experiment at; without its smoke scale, the smallest that it has."""
    from harness.design.experiment import experiment_in, order_scales

    declared = order_scales(experiment_in(folder).scales)
    if scale == "all":
        return declared
    if scale and scale not in declared:
        raise HarnessError(f"declares no scale {scale!r}", where=str(folder / FILE_NAME), mend=f"Use --scale with one of: {', '.join(declared)}, all")
    return [scale or declared[0]]


@dataclass
class Collector:
    """Runs the rules over what pytest has collected; `selected` are codes or what they begin with. It notes the project's own rules and settings."""

    selected: Sequence[str] = ()
    own: dict[str, Check] = field(default_factory=dict)
    settings: Any = None

    def check(self, session: Any) -> list[CheckedExperiment]:
        from harness.run.checks import project_checks

        self.settings = session.settings
        self.own.update({check.code: check for check in project_checks(session.config)})
        return [self.check_one(session, found) for found in session.founds]

    def check_one(self, session: Any, found: Any) -> CheckedExperiment:
        from harness.run.checks import check_design

        facts = session.facts(found)
        allow = dict(facts.spec.allow)
        checked = check_design(facts, self.own.values(), STAGES, self.is_wanted)
        lines = {code: facts.place("allow", code) for code in allow}
        return CheckedExperiment(folder=found.experiment.folder, by_scale={facts.scale: checked}, allow=allow, lines=lines)

    def is_wanted(self, code: str) -> bool:
        """All rules are where it is asked which suppressions suppress nothing."""
        return is_selected(code, self.selected) or is_selected(SUPPRESSION, self.selected)


def collect_at(folders: Sequence[Path], scale: str, collector: Collector, refusals: Refusals) -> list[CheckedExperiment]:
    """All experiments in one go; where one of them is refused, one by one, so that it hides no other."""
    try:
        found: list[CheckedExperiment] = collect([*map(str, folders), "--harness-scale", scale], collector.check)
        return found
    except HarnessError as error:
        if len(folders) == 1:
            refusals.add(folders[0], error, scale)
            return []
    return [checked for folder in folders for checked in collect_at([folder], scale, collector, refusals)]


def entry_of(error: HarnessError, folder: Path, scale: str) -> Entry | None:
    """A declaration that was refused, as a finding where a rule refused it."""
    match = REFUSED.fullmatch(str(error))
    if match is None:
        return None
    file, _, line = (match["where"] or "").rpartition(":")
    where = Place(file=file, line=int(line)) if line.isdigit() else Place(file=match["where"] or str(folder / FILE_NAME))
    what, _, fix = match["what"].partition(". ")
    severity = checks()[match["code"]].severity if match["code"] in checks() else "error"
    finding = Finding(message=what, where=where, fix=fix.rstrip("."), code=match["code"], severity=severity)
    return Entry(finding=finding, experiment=folder.name, scales=(scale,) if scale else ())


def require_known(selected: Iterable[str], rules: Iterable[str]) -> None:
    """Raises HarnessError for a selection that is the beginning of no code."""
    for prefix in selected:
        if not any(code.startswith(prefix) for code in rules):
            raise HarnessError(f"no rule begins with {prefix!r}", where="--select", mend=nearest(prefix, rules))


def combine(found: Sequence[CheckedExperiment], refusals: Refusals, selected: Sequence[str], experiments: int, rules: dict[str, Check]) -> Report:
    """One report of all experiments and scales: equal findings once, with their scales."""
    grouped: dict[tuple[Path, Finding], list[str]] = {}
    results = [(one, scale, checked) for one in found for scale, checked in one.by_scale.items()]
    for one, scale, checked in results:
        for finding in checked.findings:
            grouped.setdefault((one.folder, finding), []).append(scale)
    entries = [Entry(finding=finding, experiment=folder.name, scales=tuple(dict.fromkeys(scales))) for (folder, finding), scales in grouped.items()]
    entries += [*refusals.entries.values(), *(entry for one in found for entry in unused_entries(one))]
    kept = [entry for entry in entries if is_selected(entry.finding.code, selected)]
    kept.sort(key=lambda entry: (entry.finding.where.file, entry.finding.where.line, entry.finding.code, entry.finding.message))
    return Report(
        entries=tuple(kept),
        not_run=tuple(dict.fromkeys(entry for _, _, checked in results for entry in checked.not_run if is_selected(entry.code, selected))),
        slow={code: round(seconds, 1) for _, _, checked in results for code, seconds in checked.slow.items()},
        refused={relative(folder, Path.cwd()): str(error) for folder, error in refusals.reasons.items()},
        experiments=experiments - len(refusals.reasons.keys() - {one.folder for one in found}),
        rules={code: RuleSummary(name=rule.name, severity=rule.severity, text=getattr(rule, "text", ""), source=rule.source) for code, rule in rules.items()},
    )


def unused_entries(one: CheckedExperiment) -> list[Entry]:
    """Suppressions that suppress nothing."""
    made = []
    for code, index in unused(one.allow, one.by_scale):
        about = f" for {entry.where}" if (entry := one.allow[code][index]).where else ""
        message = f"{code} is allowed{about}, and there is no such finding"
        finding = Finding(message=message, where=one.lines[code], fix="Take the suppression out", code=SUPPRESSION, severity="warning", subject=code)
        made.append(Entry(finding=finding, experiment=one.folder.name, scales=tuple(one.by_scale)))
    return made


def is_selected(code: str, selected: Sequence[str]) -> bool:
    return not selected or any(code.startswith(prefix) for prefix in selected)
