"""The code that a number depends on: everything that modules import, directly or through others, wherever it is installed.

A project's own file, an editable install and this package count by the hash of their code, without comments and docstrings for people. An installed
distribution counts by its version and the hash of its RECORD, and what it requires counts with it. What cannot change a number does not count.
Imports are read from the source, those inside functions included, and found where Python itself would find them; nothing is imported for that.
"""

from __future__ import annotations

import ast
import builtins
import hashlib
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache, cached_property, lru_cache
from importlib.machinery import ModuleSpec
from pathlib import Path

from harness.fingerprint import file_fingerprint, fingerprint
from harness.installed_packages import distribution_of, package_identity, required_packages
from harness.opened_files import MissingModules

PACKAGE = Path(__file__).parent
# Modules of this package that store, plan, decide over cells or report. They cannot change what a cell measures, or what its criterion answers.
NEUTRAL_MODULES = (
    "harness",
    "harness.appendlog",
    "harness.cli",
    "harness.code_dependencies",
    "harness.commands",
    "harness.costs",
    "harness.damage",
    "harness.lazy_exports",
    "harness.design",
    "harness.errors",
    "harness.extensions",
    "harness.check",
    "harness.files",
    "harness.findings",
    "harness.fingerprint",
    "harness.hookspecs",
    "harness.installed_packages",
    "harness.opened_files",
    "harness.plaintext",
    "harness.plugin",
    "harness.protocols",
    "harness.records",
    "harness.report",
    "harness.run.experiment_run",
    "harness.run.cell_key",
    "harness.run.checks",
    "harness.run.collecting",
    "harness.run.domain_fixtures",
    "harness.run.environment",
    "harness.run.finalize",
    "harness.run.folder",
    "harness.run.imported_modules",
    "harness.run.planning",
    "harness.run.pace",
    "harness.run.progress",
    "harness.run.cached_reports",
    "harness.run.runner",
    "harness.run.redact",
    "harness.run.session",
    "harness.run.settings",
    "harness.run.status_line",
    "harness.run.summary",
    "harness.run.cli_report",
    "harness.run.verification",
    "harness.store",
    "harness.textfile",
    "harness.verdict.gate_verdicts",
    "harness.verdict.confidence",
    "harness.verdict.decide",
    "harness.verdict.hypotheses",
    "harness.yamlfile",
)
# Whose base classes and decorators hand no docstring on to anything that could change a number.
SILENT = frozenset({"abc", "builtins", "harness", "pytest"})


@dataclass(frozen=True, kw_only=True)
class Source:
    """One parsed file: hashes of its code without the docstrings that only people read (`code`) and with all of them (`documented`), the names that it
    imports (name, level), and whether it reads docstrings itself."""

    code: str
    documented: str
    imports: tuple[tuple[str, int], ...]
    reads_docstrings: bool


@dataclass
class Dependencies:
    """`files`: label to path of project files; `own`: the same of this package; `packages`: names of installed distributions."""

    files: dict[str, Path] = field(default_factory=dict)
    own: dict[str, Path] = field(default_factory=dict)
    packages: set[str] = field(default_factory=set)

    @cached_property
    def paths(self) -> frozenset[str]:
        return frozenset(str(path) for path in (*self.files.values(), *self.own.values()))

    @cached_property
    def file_hashes(self) -> dict[str, str]:
        """Label to code hash of the project's files. Docstrings count where one of these files reads docstrings, which makes them data."""
        sources = {label: read_source(path) if path.suffix == ".py" else None for label, path in self.files.items()}
        documented = any(source is not None and source.reads_docstrings for source in sources.values())
        return {
            label: file_fingerprint(self.files[label]) if source is None else source.documented if documented else source.code
            for label, source in sources.items()
        }

    @cached_property
    def own_hashes(self) -> dict[str, str]:
        """Module to code hash of this package's."""
        return {label: read_source(path).code for label, path in self.own.items()}

    @cached_property
    def fingerprint(self) -> str:
        """sha256 over all of it."""
        packages = {name: package_identity(name) for name in sorted(required_packages(self.packages))}
        return fingerprint({"files": self.file_hashes, "own": self.own_hashes, "packages": packages, "python": list(sys.version_info[:2])})


def dependencies_of(modules: Iterable[str], files: Iterable[Path] = (), root: Path | None = None) -> Dependencies:
    """All that `modules` (dotted names) and `files` (Python files) import. Files below `root` are labelled by their path from it, others by their module."""
    found = Dependencies()
    waiting: list[tuple[str, Path, bool]] = [(module_of(path), path, path.name == "__init__.py") for path in files]
    waiting += [entry for name in modules for entry in entries(name)]
    seen: set[Path] = set()
    while waiting:
        name, path, is_package = waiting.pop()
        if path in seen:
            continue
        seen.add(path)
        if path.is_relative_to(PACKAGE):
            if is_neutral(name):
                continue
            if not is_door(path):  # it only says where names are
                found.own[name] = path
        elif (package := distribution_of(name, path)) is not None:
            found.packages.add(package)
            continue
        elif is_standard(path):
            continue
        else:
            found.files[label_of(name, path, root)] = path
        if path.suffix == ".py":
            waiting += [entry for target in targets(read_source(path).imports, name, is_package) for entry in entries(target)]
    found.files = dict(sorted(found.files.items()))
    return found


