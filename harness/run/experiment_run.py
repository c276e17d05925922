"""One experiment in the making: its catalogue, universe, folder, and the store."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
import pytest

from harness.damage import note_damage
from harness.design.experiment import Experiment
from harness.design.parents import find_parents
from harness.design.preregistration import compare_with_lock, inputs_of, promise_of
from harness.design.run_plan import planned_cells
from harness.opened_files import changed_files, opened_files
from harness.records import Cell, Finding, PlannedCellRecord, Record, Universe, encode
from harness.run.cell_key import identity
from harness.run.collecting import CollectedExperiment, scale_of, seeds_of, settings_of
from harness.run.environment import environment
from harness.run.folder import FINAL, RunFolder, Time
from harness.run.imported_modules import PHASES, ImportedModules
from harness.run.settings import Settings

if TYPE_CHECKING:
    from harness.findings import Facts

KIND = "cells"


class KeptCell(NamedTuple):
    """A cell that was measured before: when its oldest sample was drawn, the files that it rests on with their sha256, and those of them that no experiment of
    its session declared."""

    cell: Cell
    measured: float
    files: Mapping[str, str]
    undeclared: Sequence[str] = ()


class Entry(Record, frozen=True, kw_only=True):
    """The same as the store holds it."""

    cell: Cell
    measured: Time
    files: dict[str, str] = msgspec.field(default_factory=dict)
    undeclared: list[str] = msgspec.field(default_factory=list)


class ExperimentRun:
    """What a process needs to know of one experiment while it runs."""

    def __init__(
        self,
        found: CollectedExperiment,
        folder: RunFolder,
        settings: Settings,
        selected: set[str],
        others: list[dict[str, Any]],
        findings: tuple[Finding, ...] = (),
        facts: Facts | None = None,
    ) -> None:
        self.found, self.folder, self.settings, self.facts = found, folder, settings, facts
        self.found_by_codes: dict[tuple[str, ...], list[Finding]] = {}  # what rules of its design found, where a cell asked for it
        self.store = settings.open_store()
        self.universe = msgspec.structs.replace(universe_of(found, settings, selected, others), findings=findings)
        self.planned = {cell.id: cell for cell in self.universe.cells}
        self.needed = {need for cell in self.universe.cells for need in cell.needs}
        self.imported = ImportedModules(found.code, found.experiment.folder, settings.root)
        # What the session itself writes is no input, nor are the names of the folders that runs are put into.
        runs = settings.reports / found.experiment.spec.id
        opened_files.exclude(f"{self.store.root}{os.sep}", f"{folder.path}{os.sep}")
        opened_files.ignore_names(f"{settings.reports}{os.sep}", f"{runs}{os.sep}")

    @property
    def experiment(self) -> Experiment:
        return self.found.experiment

    def item(self, cell: str) -> pytest.Item:
        return self.found.cell_items[cell]

    @cached_property
    def _journal(self) -> dict[str, KeptCell]:
        """Finished cells of an earlier session in this folder, read once before this session appends."""
        cells, rows, _ = self.folder.finished(self.universe)
        last = {row["cell"]["id"]: row for row in rows if row.get("type") == "cell"}
        return {
            name: KeptCell(cell, float(last[name]["measured"]), last[name].get("files", {}), last[name].get("undeclared", ()))
            for name, cell in cells.items()
            if last[name].get("keep", True)
        }

    def find_known(self, planned: PlannedCellRecord) -> KeptCell | None:
        """Equal work done before, in this folder or in the store, all of whose files are what they were; else None."""
        entry: Entry | None = self.store.peek(KIND, planned.key, Entry)
        if entry is not None and (entry.cell.key, entry.cell.id) != (planned.key, planned.id):
            note_damage(self.store.file(KIND, planned.key, ".json"), "another cell")
            entry = None
        found = KeptCell(entry.cell, entry.measured, entry.files, entry.undeclared) if entry is not None else self._journal.get(planned.id)
        if found is None or found.cell.verdict not in FINAL or changed_files(found.files, self.settings.root):
            return None
        return found

    def find_kept(self, planned: PlannedCellRecord) -> KeptCell | None:
        """What is known of a cell, with its samples at hand; else None."""
        found = self.find_known(planned)
        whole = found is not None and all(self.folder.copy_samples(self.store, ref) for measured in found.cell.measurements for ref in measured.samples)
        return found if whole else None

    def remember(self, cell: Cell, measured: float, files: Mapping[str, str], undeclared: Sequence[str]) -> None:
        """Keeps a finished cell for later runs, with the time of its oldest sample and the files that it rests on; what broke is no result and not kept."""
        if cell.verdict in FINAL:
            self.store.put(KIND, cell.key, {"cell": encode(cell), "measured": measured, "files": dict(files), "undeclared": list(undeclared)})

    def files_read(self) -> dict[str, str]:
        """What the session has read so far, and the modules that it imported under names that no source spells out."""
        own, modules = self.found.code.paths, self.imported.digests()  # own: in the key, without comments
        files = opened_files.hashes(PHASES, self.settings.root)
        return {name: digest for name, digest in files.items() if str(self.settings.root / name) not in own} | modules

    def files_sampled(self) -> dict[str, str]:
        """The same of a measure that is sampling: its own dependencies may not name what is imported meanwhile."""
        modules = self.imported.digests("sampling")
        return opened_files.hashes(("outside", "sampling"), self.settings.root) | modules


def universe_of(found: CollectedExperiment, settings: Settings, selected: set[str], others: list[dict[str, Any]]) -> Universe:
    """Everything known before the run. Reads the declared inputs, the personas and the lock."""
    experiment = found.experiment
    scale, seeds, in_force = scale_of(experiment, settings), seeds_of(experiment, settings), settings_of(experiment, settings)
    promise = promise_of(experiment, settings.root, found.code, found.claims, seeds, scale, tests=found.tests, settings=in_force)
    spec = experiment.spec
    code = {label: digest[:12] for label, digest in sorted({**found.code.file_hashes, **found.code.own_hashes}.items())}
    return Universe(
        experiment=spec.id,
        folder=experiment.folder.relative_to(settings.root).as_posix(),
        scale=scale,
        seeds=seeds,
        design={**experiment.plain, "scales": {**experiment.plain["scales"], scale: {**experiment.plain["scales"][scale], "settings": in_force}}},
        settings=in_force,
        thresholds=tuple(threshold.word(name) for name, threshold in spec.at(scale).thresholds.items()),
        promise=compare_with_lock(experiment, promise, settings.root),
        inputs=tuple(inputs_of(experiment, settings.root)),
        cells=planned_cells(found.catalogue, identity(promise, scale, seeds, others, found.code, found.options), selected),
        cell_cost=spec.scales[scale].cell_cost.word(spec.scales[scale].gpus),
        costs={owner: cost.word(spec.scales[scale].gpus) for owner, cost in spec.scales[scale].costs.items()},
        environment={**environment(settings.root), "code": code},
        claim=spec.claim_at(scale),
        parents=find_parents(experiment, settings.root, promise, scale),
        prompts={place.removeprefix("prompts/"): digest for place, digest in promise.items() if place.startswith("prompts/")},
    )
