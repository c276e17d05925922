"""The session's state in one process: settings, the experiments found, the runner. The plugin's hooks delegate to it."""

from __future__ import annotations

import os
import secrets
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from harness.damage import forget_damage
from harness.design.catalogue import Catalogue
from harness.design.paths import FILE_NAME
from harness.errors import HarnessError, explain_failure
from harness.git import author_of
from harness.records import encode
from harness.run.collecting import CollectedExperiment, arrange_items, expected_seconds, found_in, settings_of
from harness.run.engines import LOCAL
from harness.run.environment import command_line, hardware
from harness.run.fixtures import RUNNER, SETTINGS
from harness.run.folder import RunFolder
from harness.run.latest import begin_latest
from harness.run.pause import resume
from harness.run.plugins import check_plugins
from harness.run.redact import make_printable
from harness.run.settings import REFUSAL, Settings
from harness.run.timeline import earlier_events
from harness.store import naming_errors

if TYPE_CHECKING:
    from harness.findings import Checked, Facts
    from harness.records import Finding
    from harness.run.experiment_run import ExperimentRun
    from harness.run.runner import Runner

RUN = "harness_run"


class Session:
    """One per process. `run` names the session's runs; workers are told it by the controller."""

    def __init__(self, config: pytest.Config, settings: Settings) -> None:
        self.config, self.settings = config, settings
        told = getattr(config, "workerinput", {})
        self.run: str = told.get(RUN) or f"{time.strftime('%Y%m%d-%H%M%S', time.gmtime())}-{secrets.token_hex(2)}"
        self.worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
        self.prepared: list[ExperimentRun] = []
        self.checked: dict[Path, Checked] = {}  # by the experiment's folder, what its declaration was found to lack
        self.known: dict[Path, Facts] = {}  # the same, what is known of it
        self.founds: list[CollectedExperiment] = []
        self.selected: set[str] = set()
        self.runner: Runner | None = None
        self.started = time.time()
        forget_damage()
        self.failures: list[str] = []
        self.begun: set[Path] = set()

    # collecting -------------------------------------------------------------------------------------------------------------------------------

    def arrange(self, collected: list[pytest.Item], items: list[pytest.Item]) -> None:
        """Brings the selected items into order, with the needs pulled in. Mistakes of the declaration become collection errors."""
        try:
            self.founds = found_in(collected, self.config, self.settings)
        except HarnessError as error:
            refuse(items, str(error))
            return
        if self.worker != "main":  # the longest first: the others fill the time in which one worker waits for its gates
            self.founds.sort(key=lambda found: -expected_seconds(found, self.settings.scale))
        arranged_items = arrange_items(items, self.founds)
        chosen = {item.nodeid for item in arranged_items}
        self._uncount(chosen)
        self.founds = [found for found in self.founds if chosen & set(found.catalogue.by_nodeid)]
        self.selected = {cell.id + "@" + found.experiment.id for found in self.founds for cell in self._chosen(found.catalogue, chosen)}
        try:
            # What is missing or too dear is told here, as an error of collection: later a worker could only crash.
            if self.founds and not (self.config.option.collectonly or self.settings.plan):
                check_plugins(self.config, [item for found in self.founds for item in found.cell_items.values()])
                check_names(self.founds)
            self.check_designs()
            self.prepared = [] if self.config.option.collectonly else self.actives()
            for active in self.prepared:
                check_budget(active)
                check_score(active)
        except HarnessError as error:
            refuse(items, str(error))
            return
        items[:] = arranged_items

    def check_designs(self) -> None:
        """Checks every declaration; at scale full also what only a plan can tell, and refuses errors. Raises HarnessError."""
        from harness.run.checks import check_design, project_checks, refuse_errors

        runs = not (self.config.option.collectonly or self.settings.plan)
        refuses = runs and self.settings.scale == "full"
        own = project_checks(self.config) if self.founds else []
        for found in self.founds:
            known = self.facts(found)
            checked = check_design(known, own, ("declare", "plan") if refuses else ("declare",))
            self.checked[found.experiment.folder] = checked
            if refuses:
                refuse_errors(checked)
            if runs and known.knows("yaml"):
                assert known.yaml  # read now: a cell that read it would rest on each byte of it

    def open_findings(self) -> list[Finding]:
        """The findings in the designs of this session that are not allowed."""
        return [finding for checked in self.checked.values() for finding in checked.open]

    def facts(self, found: CollectedExperiment) -> Facts:
        """What checks may ask of a collected experiment; a cell that asks later finds what was read here."""
        from harness.run.checks import design_facts

        if found.experiment.folder not in self.known:
            self.known[found.experiment.folder] = design_facts(found, self.settings, lambda: self.prepared_for(found))
        return self.known[found.experiment.folder]

    def prepared_for(self, found: CollectedExperiment) -> ExperimentRun:
        """The experiment with its universe: the one that runs, where it runs."""
        return next((active for active in self.prepared if active.found is found), None) or self.active(found)

    def _uncount(self, chosen: set[str]) -> None:
        """Items that were pulled back in are not deselected after all."""
        reporter: Any = self.config.pluginmanager.get_plugin("terminalreporter")
        if reporter is not None and "deselected" in reporter.stats:
            reporter.stats["deselected"] = [item for item in reporter.stats["deselected"] if item.nodeid not in chosen]

    def _chosen(self, catalogue: Catalogue, chosen: set[str]) -> list[Any]:
        return [cell for cell in catalogue.cells.values() if cell.nodeid in chosen]

    # running ----------------------------------------------------------------------------------------------------------------------------------

    def path(self, experiment: str, alone: bool) -> Path:
        if self.settings.run_dir is None:
            return self.settings.reports / experiment / self.run
        return self.settings.run_dir if alone else self.settings.run_dir / experiment

    def actives(self) -> list[ExperimentRun]:
        """The experiments with their universes. Reads files; raises HarnessError for what is missing or broken."""
        return [self.active(found) for found in self.founds]

    def active(self, found: CollectedExperiment) -> ExperimentRun:
        """One experiment with its universe."""
        from harness.run.experiment_run import ExperimentRun

        spec = found.experiment.spec
        with explain_failure("a hook pytest_harness_identity fails", f"experiment {spec.id}", "Repair the conftest or the domain that has it"):
            others = self.config.hook.pytest_harness_identity(
                settings=settings_of(found.experiment, self.settings),
                planning=self.settings.plan or bool(self.config.option.collectonly),
                root=self.settings.root,
                declaration=found.experiment.plain_at(self.settings.scale),
            )
        if not all(isinstance(other, dict) for other in others):
            raise HarnessError("a hook pytest_harness_identity gives no mapping", where=f"experiment {spec.id}", mend="Return what identifies by name")
        selected = {cell for cell in found.catalogue.cells if f"{cell}@{spec.id}" in self.selected}
        findings = self.checked[found.experiment.folder].findings if found.experiment.folder in self.checked else ()
        folder = RunFolder(self.path(spec.id, len(self.founds) == 1), self.run)
        return ExperimentRun(found, folder, self.settings, selected, others, findings, self.facts(found))

    def begin(self) -> None:
        """Writes what is planned and makes the runner. Raises HarnessError where the run folder cannot be written."""
        from harness.run.runner import Runner

        check_writable(self.settings.store)
        decides = self.worker in ("main", "gw0")
        for active in self.prepared:
            machine = self.check_machine(active) if decides and self.settings.engine == LOCAL else ()
            planned = active.folder.begin(active.universe)
            self.begun.add(active.folder.path)
            if decides:
                start = {
                    "started": self.started,
                    "command": self._command(),
                    "hardware": hardware(),
                    "workers": self._workers(),
                    "author": author_of(self.settings.root),
                    "history": earlier_events(active.experiment.folder, active.experiment.folder / FILE_NAME),
                    "findings": encode(machine),
                }
                active.folder.record_session(start, planned)
                resume(active.folder.path)
                begin_latest(active.folder.path)
        self.runner = Runner(self.prepared, self.worker)
        self.config.stash[RUNNER] = self.runner

    def check_machine(self, active: ExperimentRun) -> tuple[Finding, ...]:
        """What the machine lacks for a run. Raises HarnessError for an error at scale full."""
        from harness.run.checks import check_machine, refuse_errors

        folders = {"store": self.settings.store, "reports": active.folder.path}
        checked = check_machine(self.facts(active.found), active, folders, self._workers())
        if active.universe.scale == "full":
            refuse_errors(checked)
        return checked.findings

    def _workers(self) -> int:
        return int(getattr(self.config, "workerinput", {}).get("workercount", 0))

    def _command(self) -> str:
        return str(getattr(self.config, "workerinput", {}).get("harness_command") or command_line())

    # telling ----------------------------------------------------------------------------------------------------------------------------------

    def folders(self) -> list[Path]:
        """The folders this session wrote: those found on disk, also where every worker died, and those that were begun but are there no more."""
        if self.settings.run_dir is not None:
            places = [self.settings.run_dir, *sorted(self.settings.run_dir.glob("*"))] if self.settings.run_dir.exists() else []
        else:
            places = sorted(self.settings.reports.glob(f"*/{self.run}"))
        return sorted({place for place in places if RunFolder(place, self.run).current} | self.begun)


