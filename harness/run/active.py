"""One experiment in the making: its catalogue, universe, folder, and the store."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest

from harness.code_dependencies import is_standard, read_source
from harness.damage import note_damage
from harness.design.experiment import Experiment
from harness.design.places import folder_of
from harness.design.promise import compared, inputs_of, promise_of
from harness.design.universe import Planned, Universe, planned_cells
from harness.installed_packages import distribution_of
from harness.opened_files import CODE, changed_files, is_project_code, label_of, opened_files
from harness.records import Cell, Word, encode
from harness.run.cell_key import identity
from harness.run.collecting import Found, scale_of, seeds_of
from harness.run.environment import environment
from harness.run.folder import FINAL, RunFolder, Time
from harness.run.settings import Settings
from harness.store import Store

KIND = "cells"


class Kept(NamedTuple):
    """A cell that was measured before: when its oldest sample was drawn, and the files that it rests on with their sha256."""

    cell: Cell
    measured: float
    files: Mapping[str, str]


class Entry(Word, frozen=True, kw_only=True):
    """The same as the store holds it."""

    cell: Cell
    measured: Time
    files: dict[str, str] = msgspec.field(default_factory=dict)


class Active:
    """What a process needs to know of one experiment while it runs."""

    def __init__(self, found: Found, folder: RunFolder, settings: Settings, selected: set[str], others: list[dict[str, Any]]) -> None:
        self.found, self.folder, self.settings = found, folder, settings
        self.store = Store(settings.store)
        self.universe = universe_of(found, settings, selected, others)
        self.planned = {cell.id: cell for cell in self.universe.cells}
        self.needed = {need for cell in self.universe.cells for need in cell.needs}
        self._imported: tuple[int, list[Path]] = (0, [])

    @property
    def experiment(self) -> Experiment:
        return self.found.experiment

    def item(self, cell: str) -> pytest.Item:
        return self.found.cell_items[cell]

    @cached_property
    def _journal(self) -> dict[str, Kept]:
        """Finished cells of an earlier session in this folder, read once before this session appends."""
        cells, rows, _ = self.folder.finished(self.universe)
        last = {row["cell"]["id"]: row for row in rows if row.get("type") == "cell"}
        return {name: Kept(cell, float(last[name]["measured"]), last[name].get("files", {})) for name, cell in cells.items() if last[name].get("keep", True)}

    def known(self, planned: Planned) -> Kept | None:
        """Equal work done before, in this folder or in the store, all of whose files are what they were; else None."""
        entry: Entry | None = self.store.peek(KIND, planned.key, Entry)
        if entry is not None and (entry.cell.key, entry.cell.id) != (planned.key, planned.id):
            note_damage(self.store.file(KIND, planned.key, ".json"), "another cell")
            entry = None
        found = Kept(entry.cell, entry.measured, entry.files) if entry is not None else self._journal.get(planned.id)
        if found is None or found.cell.verdict not in FINAL or changed_files(found.files, self.settings.root):
            return None
        return found

    def kept(self, planned: Planned) -> Kept | None:
        """What is known of a cell, with its samples at hand; else None."""
        found = self.known(planned)
        whole = found is not None and all(self.folder.copy_samples(self.store, ref) for measured in found.cell.measurements for ref in measured.samples)
        return found if whole else None

    def remember(self, cell: Cell, measured: float, files: Mapping[str, str]) -> None:
        """Keeps a finished cell for later runs, with the time of its oldest sample and the files that it rests on; what broke is no result and not kept."""
        if cell.verdict in FINAL:
            self.store.put(KIND, cell.key, {"cell": encode(cell), "measured": measured, "files": dict(files)})

    @property
    def private(self) -> list[Path]:
        """Folders whose files are no input of a cell."""
        return [self.store.root, self.folder.path, self.settings.reports]

    def files_read(self) -> dict[str, str]:
        """What the session has read so far, and the modules that it imported under names that no source spells out."""
        files = opened_files.hashes(("outside", "cells", "sampling"), self.settings.root, self.private)
        own = self.found.code.paths  # in the key, without comments
        return {name: digest for name, digest in files.items() if str(self.settings.root / name) not in own} | self.modules_imported()

    def modules_imported(self) -> dict[str, str]:
        """Project modules that are not among the dependencies of the cells: something imported them by a name made at run time."""
        loaded = opened_files.modules_loaded("outside", "cells", "sampling")
        if self._imported[0] != (count := len(sys.modules) + len(loaded)):
            files = {name: file for name, module in list(sys.modules.items()) if (file := getattr(module, "__file__", None) or "").endswith(".py")}
            files |= {file: file for file in loaded - set(files.values())}  # a module need not be entered in sys.modules
            self._imported = (count, [Path(file) for name, file in files.items() if self.is_hidden_dependency(name, file)])
        return self.code_of(self._imported[1])

    def modules_sampled(self) -> dict[str, str]:
        """The same, and what was imported while a measure was sampling: its own dependencies may not name it."""
        sampled = [Path(file) for file in opened_files.modules_loaded("sampling") if self.is_project_module(file, file)]
        return self.modules_imported() | self.code_of(sampled)

    def code_of(self, paths: list[Path]) -> dict[str, str]:
        return {label_of(str(path), self.settings.root): CODE + read_source(path).code for path in paths if path.is_file()}

    def is_hidden_dependency(self, name: str, file: str) -> bool:
        return str(Path(file).resolve()) not in self.found.code.paths and self.is_project_module(name, file)

    def is_project_module(self, name: str, file: str) -> bool:
        path = Path(file).resolve()
        if not is_project_code(str(path)) or is_standard(path):
            return False
        return folder_of(path.parent, self.settings.root) in (None, self.experiment.folder) and distribution_of(name, path) is None


def universe_of(found: Found, settings: Settings, selected: set[str], others: list[dict[str, Any]]) -> Universe:
    """Everything known before the run. Reads the declared inputs, the personas and the lock."""
    experiment = found.experiment
    scale, seeds = scale_of(experiment, settings), seeds_of(experiment, settings)
    promise = promise_of(experiment, settings.root, found.code, found.claims, seeds, scale)
    spec = experiment.spec
    return Universe(
        experiment=spec.id,
        folder=experiment.folder.relative_to(settings.root).as_posix(),
        scale=scale,
        seeds=seeds,
        design=experiment.plain,
        settings=dict(spec.scales[scale].settings),
        thresholds=tuple(threshold.word(name) for name, threshold in spec.at(scale).thresholds.items()),
        promise=compared(experiment, promise),
        inputs=tuple(inputs_of(experiment, settings.root)),
        cells=planned_cells(found.catalogue, identity(promise, scale, seeds, others, found.code, found.options), selected),
        cell_cost=spec.scales[scale].cell_cost.word(),
        costs={owner: cost.word() for owner, cost in spec.scales[scale].costs.items()},
        environment=environment(settings.root),
    )
