"""The layers, the domains, the public door, and what starting the plugin costs."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

import harness

PACKAGE = Path(harness.__file__).parent
REPO = PACKAGE.parent
TOOLKIT = ("models", "training", "measures", "judges", "behaviours")
CORE = ("design", "run", "verdict", "report")
DOMAINS = sorted(path.name for path in (PACKAGE / "domains").iterdir() if (path / "__init__.py").exists())
DOORS = ("plugin", "hookspecs", "cli", "harness")  # they may import anything
HEAVY = {"torch", "transformers", "peft", "scipy", "numpy", "openai", "anthropic", "matplotlib", "jinja2", "pydantic", "yaml", "rich"}


def imports(path: Path, *, typing: bool = True, lazy: bool = True) -> set[str]:
    """Every module that a file imports; without those for type checking alone, or those inside functions, where these are not asked for."""
    found: set[str] = set()
    for node in nodes(ast.parse(path.read_text(encoding="utf-8")), typing, lazy):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def nodes(tree: ast.AST, typing: bool, lazy: bool) -> Iterator[ast.AST]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and not typing and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            continue
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not lazy:
            continue
        yield node
        yield from nodes(node, typing, lazy)


def files(*rooms: str) -> list[Path]:
    return [path for room in rooms for path in sorted((PACKAGE / room).rglob("*.py"))]


def named(paths: list[Path]) -> dict[str, object]:
    return {"argvalues": paths, "ids": [path.relative_to(PACKAGE).as_posix() for path in paths]}


def reaching(path: Path, *rooms: str, typing: bool = True) -> list[str]:
    """What a file imports of these parts of the package."""
    return sorted(name for name in imports(path, typing=typing) if any(name == f"harness.{room}" or name.startswith(f"harness.{room}.") for room in rooms))


@pytest.mark.parametrize("path", **named(files(*CORE)))
def test_the_core_knows_no_toolkit_and_no_domain(path: Path) -> None:
    """A rule or a section of the report knows nothing of torch, models and simulators."""
    assert not reaching(path, *TOOLKIT, "fixtures", "domains", "check", "review", "remote", "site", "export")
    assert not {name.split(".")[0] for name in imports(path)} & {"torch", "transformers", "peft", "openai", "anthropic"}


@pytest.mark.parametrize("path", **named(files(*TOOLKIT)))
def test_the_toolkit_knows_neither_pytest_nor_experiments(path: Path) -> None:
    """A measure, a model or a judge knows nothing of tests, promises, reports and domains."""
    assert not reaching(path, *CORE, "check", "review", "site", "export", "fixtures", "domains", "plugin", "cli")
    assert "pytest" not in {name.split(".")[0] for name in imports(path)}


@pytest.mark.parametrize("path", **named([path for path in sorted(PACKAGE.glob("*.py")) if path.stem not in ("__init__", *DOORS)]))
def test_the_base_is_below_everything(path: Path) -> None:
    """The modules that all share import none of the layers above them; the interfaces name types of the core for the type checker alone."""
    above = (*CORE, *TOOLKIT, "check", "review", "site", "export", "fixtures", "domains", "plugin", "cli")
    assert not reaching(path, *above, typing=path.stem not in ("protocols", "extensions"))


@pytest.mark.parametrize("path", **named(files("site", "review")))
def test_the_site_reads_reports_alone(path: Path) -> None:
    """It stands beside the core: neither runs, designs and rules nor models and domains are needed to show what was reported."""
    assert not reaching(path, "design", "run", "verdict", *TOOLKIT, "export", "fixtures", "domains", "plugin", "cli")


@pytest.mark.parametrize("path", **named(files("domains", "fixtures")))
def test_no_domain_knows_what_is_optional(path: Path) -> None:
    assert not reaching(path, "site", "review", "check", "export")


@pytest.mark.parametrize("path", **named(files("export")))
def test_an_export_reads_runs_and_knows_no_experiment(path: Path) -> None:
    """It stands beside the core: what was decided and reported is enough, and adapters are those of the toolkit."""
    assert not reaching(path, "design", "verdict", "fixtures", "domains", "check", "review", "site", "plugin", "cli")


@pytest.mark.parametrize("path", **named(files("verdict")))
def test_a_verdict_needs_no_declaration(path: Path) -> None:
    assert not reaching(path, "design", "run", "report")


@pytest.mark.parametrize("path", **named(files("design")))
def test_a_design_needs_no_run(path: Path) -> None:
    assert not reaching(path, "run", "report")


@pytest.mark.parametrize("path", **named(files("domains")))
def test_no_domain_knows_another(path: Path) -> None:
    own = path.relative_to(PACKAGE / "domains").parts[0]
    assert not reaching(path, *(f"domains.{name}" for name in DOMAINS if name != own))


@pytest.mark.parametrize("domain", DOMAINS)
def test_the_tests_of_a_domain_lie_in_its_folder(domain: str) -> None:
    """So that they go with it, and no other test does."""
    tests = REPO / "tests"
    naming = [path.relative_to(tests) for path in tests.rglob("*.py") if f"harness.domains.{domain}" in path.read_text(encoding="utf-8")]
    assert naming and all(path.parts[:2] == ("domains", domain) for path in naming), naming


@pytest.mark.parametrize("path", **named(files("fixtures")))
def test_the_shared_fixtures_know_no_domain(path: Path) -> None:
    assert not reaching(path, "domains")


def test_no_module_imports_itself_through_others() -> None:
    """There is no cycle among the imports at the top of the files."""
    modules = {".".join(path.relative_to(REPO).with_suffix("").parts).removesuffix(".__init__"): path for path in PACKAGE.rglob("*.py")}
    graph = {name: {found for found in imports(path, typing=False, lazy=False) if found in modules and found != name} for name, path in modules.items()}
    while ends := [name for name, needs in graph.items() if not needs]:
        for name in ends:
            del graph[name]
        for needs in graph.values():
            needs.difference_update(ends)
    # What is left imports a cycle or is part of one; the package around a module is imported before it, and imports nothing of it.
    assert not graph


def test_the_tests_of_checks_lie_in_their_folder() -> None:
    """So that they go with it; domains have rules and tests of their own, which need no more than `harness.findings`."""
    tests = REPO / "tests"
    naming = [path.relative_to(tests) for path in tests.rglob("*.py") if any(name.startswith("harness.check") for name in imports(path))]
    assert all(path.parts[0] == "check" for path in naming), naming


@pytest.mark.parametrize("part", [*(f"domains/{name}" for name in DOMAINS), "check"])
def test_any_domain_and_the_checks_can_be_taken_away(part: str, tmp_path: Path) -> None:
    """Without its folder, its experiments and its tests, everything else is collected, planned and imported as before."""
    tracked = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=REPO, capture_output=True, text=True)
    if tracked.returncode:
        pytest.skip("a checkout without git")
    for name in filter(None, tracked.stdout.split("\0")):
        if (REPO / name).is_file() and not name.startswith(("reports/", f"harness/{part}/", f"tests/{part}/")):
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(REPO / name, tmp_path / name)
    code = (
        "import importlib, pathlib, sys\n"
        "for path in sorted(pathlib.Path('harness').rglob('*.py')):\n"
        "    name = '.'.join(path.with_suffix('').parts).removesuffix('.__init__')\n"
        "    if not name.endswith(('__main__', 'engine_numba')): importlib.import_module(name)\n"
        f"from harness.extensions import checks, domains, sections\nassert {Path(part).name!r} not in domains() and sections() and checks() is not None\n"
    )
    environment = {"PYTHONPATH": str(tmp_path), "PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    collect = [sys.executable, "-m", "pytest", "evals/persona_prompting", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run([*collect, "--collect-only"], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0 and re.search(r"\b\d+ tests collected", done.stdout), done.stdout + done.stderr
    if part == "check":
        done = subprocess.run([*collect, "--harness-plan"], cwd=tmp_path, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr


def test_the_public_door_is_sorted_and_every_name_opens() -> None:
    """__all__ is sorted, holds no private name, and each name can be imported."""
    assert harness.__all__ == sorted(harness.__all__)
    assert all(not name.startswith("_") and getattr(harness, name) for name in harness.__all__)
    assert sorted(name for names in harness.PLACES.values() for name in names) == harness.__all__


def test_importing_the_plugin_loads_nothing_heavy() -> None:
    """Neither the frameworks nor our own heavy halves are loaded by the plugin alone, and no domain is."""
    code = "import sys, harness.plugin; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    bare = subprocess.run([sys.executable, "-c", "import sys, pytest; print(*sys.modules)"], capture_output=True, text=True).stdout.split()
    assert not ({name.split(".")[0] for name in loaded} - {name.split(".")[0] for name in bare}) & HEAVY
    own = {name for name in loaded if name.startswith("harness.")} - {"harness.plugin", "harness.run", "harness.run.settings"}
    assert own <= {"harness.commands", "harness.errors", "harness.plaintext"} and "msgspec" not in loaded  # all that every pytest session pays for


def test_only_harness_is_installed() -> None:
    """The names fixtures, evals and personas stay out of site-packages, where they would collide with others."""
    import tomllib

    found = tomllib.loads((REPO / "pyproject.toml").read_text(encoding="utf-8"))
    assert found["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"] == ["harness"]


def test_nothing_is_ever_unpickled_or_trusted() -> None:
    """No source file loads a pickle, and trust_remote_code is nowhere turned on."""
    for path in [*PACKAGE.rglob("*.py"), *(REPO / "fixtures").glob("*.py")]:
        text = path.read_text(encoding="utf-8")
        assert not {"pickle", "joblib", "dill", "cloudpickle", "shelve", "marshal"} & {name.split(".")[0] for name in imports(path)}, path
        assert "torch.load(" not in text and "trust_remote_code=True" not in text and "allow_pickle=True" not in text, path


DOOR_FILES = [path for path in sorted(PACKAGE.rglob("__init__.py")) if "PLACES = {" in path.read_text(encoding="utf-8")]


@pytest.mark.parametrize("door", **named(DOOR_FILES))
def test_every_public_name_opens(door: Path) -> None:
    """The names of a package's door are its `__all__`, each can be imported, and none is that of a module beside it, which would stand in its way."""
    module = import_module(".".join(door.parent.relative_to(REPO).parts))
    names = [name for found in module.PLACES.values() for name in found]
    assert sorted([*names, *(["DOMAIN"] if hasattr(module, "DOMAIN") else [])]) == sorted(module.__all__)
    assert all(not name.startswith("_") and getattr(module, name) is not None for name in names)
    assert not {path.stem for path in door.parent.iterdir()} & set(names)


EXPERIMENTS = sorted([*(REPO / "evals").rglob("*.py"), *(REPO / "fixtures").rglob("*.py")])


@pytest.mark.parametrize("path", EXPERIMENTS, ids=[path.relative_to(REPO).as_posix() for path in EXPERIMENTS])
def test_experiments_use_public_names_alone(path: Path) -> None:
    """What the experiments of this project import of harness, anybody's may: names of a package's door."""
    doors = {".".join(door.parent.relative_to(REPO).parts): import_module(".".join(door.parent.relative_to(REPO).parts)).__all__ for door in DOOR_FILES}
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "harness"]
    inner = [(node.module, alias.name) for node in found for alias in node.names if alias.name not in doors.get(node.module or "", [])]
    assert not inner and not [node for node in ast.walk(tree) if isinstance(node, ast.Import) and any(one.name.startswith("harness") for one in node.names)]
