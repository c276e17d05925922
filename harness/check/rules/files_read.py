"""The rule about files that code reads and the declaration does not name."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath

from harness.check.code import Project, keyword, name_of, nodes_of, words
from harness.findings import Facts, found, rule
from harness.records import Finding

# Functions whose first argument is a file that they read, and methods of a path that do.
READERS = words(
    "open load_rows read_yaml read_csv read_json read_parquet read_excel read_table read_pickle read_feather read_text read_bytes load loadtxt "
    "genfromtxt fromfile imread scan_csv scan_parquet connect"
)
METHODS = frozenset({"read_text", "read_bytes", "open"})
TESTS = frozenset({"exists", "is_file", "isfile", "lexists"})
ABSENT = frozenset({"FileNotFoundError", "OSError", "IOError", "Exception", "BaseException"})
DATA = (".json", ".jsonl", ".csv", ".tsv", ".txt", ".yaml", ".yml", ".npy", ".npz", ".parquet", ".pkl", ".pt", ".safetensors", ".db", ".sqlite")

Paths = frozenset[str]


@rule(
    "D114",
    "file read, not declared",
    needs=("code", "spec", "settings", "experiment"),
    source="T6: a run was resumed by a file's existence, and replayed verdicts of other data; D22: another file was read in silence where the first was absent",
)
def find_undeclared_files(facts: Facts) -> Iterable[Finding]:
    """A file that decides a number and is not listed under `inputs` is no part of the preregistration: nobody sees that it has changed. Nor may code choose
    another file where one is absent. The rule reads the paths that the code of tests, fixtures and helpers holds as constants, such as `"banks/x.jsonl"`,
    `HERE / "x.json"` or `context.folder / "x.csv"`, below the project; code, personas that play a role, the model set and the files of parents are known
    otherwise. Paths that are made up at run time are noted by the run itself.

    Bad: `json.loads((HERE / "expected.json").read_text())` and no `inputs`; `path if path.exists() else Path("banks/old.jsonl")`.

    Good: `inputs: [evals/x/expected.json]`.
    """
    code: Project = facts.code
    seen: set[tuple[Path, int]] = set()
    for path, block in blocks(code):
        reader = Reader(code, path, block, facts.root, facts.experiment.folder)
        for node, name in reader.reads():
            if (path, node.lineno) not in seen and not is_declared(name, facts):
                seen.add((path, node.lineno))
                told = f"{name} is read here and stands under no inputs: whoever changes it changes results unseen"
                yield found(told, where=facts.code_place(path, node.lineno), fix="List it under inputs", subject=name)
        for line, told in reader.fallbacks():
            if (path, line) not in seen:
                seen.add((path, line))
                yield found(told, where=facts.code_place(path, line), fix="Read the one file that is declared, and fail where it is absent")


def blocks(code: Project) -> Iterator[tuple[Path, ast.AST]]:
    """The functions that tests can reach, and the statements of their files."""
    yield from ((path, node) for node, path in code.reached.items())
    yield from code.top_level()


def is_declared(name: str, facts: Facts) -> bool:
    """Whether a file is an input, or known to harness otherwise. `*` stands in it for what is only known at run time."""
    folder = facts.experiment.folder
    own = folder.relative_to(facts.root).as_posix() if folder.is_relative_to(facts.root) else folder.as_posix()
    personas = [f"personas/{name}.yaml" for name in facts.spec.personas()]
    parents = [f"{place}*" for parent in facts.spec.parents for place in (parent.run, parent.lock) if place]
    known = [*facts.spec.inputs, *personas, *parents, f"model_sets/{facts.settings.get('model_set', '')}.yaml", f"{own}/experiment.yaml", "*.py"]
    return any(fnmatch(name, pattern.removeprefix("package:")) or fnmatch(pattern.removeprefix("package:"), name) for pattern in known)


class Reader:
    """What one function, or one statement of a file, reads."""

    def __init__(self, code: Project, path: Path, block: ast.AST, root: Path, folder: Path) -> None:
        self.code, self.path, self.block, self.root, self.folder = code, path, block, root, folder
        self.named: dict[str, list[ast.expr]] = {}
        for node in nodes_of(block, ast.Assign):
            for target in (target for target in node.targets if isinstance(target, ast.Name)):
                self.named.setdefault(target.id, []).append(node.value)

    def reads(self) -> Iterator[tuple[ast.Call, str]]:
        """(call, path below the project) of every file that is read by a constant path."""
        for call in nodes_of(self.block, ast.Call):
            for node in self.file_of(call):
                for name in sorted(self.paths(node)):
                    if below := self.below(name):
                        yield call, below

    def file_of(self, call: ast.Call) -> list[ast.expr]:
        """The expressions that say which file a call reads."""
        name = name_of(call.func)
        if name == "open" and writes(call):
            return []
        if name in METHODS and isinstance(call.func, ast.Attribute) and name_of(call.func.value) not in ("os", "io", "codecs", "gzip", "bz2", "lzma"):
            return [call.func.value]
        if name in READERS and call.args and not (name == "connect" and "sqlite" not in ast.unparse(call.func)):
            return [call.args[0]]
        return []

    def paths(self, node: ast.expr, depth: int = 0) -> Paths:
        """The paths that an expression may be: constants, with `*` for what is not known; none where nothing of it is."""
        if depth > 8:
            return frozenset()
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            return frozenset({node.value})
        if isinstance(node, ast.JoinedStr):
            return self.join_parts([part.value if isinstance(part, ast.FormattedValue) else part for part in node.values], depth, "")
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div | ast.Add):
            return self.join_parts([node.left, node.right], depth, "/" if isinstance(node.op, ast.Div) else "")
        if isinstance(node, ast.IfExp):
            return self.paths(node.body, depth + 1) | self.paths(node.orelse, depth + 1)
        if isinstance(node, ast.Name):
            return self.paths_named(node.id, depth)
        if isinstance(node, ast.Attribute | ast.Subscript):
            return self.places(node, depth)
        return self.paths_of_call(node, depth) if isinstance(node, ast.Call) else frozenset()

    def join_parts(self, nodes: list[ast.expr], depth: int, mark: str) -> Paths:
        found = frozenset({""})
        for node in nodes:
            parts = self.paths(node, depth + 1) or frozenset({"*"})
            found = frozenset(f"{left}{mark}{right}" if left else right for left in found for right in parts)
        return found if any(name.strip("*/") for name in found) else frozenset()

    def paths_named(self, name: str, depth: int) -> Paths:
        """What a name of the function, of its file, or of a file that it imports from may be."""
        if name == "__file__":
            return frozenset({str(self.path)})
        scope, values = self.code.scopes[self.path], self.named.get(name, [])
        found = self.code.imported(scope, name)
        if not values and found is not None and found[1] in found[0].assigned:
            other = Reader(self.code, found[0].path, ast.Module(body=[], type_ignores=[]), self.root, self.folder)
            return other.paths_named(found[1], depth + 1)
        return frozenset[str]().union(*(self.paths(value, depth + 1) for value in (values or scope.assigned.get(name, []))))

    def places(self, node: ast.Attribute | ast.Subscript, depth: int) -> Paths:
        """`context.root`, `context.folder`, `path.parent`, `path.parents[1]`."""
        if isinstance(node, ast.Subscript):
            index = node.slice.value if isinstance(node.slice, ast.Constant) else None
            if isinstance(node.value, ast.Attribute) and node.value.attr == "parents" and isinstance(index, int):
                return frozenset(str(Path(name).parents[index]) for name in self.paths(node.value.value, depth + 1) if index < len(Path(name).parents))
            return frozenset()
        if node.attr in ("root", "rootpath", "rootdir"):
            return frozenset({str(self.root)})
        if node.attr == "folder" and name_of(node.value) == "context":
            return frozenset({str(self.folder)})
        return frozenset(str(Path(name).parent) for name in self.paths(node.value, depth + 1)) if node.attr == "parent" else frozenset()

    def paths_of_call(self, node: ast.Call, depth: int) -> Paths:
        """`Path(…)`, `os.path.join(…)`, `path.joinpath(…)`, and what leaves a path what it is."""
        name = name_of(node.func)
        if name in ("Path", "PurePath", "PosixPath", "join", "joinpath") and node.args:
            base = [node.func.value] if name == "joinpath" and isinstance(node.func, ast.Attribute) else []
            return self.join_parts([*base, *node.args], depth, "/")
        if name in ("resolve", "absolute", "expanduser", "as_posix") and isinstance(node.func, ast.Attribute):
            return self.paths(node.func.value, depth + 1)
        if name in ("str", "fspath", "abspath", "realpath", "open", "resolve_data") and node.args:
            return self.paths(node.args[-1 if name == "resolve_data" else 0], depth + 1)
        if name == "dirname" and node.args:
            return frozenset(str(Path(name).parent) for name in self.paths(node.args[0], depth + 1))
        return frozenset()

    def below(self, name: str) -> str:
        """A path from the project's root; "" for what lies elsewhere, and for what is not known enough."""
        path = Path(name) if name.startswith("/") else self.root / name
        parts = PurePosixPath(path.as_posix())
        if ".." in parts.parts or not path.is_relative_to(self.root) or not path.suffix or "*" in path.suffix:
            return ""
        known = path.relative_to(self.root).as_posix()
        return known if known.strip("*/") and not known.startswith("*") else ""

    def fallbacks(self) -> Iterator[tuple[int, str]]:
        """Where another file is read because one is absent."""
        for choice in nodes_of(self.block, ast.IfExp):
            if asks_existence(choice.test) and self.is_file(choice.body) and self.is_file(choice.orelse):
                yield choice.lineno, f"{ast.unparse(choice)[:60]!r} reads another file where one is absent"
        for branch in nodes_of(self.block, ast.If):
            if asks_existence(branch.test) and (self.chooses(branch.body) or self.chooses(branch.orelse)):
                yield branch.lineno, "another file is read here where one is absent"
        for block in nodes_of(self.block, ast.Try):
            for handler in block.handlers:
                kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type] if handler.type else []
                if (not kinds or any(name_of(kind) in ABSENT for kind in kinds)) and self.chooses(block.body) and self.chooses(handler.body):
                    yield handler.lineno, "another file is read here where one cannot be"

    def is_file(self, node: ast.expr) -> bool:
        return any(name.endswith(DATA) for name in self.paths(node))

    def chooses(self, statements: list[ast.stmt]) -> bool:
        """Whether statements name or read a file by a constant."""
        values = [part.value for part in statements if isinstance(part, ast.Assign | ast.Return) and part.value is not None]
        calls = [node for part in statements for node in ast.walk(part) if isinstance(node, ast.Call)]
        return any(self.is_file(value) for value in values) or any(self.is_file(node) for call in calls for node in self.file_of(call))


def asks_existence(test: ast.expr) -> bool:
    return any(isinstance(node, ast.Call) and name_of(node.func) in TESTS for node in ast.walk(test))


def writes(call: ast.Call) -> bool:
    """Whether `open` is called to write: by its mode, after the path or, as a method, first."""
    mode = keyword(call, "mode") or next((part for part in call.args[0 if isinstance(call.func, ast.Attribute) else 1 :] if is_mode(part)), None)
    return isinstance(mode, ast.Constant) and isinstance(mode.value, str) and mode.value[:1] in ("w", "a", "x")


def is_mode(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and len(node.value) < 4 and node.value[:1] in tuple("rwax")
