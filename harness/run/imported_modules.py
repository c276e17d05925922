"""The modules that a session imported under names that no source spells out, so that the key of its cells does not hold them."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path

from harness.code_dependencies import Dependencies, file_holding, is_standard, read_source
from harness.design.paths import folder_of
from harness.installed_packages import NEUTRAL_PACKAGES, distribution_holding, is_project_file, package_digest, required_packages
from harness.opened_files import CODE, INFO, INSTALLED, is_project_code, label_of, opened_files, state

PHASES = ("outside", "cells", "sampling")


class ImportedModules:
    """Those of one experiment. Other experiments' modules are none, except where this one, or what all share, asked for them."""

    def __init__(self, code: Dependencies, folder: Path, root: Path) -> None:
        self.code, self.folder, self.root = code, folder, root
        self.count = -1
        self.files: list[Path] = []
        self.packages: list[str] = []

    def digests(self, *more: str) -> dict[str, str]:
        """Project files by their code, installed distributions by all that is installed; what was loaded in the phases `more` also where the key holds it."""
        if self.count != (count := len(sys.modules) + opened_files.count_modules(*PHASES)):
            self.count, loaded = count, opened_files.modules_loaded(*PHASES)
            self.files = sorted(set(self.hidden_files(loaded)))
            self.packages = sorted(self.hidden_packages(loaded))
            for path in self.files:
                note_shadowing(path)
        sampled = (Path(file) for file in opened_files.modules_loaded(*more) if self.is_project_module(Path(file)))
        return self.code_of([*self.files, *sampled]) | {f"{name}{INFO}": INSTALLED + package_digest(name) for name in self.packages}

    def hidden_files(self, loaded: dict[str, tuple[str, ...]]) -> Iterable[Path]:
        names = {str(file) for module in list(sys.modules.values()) if (file := getattr(module, "__file__", None))}
        for name in names | loaded.keys():  # a module need not be entered in sys.modules
            path = Path(name).resolve() if is_project_code(name) else None
            if path is None or str(path) in self.code.paths or not self.is_project_module(path):
                continue
            if any(self.is_near(Path(file)) for file in (str(path), *loaded.get(str(path), ()))):
                yield path

    def hidden_packages(self, loaded: dict[str, tuple[str, ...]]) -> set[str]:
        """The distributions of which something was imported for the project; of the modules in one folder, one is looked at."""
        places = {file if str(Path(file).parent) in sys.path else os.path.dirname(file): Path(file) for file, asking in loaded.items() if asking}
        packages = {distribution_holding(path) for path in places.values() if not is_standard(path)}
        return {name for name in packages if name} - NEUTRAL_PACKAGES - required_packages(self.code.packages)

    def is_near(self, file: Path) -> bool:
        return folder_of(file.parent, self.root) in (None, self.folder)

    def is_project_module(self, path: Path) -> bool:
        return is_project_file(str(path)) and not is_standard(path)

    def code_of(self, paths: Iterable[Path]) -> dict[str, str]:
        files = [file for path in paths if (file := file_holding(path)) is not None]
        return {label_of(str(file), self.root): CODE + read_source(file).code if file.suffix == ".py" else state(str(file)) for file in files}


def note_shadowing(path: Path) -> None:
    """A module of the same name that stood earlier on the search path would be imported in place of this one."""
    path = path.parent if path.stem == "__init__" else path
    folders = [str(Path(entry).resolve()) for entry in sys.path]
    if str(path.parent) in folders:
        opened_files.note_absent(path.stem, folders[: folders.index(str(path.parent))])
