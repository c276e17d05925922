"""The project's own code by name: functions, classes, constants and imports of its files, and which of them the tests of an experiment can reach."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, TypeVar

from harness.check.facts import Function, FunctionNode, TestCode, parse
from harness.findings import Facts
from harness.installed_packages import is_project_file

Node = TypeVar("Node", bound=ast.AST)


@dataclass(eq=False)
class Scope:
    """The names of one file. `imports` maps a name to (module, name there), the latter "" for a module itself; `owner` a method to its class."""

    path: Path
    functions: dict[str, FunctionNode] = field(default_factory=dict)
    classes: dict[str, ast.ClassDef] = field(default_factory=dict)
    assigned: dict[str, list[ast.expr]] = field(default_factory=dict)
    imports: dict[str, tuple[str, str]] = field(default_factory=dict)
    methods: dict[str, list[FunctionNode]] = field(default_factory=dict)
    owner: dict[FunctionNode, ast.ClassDef] = field(default_factory=dict)


@lru_cache(maxsize=512)
def scope_of(path: Path, tree: ast.Module) -> Scope:
    """The names of a file. `tree` is one of `harness.check.facts.parse`, which gives the same one until the file changes."""
    found = Scope(path)
    for node in nodes_of(tree, ast.Import):
        found.imports |= {alias.asname or alias.name.split(".")[0]: (alias.name if alias.asname else alias.name.split(".")[0], "") for alias in node.names}
    for imported in nodes_of(tree, ast.ImportFrom):
        found.imports |= {alias.asname or alias.name: (imported.module or "", alias.name) for alias in imported.names}
    for statement in tree.body:
        add_statement(found, statement)
    for owner in nodes_of(tree, ast.ClassDef):
        found.classes.setdefault(owner.name, owner)
        for method in (part for part in owner.body if isinstance(part, FunctionNode)):
            found.methods.setdefault(method.name, []).append(method)
            found.owner[method] = owner
    return found


def add_statement(found: Scope, statement: ast.stmt) -> None:
    """What a statement of a file names; what stands in its `if` and `try` counts, too."""
    if isinstance(statement, FunctionNode):
        found.functions[statement.name] = statement
    for target in getattr(statement, "targets", [getattr(statement, "target", None)]):
        names = [part.id for part in ast.walk(target) if isinstance(part, ast.Name)] if isinstance(target, ast.AST) else []
        for name in names if getattr(statement, "value", None) is not None else []:
            found.assigned.setdefault(name, []).append(statement.value)  # type: ignore[attr-defined]
    for inner in (part for name in ("body", "orelse", "finalbody") for part in getattr(statement, name, ()) if isinstance(statement, ast.If | ast.Try)):
        add_statement(found, inner)


@lru_cache(maxsize=512)
def index_of(tree: ast.AST) -> dict[type[ast.AST], list[Any]]:
    """All nodes below one, by type, in the order of `ast.walk`."""
    found: dict[type[ast.AST], list[Any]] = {}
    for node in ast.walk(tree):
        found.setdefault(type(node), []).append(node)
    return found


def nodes_of(tree: ast.AST, kind: type[Node]) -> list[Node]:
    """The nodes of a type below one, each tree walked once."""
    return index_of(tree).get(kind, [])


@lru_cache(maxsize=4096)
def mentioned_in(node: ast.AST) -> frozenset[str]:
    """Every name and attribute that is read below a node."""
    names = {name.id for name in nodes_of(node, ast.Name) if isinstance(name.ctx, ast.Load)}
    return frozenset(names | {part.attr for part in nodes_of(node, ast.Attribute)})


class Project:
    """All files of the project that an experiment is made of, by name."""

    def __init__(self, sources: Mapping[Path, ast.Module], root: Path, tests: Iterable[TestCode]) -> None:
        self.root, self.sources, self.tests = root, sources, tuple(tests)
        self.scopes = {path: scope_of(path, tree) for path, tree in sources.items()}
        self.modules: dict[str, Path] = {}
        for path in sources:
            parts = (path.relative_to(root) if path.is_relative_to(root) else Path(path.name)).with_suffix("").parts
            for start in range(len(parts)):
                self.modules.setdefault(".".join(parts[start:]).removesuffix(".__init__"), path)

    def imported(self, scope: Scope, name: str) -> tuple[Scope, str] | None:
        """(file, name there) of what a file of the project imports from another one."""
        module, inner = scope.imports.get(name, ("", ""))
        path = self.modules.get(module)
        return (self.scopes[path], inner) if path is not None and inner else None

    @cached_property
    def defined(self) -> dict[str, list[Function]]:
        """The functions and methods of all files, by name; a class stands for all of its methods: others may call them."""
        found: dict[str, list[Function]] = {}
        for path, scope in self.scopes.items():
            for name, node in scope.functions.items():
                found.setdefault(name, []).append(Function(name, (), path, node))
            for name, methods in scope.methods.items():
                for method in methods:
                    entry = Function(name, (), path, method)
                    found.setdefault(name, []).append(entry)
                    found.setdefault(scope.owner[method].name, []).append(entry)
        return found

    def reach(self, test: TestCode) -> dict[FunctionNode, Path]:
        """The functions of the project that a test may call, by name: itself, the fixtures that it uses, and what these mention."""
        found: dict[FunctionNode, Path] = {}
        waiting = [function for function in (test.function, *used_fixtures(test).values()) if function.node is not None]
        while waiting:
            function = waiting.pop()
            if function.node is not None and function.node not in found:
                found[function.node] = function.path
                waiting += [entry for name in mentioned_in(function.node) for entry in self.defined.get(name, ())]
        return found

    @cached_property
    def reached(self) -> dict[FunctionNode, Path]:
        """The functions that any test may call."""
        return {node: path for test in self.tests for node, path in self.reach(test).items()}

    def top_level(self) -> Iterator[tuple[Path, ast.stmt]]:
        """The statements that run when a file is imported."""
        for path, tree in self.sources.items():
            yield from ((path, statement) for statement in tree.body if not isinstance(statement, FunctionNode | ast.ClassDef | ast.Import | ast.ImportFrom))

    def nodes(self, kind: type[Node]) -> Iterator[tuple[Path, Node]]:
        """Nodes of a type in what the tests can reach, each once, in the order of files and lines."""
        seen: set[ast.AST] = set()
        for function, path in sorted(self.reached.items(), key=lambda entry: (str(entry[1]), entry[0].lineno)):
            for node in nodes_of(function, kind):
                if node not in seen:
                    seen.add(node)
                    yield path, node


def used_fixtures(test: TestCode) -> dict[str, Function]:
    """The fixtures that the body of a test reads, and those that these read in turn. What the project did not write uses all of its arguments."""
    found: dict[str, Function] = {}
    waiting = list(test.used)
    while waiting:
        name = waiting.pop()
        if name not in found and name in test.fixtures:
            fixture = found[name] = test.fixtures[name]
            waiting += mentioned_in(fixture.node) & frozenset(fixture.arguments) if fixture.node else fixture.arguments
    return found


def project_of(facts: Facts) -> Project:
    """The files of the tests, conftests and fixtures, and those of the project that they import, directly or through others."""
    found: dict[Path, ast.Module] = dict(facts.sources)
    waiting = list(found)
    while waiting:
        path = waiting.pop()
        for other in imported_files(path, found[path], facts.root):
            if other not in found:
                found[other] = parse(other)
                waiting.append(other)
    return Project(found, facts.root, facts.tests)


def imported_files(path: Path, tree: ast.Module, root: Path) -> Iterator[Path]:
    """The project's files that a file imports: as they were imported, else below the root or beside it. Quicker than all that a number depends on, and the
    declaration is checked in every session."""
    names = {f"{one.module}.{alias.name}" for one in nodes_of(tree, ast.ImportFrom) for alias in one.names if one.module}
    names |= {alias.name for one in nodes_of(tree, ast.Import) for alias in one.names}
    names |= {f"{path.parent.name}.{one.module or alias.name}" for one in nodes_of(tree, ast.ImportFrom) if one.level for alias in one.names}
    for name in sorted(name for name in names if name.split(".")[0] not in (*sys.stdlib_module_names, "harness", "pytest", "numpy", "scipy")):
        for end in (name, name.rpartition(".")[0]):
            if end and (file := file_of(end, path, root)) is not None and is_project_file(str(file)):
                yield file


def file_of(module: str, path: Path, root: Path) -> Path | None:
    loaded = getattr(sys.modules.get(module), "__file__", None)
    places = [Path(loaded)] if loaded else []
    parts = Path(*module.split("."))
    places += [place for folder in (root, path.parent, path.parent.parent) for place in (folder / parts.with_suffix(".py"), folder / parts / "__init__.py")]
    return next((place for place in places if place.suffix == ".py" and place.is_file()), None)


def words(text: str) -> frozenset[str]:
    """A set of names, written as one text."""
    return frozenset(text.split())


def name_of(node: ast.AST) -> str:
    """The last name of `a`, `a.b`, `a.b()` or `a["b"]`; "" for anything else."""
    if isinstance(node, ast.Call):
        return name_of(node.func)
    if isinstance(node, ast.Subscript):
        return node.slice.value if isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str) else ""
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def keyword(call: ast.Call, name: str) -> ast.expr | None:
    return next((part.value for part in call.keywords if part.arg == name), None)


def number_in(node: ast.AST | None) -> float | None:
    """The value of a number as it is written, also `-1` and `1 / 4`; None for anything else. True and False are no numbers."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, int | float) and not isinstance(node.value, bool) else None
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        inner = number_in(node.operand)
        return None if inner is None else -inner
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
        left, right = number_in(node.left), number_in(node.right)
        return left / right if left is not None and right else None
    return None
