"""Where experiments live: the folders that hold an experiment.yaml. Light, since every collected file is asked about."""

from __future__ import annotations

from functools import cache
from pathlib import Path

FILE_NAME = "experiment.yaml"


@cache
def folder_of(directory: Path, root: Path) -> Path | None:
    """The nearest folder at or above `directory`, inside the root, that holds an experiment.yaml."""
    for folder in (directory, *directory.parents):
        if (folder / FILE_NAME).exists():
            return folder
        if folder == root:
            return None
    return None


def leads_back(path: Path) -> bool:
    """True for a link to a folder that it lies in: below it pytest would collect the same files again, link after link."""
    return path.is_symlink() and path.is_dir() and path.parent.resolve().is_relative_to(path.resolve())