@cache
def code_fingerprint(*modules: str) -> str:
    """sha256 over the code of modules of this package and of all that they import; for keys of things that these modules make."""
    return dependencies_of(modules).fingerprint


def is_neutral(name: str) -> bool:
    return any(name == one or (one != "harness" and name.startswith(f"{one}.")) for one in NEUTRAL_MODULES)


def label_of(name: str, path: Path, root: Path | None) -> str:
    return path.relative_to(root).as_posix() if root is not None and path.is_relative_to(root) else f"{name} ({path.name})"


# Source ---------------------------------------------------------------------------------------------------------------------------------------


def read_source(path: Path) -> Source:
    """The parsed file, read again when it has changed."""
    stat = path.stat()
    return parse_source(path, stat.st_mtime_ns, stat.st_size)


@lru_cache(maxsize=4096)
def parse_source(path: Path, mtime: int, size: int) -> Source:  # noqa: ARG001  the file's state is part of the cache key
    content = path.read_bytes()
    try:
        tree = ast.parse(content)
    except (SyntaxError, ValueError, RecursionError, MemoryError):  # what does not parse is not imported; pytest says so
        digest = hashlib.sha256(content).hexdigest()
        return Source(code=digest, documented=digest, imports=(), reads_docstrings=False)
    imports, reads = tuple(dict.fromkeys(imports_in(tree))), reads_docstrings(tree)
    documented = hash_tree(tree)
    strip_docstrings(tree, own=path.is_relative_to(PACKAGE))
    return Source(code=hash_tree(tree), documented=documented, imports=imports, reads_docstrings=reads)


def hash_tree(tree: ast.AST) -> str:
    return hashlib.sha256(ast.dump(tree).encode("utf-8", "backslashreplace")).hexdigest()


