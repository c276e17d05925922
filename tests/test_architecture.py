"""The two sentences of the house, its public door, and what starting it costs."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import harness

PACKAGE = Path(harness.__file__).parent
WORLD = ("models", "training", "measures", "populations")
PROCESS = ("design", "run", "verdict", "report")
HEAVY = {"torch", "transformers", "peft", "scipy", "numpy", "openai", "anthropic", "matplotlib", "jinja2", "pydantic", "yaml", "rich"}


def imports(path: Path) -> set[str]:
    """Every module that a file imports, at its top or inside a function, type checking included."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found


def files(*rooms: str) -> list[Path]:
    return [path for room in rooms for path in sorted((PACKAGE / room).rglob("*.py"))]


@pytest.mark.parametrize("path", files(*WORLD), ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_world_imports_neither_pytest_nor_process(path: Path) -> None:
    """A measure, a model or a population knows nothing of tests, promises and reports."""
    assert not [
        name for name in imports(path) if name.split(".")[0] == "pytest" or name.startswith(tuple(f"harness.{room}" for room in (*PROCESS, "plugin", "cli")))
    ]


@pytest.mark.parametrize("path", files(*PROCESS), ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_process_imports_neither_models_nor_frameworks(path: Path) -> None:
    """A rule or a section of the report knows nothing of torch, models and simulators."""
    foreign = ("torch", "transformers", "peft", *(f"harness.{room}" for room in WORLD))
    assert not [name for name in imports(path) if name.startswith(foreign)]


def test_the_common_ground_belongs_to_neither_half() -> None:
    """The modules that both halves use import neither."""
    base = "errors fingerprint seeds damage files appendlog store samples records plaintext textfile strict_json yamlfile units"
    for name in base.split():
        assert not [found for found in imports(PACKAGE / f"{name}.py") if found.startswith(tuple(f"harness.{room}" for room in (*WORLD, *PROCESS)))]


def test_the_public_door_is_sorted_and_every_name_opens() -> None:
    """__all__ is sorted, holds no private name, and each name can be imported."""
    assert harness.__all__ == sorted(harness.__all__)
    assert all(not name.startswith("_") and getattr(harness, name) for name in harness.__all__)
    assert sorted(name for names in harness.PLACES.values() for name in names) == harness.__all__


def test_importing_the_plugin_loads_nothing_heavy() -> None:
    """Neither the frameworks nor our own heavy halves are loaded by the plugin alone."""
    code = "import sys, harness.plugin; print(*sys.modules)"
    loaded = {name.split(".")[0] for name in subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()}
    bare = {
        name.split(".")[0]
        for name in subprocess.run([sys.executable, "-c", "import sys, pytest; print(*sys.modules)"], capture_output=True, text=True).stdout.split()
    }
    assert not (loaded - bare) & HEAVY


def test_only_harness_is_installed() -> None:
    """The names fixtures, evals and personas stay out of site-packages, where they would collide with others."""
    import tomllib

    found = tomllib.loads((PACKAGE.parent / "pyproject.toml").read_text(encoding="utf-8"))
    assert found["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"] == ["harness"]


def test_nothing_is_ever_unpickled_or_trusted() -> None:
    """No source file loads a pickle, and trust_remote_code is nowhere turned on."""
    for path in [*PACKAGE.rglob("*.py"), *(PACKAGE.parent / "fixtures").glob("*.py")]:
        text = path.read_text(encoding="utf-8")
        assert not {"pickle", "joblib", "dill", "cloudpickle", "shelve", "marshal"} & {name.split(".")[0] for name in imports(path)}, path
        assert "torch.load(" not in text and "trust_remote_code=True" not in text and "allow_pickle=True" not in text, path
