"""What `harness check` found in experiments at scales: each finding once, with the scales at which it holds."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.cli.collecting import collect
from harness.design.paths import FILE_NAME
from harness.errors import HarnessError
from harness.extensions import checks
from harness.findings import Checked, unused
from harness.records import Finding, NotRun, Place, Stage

SCALES = ("smoke", "pilot", "full")
STAGES: tuple[Stage, ...] = ("declare", "plan")
# What a refused declaration says: `place: [code] what`.
REFUSED = re.compile(r"(?:(?P<where>.+?): )?\[(?P<code>[A-Z]{1,2}[0-9]{3})\] (?P<what>.*)", re.DOTALL)
SUPPRESSION = "R510"


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A finding in an experiment, with the scales at which it was found."""

    finding: Finding
    experiment: str
    scales: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class ExperimentChecks:
    """What the rules found in one experiment, by scale, and the entries of its `allow` with the lines on which they stand."""

    experiment: str
    by_scale: dict[str, Checked] = field(default_factory=dict)
    allow: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    lines: dict[str, Place] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Report:
    """Findings, rules that could not run with the reason, seconds of slow rules by code."""

    entries: tuple[Entry, ...]
    not_run: tuple[NotRun, ...]
    slow: dict[str, float]
    experiments: int

    @property
    def open(self) -> tuple[Entry, ...]:
        return tuple(entry for entry in self.entries if not entry.finding.suppressed)

    @property
    def allowed(self) -> tuple[Entry, ...]:
        return tuple(entry for entry in self.entries if entry.finding.suppressed)


def experiments_in(paths: Iterable[Path]) -> list[Path]:
    """The folders of experiments at or below the paths. Raises HarnessError where there are none."""
    found = {file.parent for path in paths for file in ([path / FILE_NAME] if (path / FILE_NAME).is_file() else sorted(path.rglob(FILE_NAME)))}
    if not found:
        raise HarnessError("no experiment is there", where=", ".join(map(str, paths)), mend="Name a folder that holds an experiment.yaml, or one around it")
    return sorted(found)


def check_experiments(folders: Sequence[Path], scale: str, selected: Sequence[str] = ()) -> Report:
    """Checks each experiment at a scale, or at `all` of its scales; `selected` are codes or what they begin with. Raises HarnessError for a declaration that
    cannot be read, and for a scale that none of them declares."""
    wanted: dict[str, list[Path]] = {}
    refused: dict[Path, Entry] = {}
    for folder in folders:
        try:
            for name in scales_of(folder, scale):
                wanted.setdefault(name, []).append(folder)
        except HarnessError as error:
            refused[folder] = refusal(error, folder, "")
    found: dict[str, ExperimentChecks] = {}
    for name, places in sorted(wanted.items(), key=lambda pair: SCALES.index(pair[0])):
        for checked in collect_at(places, name, refused):
            one = found.setdefault(checked.experiment, checked)
            one.by_scale.update(checked.by_scale)
    return combine(list(found.values()), list(refused.values()), selected, len(folders))


def scales_of(folder: Path, scale: str) -> list[str]:
    """The scales to check an experiment at; without its smoke scale, the smallest that it has."""
    from harness.design.experiment import experiment_in

    declared = sorted(experiment_in(folder.resolve()).scales, key=SCALES.index)
    if scale == "all":
        return declared
    if scale and scale not in declared:
        raise HarnessError(f"declares no scale {scale!r}", where=str(folder / FILE_NAME), mend=f"Use --scale with one of: {', '.join(declared)}, all")
    return [scale or declared[0]]


def collect_at(folders: Sequence[Path], scale: str, refused: dict[Path, Entry]) -> list[ExperimentChecks]:
    """All experiments in one go; where one of them is refused, one by one, so that it hides no other."""
    try:
        found: list[ExperimentChecks] = collect([*map(str, folders), "--harness-scale", scale], check_session)
        return found
    except HarnessError as error:
        if len(folders) == 1:
            refused.setdefault(folders[0], refusal(error, folders[0], scale))
            return []
    return [checked for folder in folders for checked in collect_at([folder], scale, refused)]


def check_session(session: Any) -> list[ExperimentChecks]:
    """Runs the rules over what a session has collected."""
    from harness.run.checks import check_design, project_checks

    own = project_checks(session.config)
    return [check_one(session, found, check_design, own) for found in session.founds]


def check_one(session: Any, found: Any, check_design: Any, own: Any) -> ExperimentChecks:
    facts = session.facts(found)
    allow = dict(facts.spec.allow)
    checked = check_design(facts, own, STAGES)
    lines = {code: facts.place("allow", code) for code in allow}
    return ExperimentChecks(experiment=found.experiment.id, by_scale={facts.scale: checked}, allow=allow, lines=lines)


def refusal(error: HarnessError, folder: Path, scale: str) -> Entry:
    """A declaration that was refused, as a finding where a rule refused it. Raises the error where it is no rule's."""
    match = REFUSED.fullmatch(str(error))
    if match is None:
        raise error
    file, _, line = (match["where"] or "").rpartition(":")
    where = Place(file=file, line=int(line)) if line.isdigit() else Place(file=match["where"] or str(folder / FILE_NAME))
    what, _, fix = match["what"].partition(". ")
    severity = checks()[match["code"]].severity if match["code"] in checks() else "error"
    finding = Finding(message=what, where=where, fix=fix.rstrip("."), code=match["code"], severity=severity)
    return Entry(finding=finding, experiment=folder.name, scales=(scale,) if scale else ())


def combine(found: Sequence[ExperimentChecks], refused: Sequence[Entry], selected: Sequence[str], experiments: int) -> Report:
    """One report of all experiments and scales: equal findings once, with their scales."""
    grouped: dict[tuple[str, Finding], list[str]] = {}
    for one in found:
        for scale, checked in one.by_scale.items():
            for finding in checked.findings:
                grouped.setdefault((one.experiment, finding), []).append(scale)
    entries = [Entry(finding=finding, experiment=name, scales=tuple(dict.fromkeys(scales))) for (name, finding), scales in grouped.items()]
    entries += [*refused, *(entry for one in found for entry in unused_entries(one))]
    kept = [entry for entry in entries if is_selected(entry.finding.code, selected)]
    not_run = dict.fromkeys(entry for one in found for checked in one.by_scale.values() for entry in checked.not_run if is_selected(entry.code, selected))
    slow = {code: seconds for one in found for checked in one.by_scale.values() for code, seconds in checked.slow.items()}
    kept.sort(key=lambda entry: (entry.finding.where.file, entry.finding.where.line, entry.finding.code, entry.finding.message))
    return Report(entries=tuple(kept), not_run=tuple(not_run), slow=slow, experiments=experiments)


def unused_entries(one: ExperimentChecks) -> list[Entry]:
    """Suppressions that suppress nothing."""
    made = []
    for code, index in unused(one.allow, one.by_scale):
        about = f" for {entry.where}" if (entry := one.allow[code][index]).where else ""
        message = f"{code} is allowed{about}, and there is no such finding"
        finding = Finding(message=message, where=one.lines[code], fix="Take the suppression out", code=SUPPRESSION, severity="warning", subject=code)
        made.append(Entry(finding=finding, experiment=one.experiment, scales=tuple(one.by_scale)))
    return made


def is_selected(code: str, selected: Sequence[str]) -> bool:
    return not selected or any(code.startswith(prefix) for prefix in selected)