def strip_docstrings(tree: ast.AST, own: bool) -> None:
    """Takes out the docstrings that only people read: all in this package, elsewhere those that no base class or decorator could hand on (as pydantic
    hands them to a model). Pytest, this package and built-in names hand none on, nor do the standard library's decorators of functions."""
    origins = origins_in(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            users = [] if isinstance(node, ast.Module) else [*node.decorator_list, *getattr(node, "bases", ())]
            silent = SILENT if isinstance(node, ast.ClassDef) else SILENT | sys.stdlib_module_names
            if own or all(origins.get(name := root_name(user), name) in silent for user in users):
                if users:
                    origins[getattr(node, "name", "")] = "builtins"  # a base or a property of this file
                if ast.get_docstring(node, clean=False) is not None:
                    del node.body[0]


def origins_in(tree: ast.AST) -> dict[str, str]:
    """Name to top-level module of what a file imports; built-in names and plain classes of the file itself come from `builtins`."""
    found = dict.fromkeys(dir(builtins), "builtins")
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            top = "." if getattr(node, "level", 0) else (getattr(node, "module", None) or "").split(".")[0]
            found |= {(alias.asname or alias.name.split(".")[0]): top or alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ClassDef) and not node.bases and not node.decorator_list:
            found[node.name] = "builtins"
    return found


def root_name(node: ast.expr) -> str:
    """The name that an expression such as `name.part(…)[…]` begins with."""
    while isinstance(node, ast.Attribute | ast.Call | ast.Subscript):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""


def reads_docstrings(tree: ast.AST) -> bool:
    """True where the code itself uses docstrings or its own source, as prompts for example."""
    names = {"__doc__", "getdoc", "getsource", "getsourcelines"}
    return any(
        getattr(node, {ast.Attribute: "attr", ast.Name: "id", ast.Constant: "value"}.get(type(node), ""), None) in names
        for node in ast.walk(tree)
        if not (isinstance(node, ast.Constant) and not isinstance(node.value, str))
    )


def imports_in(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """(absolute or relative name, level) of every import, those for type checking alone left out; names given as text to importlib or pytest too."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.If) and is_type_checking(node.test):
            waiting += node.orelse
            continue
        if isinstance(node, ast.Import):
            yield from ((alias.name, 0) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((f"{node.module}.{alias.name}" if node.module else alias.name, node.level) for alias in node.names)
        elif isinstance(node, ast.Call) and call_name(node.func) in ("import_module", "__import__", "importorskip", "run_module") and node.args:
            yield from imported_text(node.args[0])
        elif isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None and "pytest_plugins" in assigned_names(node):
            yield from (found for part in getattr(node.value, "elts", [node.value]) for found in imported_text(part))
        waiting += ast.iter_child_nodes(node)


def assigned_names(node: ast.Assign | ast.AnnAssign) -> list[str]:
    return [target.id for target in (node.targets if isinstance(node, ast.Assign) else [node.target]) if isinstance(target, ast.Name)]


def is_type_checking(test: ast.expr) -> bool:
    return call_name(test) == "TYPE_CHECKING"


def call_name(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else function.id if isinstance(function, ast.Name) else ""


def imported_text(node: ast.expr) -> Iterator[tuple[str, int]]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value.lstrip("."), len(node.value) - len(node.value.lstrip("."))


def targets(imports: Iterable[tuple[str, int]], name: str, is_package: bool) -> Iterator[str]:
    """The absolute names of imports that stand in the module `name`."""
    package = name.split(".") if is_package else name.split(".")[:-1]
    for target, level in imports:
        if not level:
            yield target
        elif level - 1 <= len(package):
            yield ".".join([*package[: len(package) - (level - 1)], *([target] if target else [])])


# Finding --------------------------------------------------------------------------------------------------------------------------------------


def entries(name: str) -> list[tuple[str, Path, bool]]:
    """(module, file, whether it is a package) of a module and of the packages around it; none for what is built in, or is a name within a module. Whoever
    holds a package of ours that hands on names, or imports `*` from it, can reach all of them."""
    parts = name.split(".")
    found: list[tuple[str, Path, bool]] = []
    for end in range(1, len(parts) + 1):
        spec = find_spec(".".join(parts[:end]))
        if spec is None:
            places = places_behind(found[-1][1], parts[end - 1]) if found and end == len(parts) else []
            return found + [entry for place in places for entry in entries(f"{'.'.join(parts[: end - 1])}.{place}")]
        if spec.origin and spec.has_location and (file := file_holding(Path(spec.origin).resolve())):
            found.append((spec.name, file, spec.submodule_search_locations is not None))
    return found + [entry for place in (places_behind(found[-1][1], "*") if found else []) for entry in entries(f"{name}.{place}")]


def places_behind(door: Path, name: str) -> list[str]:
    """The modules, below a package of ours, from which the package hands on a public name (`*`: all names) when it is asked for: no line of the source
    imports such a module."""
    return [place for place, names in places_of(door, door.stat().st_mtime_ns).items() if name in (*names, "*")] if is_door(door) else []


def is_door(path: Path) -> bool:
    return path.name == "__init__.py" and path.is_relative_to(PACKAGE) and bool(places_of(path, path.stat().st_mtime_ns))


@lru_cache(maxsize=64)
def places_of(door: Path, mtime: int) -> dict[str, tuple[str, ...]]:  # noqa: ARG001  read again when it has changed
    for node in ast.parse(door.read_bytes()).body:
        if isinstance(node, ast.Assign) and assigned_names(node) == ["PLACES"]:
            return dict(ast.literal_eval(node.value))
    return {}


def file_holding(path: Path) -> Path | None:
    """The file itself, or the archive that it lies in; None where there is neither."""
    return next((place for place in (path, *path.parents) if place.is_file()), None)


def find_spec(name: str) -> ModuleSpec | None:
    """Where Python would find a module: as it was imported, else by the finders in force. Imports nothing."""
    loaded = sys.modules.get(name)
    spec = getattr(loaded, "__spec__", None)
    if isinstance(spec, ModuleSpec):
        return spec
    parent, _, _ = name.rpartition(".")
    path = None
    if parent:
        around = find_spec(parent)
        if around is None or around.submodule_search_locations is None:
            return None
        path = list(around.submodule_search_locations)
    for finder in sys.meta_path:
        if isinstance(finder, MissingModules):  # nobody tries to import this
            continue
        try:
            spec = finder.find_spec(name, path)
        except Exception:  # a finder of somebody else's that cannot tell
            spec = None
        if spec is not None:
            return spec
    return None


def module_of(path: Path) -> str:
    """The dotted name under which a file was imported, else the one that its packages give it."""
    names = modules_by_file(len(sys.modules))
    if str(path) in names:
        return names[str(path)]
    parts = [] if path.name == "__init__.py" else [path.stem]
    folder = path.parent
    while (folder / "__init__.py").is_file():
        parts.insert(0, folder.name)
        folder = folder.parent
    return ".".join(parts) or path.stem


@lru_cache(maxsize=1)
def modules_by_file(count: int) -> dict[str, str]:  # noqa: ARG001  made again when modules were imported since
    return {str(file): name for name, module in list(sys.modules.items()) if (file := getattr(module, "__file__", None)) and name != "__main__"}


@cache
def standard_folders() -> tuple[Path, ...]:
    return tuple({Path(sysconfig.get_path(name)).resolve() for name in ("stdlib", "platstdlib")})


def is_standard(path: Path) -> bool:
    return any(path.is_relative_to(folder) and "site-packages" not in path.parts for folder in standard_folders())
