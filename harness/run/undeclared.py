"""What a cell read that is neither code nor a declared input of the session's experiments."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from harness.design.paths import FILE_NAME
from harness.opened_files import ABSENT, CODE, FOLDER, INSTALLED

# Personas and model sets are declared by their names, and runs of parents as such; what describes the project and its experiments is no data.
KNOWN = ("personas/", "model_sets/", "reports/", ".")
DESCRIPTIONS = (FILE_NAME, "experiment.lock.json", "score.yaml", "history.jsonl", "pyproject.toml", "pytest.ini", "setup.cfg", "tox.ini", "constraints.txt")
MODULES = (".py", ".pyc", ".so", ".pyd", "/")


def undeclared_in(files: Mapping[str, str], declared: Collection[str]) -> list[str]:
    """The files below the project's root among those that were read."""
    return [name for name, digest in files.items() if name not in declared and is_data(name, digest)]


def is_data(name: str, digest: str) -> bool:
    if digest == ABSENT or digest.startswith((CODE, INSTALLED, FOLDER)):
        return False
    return not name.startswith(("/", *KNOWN)) and not name.endswith(MODULES) and name.rpartition("/")[2] not in DESCRIPTIONS
