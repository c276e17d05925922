"""Checks of a design and of its results: rules with stable codes, the facts that they read, and what comes of them.

A rule is a function over `Facts`, wrapped by `rule`. Its `needs` name the facts that it reads; each fact belongs to a stage, and a rule runs at the
latest of its facts' stages. A fact is computed once, when a rule first reads it. One that is missing on this machine stops the rules that need it, and
each of them is reported as not run, with the reason.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatch
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Any

from harness.commands import install_missing
from harness.errors import HarnessError
from harness.opened_files import opened_files
from harness.records import STAGES, Finding, NotRun, Place, Severity, Stage

if TYPE_CHECKING:
    from harness.protocols import Check

SLOW = 2.0  # seconds, after which a rule is reported as slow; none is interrupted
# Codes whose mistakes reverse conclusions: allowing one caps the confidence at LOW.
GRAVE = frozenset({"D101", "D108", "M303", "S401"})
FAMILIES = {"D": "data", "T": "training", "M": "measurement", "S": "statistics", "R": "reporting", "P": "preflight"}


class MissingFact(Exception):
    """A fact that cannot be had on this machine; the text says what is missing. `places` are all files and folders that decide whether it is there, beside
    those that were opened: with them a report of `harness check` can be kept until one of them changes."""

    def __init__(self, text: str, *, places: Iterable[Path] | None = None) -> None:
        super().__init__(text)
        self.places = None if places is None else tuple(str(place.absolute()) for place in places)


@dataclass(frozen=True)
class Fact:
    """How a fact is computed from others, and the stage from which on it can be known."""

    stage: Stage
    compute: Callable[[Facts], Any]


class Facts:
    """What is known of one experiment at one scale: `given` values, and providers that compute the others when they are first read.

    Reading a fact that nobody provides raises AttributeError, one that is missing on this machine MissingFact. What a provider refuses as the user's
    mistake is raised as the HarnessError that it is.
    """

    def __init__(self, given: Mapping[str, Any], providers: Mapping[str, Sequence[Fact]] | None = None) -> None:
        self._values, self._providers, self._failed = dict(given), providers or {}, dict[str, Exception]()
        self._computing, self.spent = False, 0.0  # seconds that facts took

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or (name not in self._values and name not in self._providers):
            raise AttributeError(name)
        if name in self._failed:
            raise self._failed[name]
        if name not in self._values:
            try:
                with opened_files.computing_facts():
                    self._values[name] = self._compute(name)
            except (MissingFact, HarnessError) as error:
                self._failed[name] = error
                raise
        return self._values[name]

    def _compute(self, name: str) -> Any:
        """The value of a fact. Its time counts once, in that of the fact that was asked for first."""
        start, outermost = time.perf_counter(), not self._computing
        self._computing = True
        try:
            return combine([fact.compute(self) for fact in self._providers[name]])
        finally:
            if outermost:
                self._computing, self.spent = False, self.spent + time.perf_counter() - start

    def with_values(self, **values: Any) -> Facts:
        """The same facts, and these."""
        return Facts({**self._values, **values}, self._providers)

    def knows(self, name: str) -> bool:
        """True for a fact that is given or that somebody provides."""
        return name in self._values or name in self._providers

    def place(self, *place: str | int) -> Place:
        """Where something stands in experiment.yaml: file, line and its path there (`roles/source`)."""
        file, _, line = self.yaml.where(*place).rpartition(":")
        return Place(file=relative(Path(file), self.root), line=int(line), path="/".join(map(str, place)))

    def code_place(self, path: Path, line: int) -> Place:
        """A line of a file of the project."""
        return Place(file=relative(path, self.root), line=line)


def combine(values: list[Any]) -> Any:
    """The value of the one provider; sequences of several domains, one after the other."""
    return values[0] if len(values) == 1 else [entry for value in values for entry in value]


def relative(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)


@dataclass(frozen=True, kw_only=True)
class Rule:
    """A `Check` made of a function. Its docstring is the rule's page: why it exists, then a paragraph that begins with `Bad:` and one with `Good:`."""

    code: str
    name: str
    severity: Severity
    needs: tuple[str, ...]
    source: str
    since: str
    find: Callable[[Facts], Iterable[Finding]] = field(repr=False)
    continues: bool = False  # it looks for the mistake of another rule of its code at a later stage, and is kept with that one under `later`
    later: tuple[Rule, ...] = ()

    @property
    def text(self) -> str:
        import inspect

        return "\n\n".join([inspect.getdoc(self.find) or "", *(one.text for one in self.later)])

    def check(self, facts: Facts) -> Iterable[Finding]:
        return self.find(facts)