def check_writable(folder: Path) -> None:
    """Raises HarnessError where a folder cannot be written: told before the work, not after it."""
    with naming_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()


def check_names(founds: Iterable[CollectedExperiment]) -> None:
    """Refuses to run two experiments of one name: their runs would be written to one folder."""
    first: dict[str, Path] = {}
    for folder in (found.experiment.folder for found in founds):
        if first.setdefault(folder.name, folder) != folder:
            mend = "Run one of them at a time, or rename a folder and its id"
            raise HarnessError(f"{first[folder.name]} is an experiment of the same name", where=str(folder), mend=mend)


def check_score(active: ExperimentRun) -> None:
    """Refuses a run at full scale while a question, a finding or a required change of its score is open."""
    from harness.design.score import refuse_open_points

    if active.universe.scale == "full" and not active.settings.plan:
        refuse_open_points(active.experiment.folder)


def check_budget(active: ExperimentRun) -> None:
    """Refuses to start work whose plan costs more than the session's or the experiment's budget."""
    from harness.design.plan import work_left

    own = active.experiment.spec.budget
    if all(limit is None for limit in (active.settings.budget_usd, active.settings.budget_gpu_hours, own.usd, own.gpu_hours)):
        return
    left = work_left(active.universe, lambda cell: active.find_known(cell) is not None)
    for name, unit, limits in (
        ("usd", "US dollars", (active.settings.budget_usd, own.usd)),
        ("gpu_hours", "GPU-hours", (active.settings.budget_gpu_hours, own.gpu_hours)),
    ):
        limit = min((limit for limit in limits if limit is not None), default=None)
        if limit is not None:
            told, mend = beyond(active, left, name, unit, limit)
            if told:
                raise HarnessError(told, where=str(active.experiment.folder / FILE_NAME), mend=mend)


