"""Facts of any experiment: its declaration with lines, its personas, its tests as syntax trees. What a subject knows of itself, its domain provides."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from harness.design.declaring import Declaration
from harness.design.paths import FILE_NAME
from harness.design.persona import Persona, find_persona
from harness.findings import Fact, Facts
from harness.installed_packages import is_project_file
from harness.records import Parent
from harness.yamlfile import YamlFile

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Function:
    """A function of the project, or a fixture that is not: its name, arguments, file, and its syntax tree where the project wrote it."""

    name: str
    arguments: tuple[str, ...]
    path: Path
    node: FunctionNode | None = None

    @property
    def is_own(self) -> bool:
        """Whether the project wrote it."""
        return self.node is not None


@dataclass(frozen=True)
class TestCode:
    """A test function with the fixtures that it uses, directly or through others, by name."""

    __test__ = False  # pytest takes the name for a test

    declaration: Declaration
    function: Function
    fixtures: Mapping[str, Function]

    @property
    def id(self) -> str:
        return self.declaration.id

    @property
    def kind(self) -> str:
        return self.declaration.kind

    @cached_property
    def used(self) -> frozenset[str]:
        """The arguments that its body reads."""
        return names_read(self.function.node) & frozenset(self.function.arguments) if self.function.node else frozenset(self.function.arguments)

    def reaches(self, fixture: str, start: str | None = None) -> bool:
        """Whether the body reads an argument that is the fixture or uses it, directly or through others; with `start`, whether that one does."""
        waiting, seen = list([start] if start else self.used), set[str]()
        while waiting:
            name = waiting.pop()
            if name == fixture:
                return True
            if name not in seen and name in self.fixtures:
                seen.add(name)
                waiting += self.fixtures[name].arguments
        return False

    def own_functions(self) -> Iterator[Function]:
        """The test and those of its fixtures that the project wrote."""
        yield self.function
        yield from (fixture for fixture in self.fixtures.values() if fixture.is_own)


def names_read(node: ast.AST) -> frozenset[str]:
    """Every name that is read in the code below a node."""
    return frozenset(inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Load))


def parse(path: Path) -> ast.Module:
    """The syntax tree of a file, read again when it has changed."""
    stat = path.stat()
    return parse_state(path, stat.st_mtime_ns, stat.st_size)


@lru_cache(maxsize=1024)
def parse_state(path: Path, mtime: int, size: int) -> ast.Module:  # noqa: ARG001  the file's state is part of the cache key
    return ast.parse(path.read_bytes())


@lru_cache(maxsize=1024)
def functions_of(path: Path, mtime: int, size: int) -> dict[int, FunctionNode]:
    """The functions of a file by the line of their first decorator or of their `def`, as Python's code objects count them."""
    found = (node for node in ast.walk(parse_state(path, mtime, size)) if isinstance(node, FunctionNode))
    return {min([node.lineno, *(one.lineno for one in node.decorator_list)]): node for node in found}


def function_of(function: Any, name: str, arguments: tuple[str, ...]) -> Function:
    """A Python function with its syntax tree, where the project wrote it."""
    import inspect

    code = getattr(inspect.unwrap(function), "__code__", None)
    path = Path(code.co_filename) if code else Path("(unknown)")
    own = code is not None and path.is_file() and is_project_file(str(path))
    stat = path.stat() if own else None
    node = functions_of(path, stat.st_mtime_ns, stat.st_size).get(code.co_firstlineno) if code and stat else None
    return Function(name=name, arguments=arguments, path=path, node=node)


def tests_of(facts: Facts) -> list[TestCode]:
    """The test functions of the experiment, each once however many cells it fills."""
    items = facts.collected.cell_items
    firsts = {id(cell.declaration): cell for cell in reversed(list(facts.catalogue.cells.values()))}
    return [test_of(items[cell.id], cell.declaration) for cell in reversed(list(firsts.values()))]


def test_of(item: Any, declaration: Declaration) -> TestCode:
    information = getattr(item, "_fixtureinfo", None)
    definitions = information.name2fixturedefs if information else {}
    fixtures = {name: function_of(found[-1].func, name, tuple(found[-1].argnames)) for name, found in definitions.items() if found}
    return TestCode(declaration, function_of(item.function, item.function.__name__, tuple(information.argnames if information else ())), fixtures)


test_of.__test__ = False  # type: ignore[attr-defined]
tests_of.__test__ = False  # type: ignore[attr-defined]


def sources_of(facts: Facts) -> dict[Path, ast.Module]:
    """The files of the project that its tests are made of, with the conftests and fixtures in use, as syntax trees."""
    from harness.run.collecting import code_files

    return {path: parse(path) for path in sorted(code_files(facts.collected.cell_items.values())) if is_project_file(str(path))}


def imported_sources_of(facts: Facts) -> dict[Path, ast.Module]:
    """Those files and all files of the project that they import, directly or through others."""
    sources: dict[Path, ast.Module] = facts.sources
    return sources | {path: parse(path) for path in facts.collected.code.files.values() if path.suffix == ".py" and is_project_file(str(path))}


def personas_of(facts: Facts) -> dict[str, Persona]:
    """The personas that play a role, by name."""
    return {name: find_persona(facts.root, name) for name in facts.spec.personas()}


def parents_of(facts: Facts) -> Sequence[Parent]:
    """The earlier studies, compared with what can be told of this one before its code is read: declaration, banks, prompts."""
    from harness.design.parents import find_parents
    from harness.design.preregistration import flatten, inputs_of
    from harness.fingerprint import fingerprint

    if not any(parent.lock or parent.run for parent in facts.spec.parents):
        return ()
    told = flatten(facts.experiment.plain)
    told |= {f"prompts/{name}": fingerprint(persona.model_dump(mode="json")) for name, persona in facts.personas.items()}
    told |= {f"data/{found.path}": found.sha256 for found in inputs_of(facts.experiment, facts.root)}
    return find_parents(facts.experiment, facts.root, told, facts.scale)


FACTS = {
    "yaml": Fact("declare", lambda facts: YamlFile(facts.experiment.folder / FILE_NAME)),
    "personas": Fact("declare", personas_of),
    "parents": Fact("declare", parents_of),
    "tests": Fact("declare", tests_of),
    "sources": Fact("declare", sources_of),
    "imported_sources": Fact("declare", imported_sources_of),
}