def rule(
    code: str, name: str, *, needs: Sequence[str], source: str, severity: Severity = "error", since: str = "0.2", continues: bool = False
) -> Callable[[Callable[[Facts], Iterable[Finding]]], Rule]:
    """Makes a rule of a function that yields findings (`found`). `source` is the mistake, as somebody made it, that the rule exists for."""

    def wrap(find: Callable[[Facts], Iterable[Finding]]) -> Rule:
        return Rule(code=code, name=name, severity=severity, needs=tuple(needs), source=source, since=since, find=find, continues=continues)

    return wrap


def rules_in(package: str) -> list[Rule]:
    """Every rule in the modules of a package, in the order of the modules' names."""
    modules = [import_module(f"{package}.{module.name}") for module in iter_modules(import_module(package).__path__)]
    return [value for module in modules for value in vars(module).values() if isinstance(value, Rule)]


def join_rules(first: Rule, second: Rule) -> Rule:
    """One rule of two that look for one mistake at different stages; the one that continues the other comes later."""
    main, other = (second, first) if first.continues else (first, second)
    return replace(main, later=(*main.later, replace(other, later=()), *other.later))


def parts_of(check: Check) -> list[Check]:
    """A rule, and what continues it at later stages."""
    return [check, *getattr(check, "later", ())]


def found(message: str, *, where: Place, fix: str, evidence: Iterable[str] = (), subject: str = "", severity: Severity = "error") -> Finding:
    """A finding; the engine adds the code, the severity and the stage of the rule that yields it. `evidence` are a few instances, such as ids of rows.
    With `severity="warning"` a rule of errors reports a milder case."""
    return Finding(message=message, where=where, fix=fix, evidence=tuple(evidence), subject=subject, severity=severity)


@dataclass(frozen=True, kw_only=True)
class Checked:
    """What rules found at some stages: findings (suppressed ones too), rules that could not run, the user's mistakes for which a fact could not be computed,
    and seconds by code of rules that were slow."""

    findings: tuple[Finding, ...] = ()
    not_run: tuple[NotRun, ...] = ()
    refused: tuple[HarnessError, ...] = ()
    slow: dict[str, float] = field(default_factory=dict)
    ran: frozenset[str] = frozenset()

    @property
    def open(self) -> tuple[Finding, ...]:
        """The findings that no suppression allows."""
        return tuple(finding for finding in self.findings if not finding.suppressed)

    @property
    def errors(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.open if finding.severity == "error")


def stage_of(check: Check, facts: Mapping[str, Sequence[Fact]]) -> Stage:
    """The latest stage of the facts that a rule needs."""
    stages = [fact.stage for name in check.needs for fact in facts.get(name, ())] + [GIVEN[name] for name in check.needs if name in GIVEN]
    return max(stages, key=STAGES.index, default="declare")


# The facts that are passed in rather than provided, and the stage from which on they are there.
GIVEN: dict[str, Stage] = {
    **dict.fromkeys(("experiment", "spec", "scale", "settings", "root", "store", "collected", "catalogue"), "declare"),
    **dict.fromkeys(("run", "universe", "plan"), "plan"),
    **dict.fromkeys(("machine", "opened"), "run"),
    "results": "decide",
    "folder": "report",
}


def run_checks(checks: Iterable[Check], facts: Facts, providers: Mapping[str, Sequence[Fact]], stages: Iterable[Stage]) -> Checked:
    """Runs the rules whose stage is one of `stages`, in the order of their codes."""
    run, wanted = CheckRun(facts), set(stages)
    for check in sorted((part for check in checks for part in parts_of(check)), key=lambda check: check.code):
        if (stage := stage_of(check, providers)) in wanted:
            run.add(check, stage)
        else:
            run.left.add(check.code)
    return run.checked()