def beyond(active: ExperimentRun, left: dict[str, Any], field: str, unit: str, limit: float) -> tuple[str, str]:
    """(what is wrong with a budget of `limit`, the mend): a hypothesis cell to do whose cost is not declared, or a cost above it. Empty where it holds."""
    open_cells = set(left["to_do"])
    owners = {cell.owner for cell in active.universe.cells if cell.kind == "hypothesis" and cell.id in open_cells}
    lacking = [owner for owner in left["undeclared"].get(field, ()) if owner in owners]
    if lacking:
        mend = f"Declare it under scales.{active.universe.scale}.cell_cost or .costs, or take the budget off"
        return f"the budget of {limit:g} {unit} cannot be held: no {field} is declared for a cell of {', '.join(lacking)}", mend
    cost = left["cost"][field]
    if cost is None or cost <= limit:
        return "", ""
    mend = f"Select less with -k, raise the budget, or look at --harness-plan (option --harness-budget-{field.replace('_', '-')})"
    return f"the plan costs {cost:g} {unit}, the budget is {limit:g}", mend


def refuse(items: list[pytest.Item], told: str) -> None:
    """Reports a mistake as a collection error of one line, which every mode of pytest (and xdist) stops at."""
    session = items[0].session if items else None
    if session is None:
        raise pytest.UsageError(told)
    items.clear()
    report = pytest.CollectReport(nodeid=REFUSAL, outcome="failed", longrepr=make_printable(told), result=[])
    session.ihook.pytest_collectreport(report=report)


__all__ = ["SETTINGS", "Session", "beyond", "check_budget", "refuse"]
