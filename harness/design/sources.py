"""The Python that an experiment is made of: its own files, the conftests above it, the fixtures, and the project's modules that these import."""

from __future__ import annotations

import ast
from pathlib import Path


def own_files(folder: Path) -> list[Path]:
    """The experiment's own Python, sub-folders included, by name."""
    return sorted(path for path in folder.rglob("*.py") if "__pycache__" not in path.parts)


def shared_files(folder: Path, root: Path) -> list[Path]:
    """Project files outside the folder that its tests may run: conftests above it, `fixtures/`, and what all of these import from the root."""
    above = [place / "conftest.py" for place in folder.parents if place == root or place.is_relative_to(root)]
    waiting = [*own_files(folder), *filter(Path.is_file, above), *sorted((root / "fixtures").glob("*.py"))]
    found: dict[Path, None] = {}
    while waiting:
        path = waiting.pop()
        if path not in found:
            found[path] = None
            waiting += [local for name in imported(path) for local in local_files(name, root)]
    return sorted(path for path in found if not path.is_relative_to(folder))


def imported(path: Path) -> set[str]:
    """The absolute names that a file imports anywhere in it; none for one that does not parse (pytest tells that)."""
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"))
    except (SyntaxError, OSError, UnicodeDecodeError):
        return set()
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


def local_files(name: str, root: Path) -> list[Path]:
    """The files of a module that lives under the root; the package itself is covered by its own fingerprint."""
    if name.split(".")[0] == "harness":
        return []
    place = root.joinpath(*name.split("."))
    return [path for path in (place.with_suffix(".py"), place / "__init__.py") if path.is_file()]