class CheckRun:
    """Rules that are run one after the other over the same facts, and what came of them."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.findings: list[Finding] = []
        self.not_run: list[NotRun] = []
        self.refused: dict[str, HarnessError] = {}
        self.slow: dict[str, float] = {}
        self.ran: set[str] = set()
        self.left: set[str] = set()  # codes of which some part belongs to another stage

    def add(self, check: Check, stage: Stage) -> None:
        """Runs a rule. The time of a fact that it is the first to read is not its own."""
        if lacking := [name for name in check.needs if not self.facts.knows(name)]:
            self.not_run.append(NotRun(code=check.code, why=f"nothing that is installed provides {', '.join(lacking)}"))
            return
        start = time.perf_counter() - self.facts.spent
        self._collect(check, stage)
        if (seconds := time.perf_counter() - self.facts.spent - start) > SLOW:
            self.slow[check.code] = seconds

    def _collect(self, check: Check, stage: Stage) -> None:
        try:
            for finding in check.check(self.facts):  # what is found before a fact turns out to be missing stays
                self.findings.append(complete(finding, check, stage, self.facts))
            self.ran.add(check.code)
        except MissingFact as missing:
            self.not_run.append(NotRun(code=check.code, why=str(missing), places=missing.places))
        except HarnessError as error:
            self._refuse(error, check, stage)
        except (Exception, SystemExit) as error:  # a rule that is broken says nothing of the design, and must not be taken for a clean one
            mend = install_missing(str(error)) if isinstance(error, ImportError) else ""
            why = f"{error}. {mend}" if mend else f"the rule itself failed: {type(error).__name__}: {error}"
            self.not_run.append(NotRun(code=check.code, why=why))

    def _refuse(self, error: HarnessError, check: Check, stage: Stage) -> None:
        """What a provider refuses, a mistake of the user's: a finding of the rule that has its code, otherwise what the run would be refused for, too."""
        if error.code == check.code:
            self.findings.append(complete(refusal(error, self.facts), check, stage, self.facts))
            self.ran.add(check.code)
            return
        self.not_run.append(NotRun(code=check.code, why=str(error)))
        self.refused.setdefault(str(error), error)

    def checked(self) -> Checked:
        ran = frozenset(self.ran - self.left)
        return Checked(findings=tuple(self.findings), not_run=tuple(self.not_run), refused=tuple(self.refused.values()), slow=self.slow, ran=ran)


def refusal(error: HarnessError, facts: Facts) -> Finding:
    """What a provider refuses by the rule's own code, as a finding where it was refused."""
    file, _, line = error.where.rpartition(":")
    place = Path(file if line.isdigit() else error.where)
    where = Place(file=relative(place, facts.root), line=int(line) if line.isdigit() else 0)
    return found(error.what, where=where, fix=error.mend.rstrip("."))


def complete(finding: Finding, check: Check, stage: Stage, facts: Facts) -> Finding:
    """The finding with what its rule is, and the reason for which the declaration allows it."""
    import msgspec

    severity = "warning" if "warning" in (finding.severity, check.severity) else "error"
    return allowed(msgspec.structs.replace(finding, code=check.code, severity=severity, stage=stage), facts)


def allowed(finding: Finding, facts: Facts) -> Finding:
    """The finding with the reason for which the declaration allows it, where it does."""
    import msgspec

    entries = facts.spec.allow.get(finding.code, ()) if facts.knows("spec") else ()
    why = next((entry.why for entry in entries if allows(entry, finding, facts.scale)), "")
    return msgspec.structs.replace(finding, suppressed=why)


def allows(entry: Any, finding: Finding, scale: str) -> bool:
    """Whether an entry under `allow` is about this finding: by its scales, and by `where`, which is its path in the declaration or what that begins with,
    its subject, or a pattern of its file."""
    if entry.scales and scale not in entry.scales:
        return False
    path = finding.where.path
    return (
        not entry.where
        or path == entry.where
        or path.startswith(f"{entry.where}/")
        or entry.where == finding.subject
        or fnmatch(finding.where.file, entry.where)
    )


def unused(allow: Mapping[str, Sequence[Any]], checked: Mapping[str, Checked]) -> Iterator[tuple[str, int]]:
    """(code, index) of the entries under `allow` that suppress nothing; `checked` holds, by scale, what the rules found. An entry is judged where its rule
    ran at every scale that it is about, and its stages are among those that were run."""
    for code, entries in allow.items():
        for index, entry in enumerate(entries):
            about = {scale: one for scale, one in checked.items() if not entry.scales or scale in entry.scales}
            ran = all(code in one.ran for one in about.values()) and (not entry.scales or set(entry.scales) <= set(checked))
            if about and ran and not any(f.code == code and allows(entry, f, scale) for scale, one in about.items() for f in one.findings):
                yield code, index


def line_of(finding: Finding) -> str:
    """A finding as one line: `evals/x/experiment.yaml:17 D101 [error] message. Fix. (see harness check --explain D101)`."""
    shown = ", ".join(finding.evidence[:3]) + (f" and {len(finding.evidence) - 3} more" if len(finding.evidence) > 3 else "")
    told = f"{finding.message} ({shown})" if shown else finding.message
    return f"{finding.where} {finding.code} [{finding.severity}] {told}. {finding.fix}. (see harness check --explain {finding.code})"
