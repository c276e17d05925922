"""The rule about settings that nobody reads."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from harness.check.code import Project, name_of, nodes_of
from harness.extensions import behaviours
from harness.findings import Facts, found, rule
from harness.records import Finding

PACKAGE = Path(__file__).parents[2]
LOCAL = "local/"
ASKING = {PACKAGE / "fixtures" / name for name in ("answer_judges.py", "asking.py", "responders.py")}
READ = re.compile(r"""(?:settings|\bof)(?:\[|\.get\()\s*f?["']([^"'\n]+)["']|["'](\w+)["'] (?:not )?in (?:\w+\.)*settings""")
DEFAULTED = re.compile(r"""settings\.get\(\s*["'](\w+)["']\s*,""")
LISTED = re.compile(r"""settings\[(?:name|key|one)\]""")
WORD = re.compile(r"""["']([A-Za-z_]\w*)["']""")
PREFIXED = re.compile(r"""startswith\(f["']\{\w+\}_["']""")


class Reads(NamedTuple):
    """The settings that code reads: names, patterns of names, and names that it reads with a default. `every`: it hands all of them on."""

    names: frozenset[str] = frozenset()
    patterns: frozenset[str] = frozenset()
    defaulted: frozenset[str] = frozenset()
    every: bool = False


@rule(
    "D115",
    "setting nobody reads",
    needs=("code", "spec", "yaml"),
    source="E11: a configured key was read by nobody; D22: `jugde: none` was misspelt, and its default judged in silence",
)
def find_unread_settings(facts: Facts) -> Iterable[Finding]:
    """A setting that no code reads changes nothing, whatever the declaration says: it is misspelt, or left over. The rule looks for each key, of any scale, in
    the tests, conftests, fixtures and modules of the project, and in the packages whose fixtures they use: `settings["x"]`, `settings.get("x")`, names in a
    list, f-strings. What a threshold takes as `n` or for its simulation counts as read. It also reports a key that is read with a default where one that is
    nearly the same is declared.

    Bad: `settings: {jugde: none}`: the fixtures read `judge`, with a default.

    Good: `settings: {judge: none}`.
    """
    scales = facts.spec.scales
    declared = {key: scale for scale in reversed(scales) for key in scales[scale].settings}
    own = reads_of_project(facts.code)
    asked = any(not str(spec.settings.get("model", LOCAL)).startswith(LOCAL) for spec in scales.values())
    others = [reads_of_file(file, file.stat().st_mtime_ns) for file in files_in_use(facts.code, asked)]
    sizes = {behaviour.size for behaviour in behaviours().values()}
    read = own.names.union(*(one.names for one in others)) | used_by_thresholds(facts) | sizes
    patterns = [*own.patterns, *(pattern for one in others for pattern in one.patterns)]
    defaulted = own.defaulted.union(*(one.defaulted for one in others))
    for key in () if own.every else sorted(declared):
        if key not in read and not any(re.fullmatch(pattern, key) for pattern in patterns):
            near = get_close_matches(key, sorted((read | defaulted) - set(declared)), n=1, cutoff=0.7)
            told = f"nobody reads the setting {key!r}" + (f"; {near[0]!r} is read, and is not declared" if near else "")
            fix = f"Write {near[0]!r}" if near else "Take it out, or read it"
            yield found(told, where=facts.place("scales", declared[key], "settings", key), fix=fix, subject=key)
    yield from misread(facts, own, set(declared))


def misread(facts: Facts, own: Reads, declared: set[str]) -> Iterator[Finding]:
    """Keys that the project's code reads with a default, and that are nearly declared ones."""
    for key in sorted(own.defaulted - declared):
        near = get_close_matches(key, sorted(name for name in declared if len(name) > 3), n=1, cutoff=0.85)
        if near and near[0] not in own.names:
            told = f"the code reads the setting {key!r} with a default, and {near[0]!r} is declared: the default holds whatever is declared"
            yield found(told, where=facts.place("scales", next(iter(facts.spec.scales)), "settings", near[0]), fix="Use one name for both", subject=key)


def used_by_thresholds(facts: Facts) -> frozenset[str]:
    thresholds = [threshold for scale in facts.spec.scales for threshold in facts.spec.at(scale).thresholds.values()]
    return frozenset(name for one in thresholds for name in (one.n, *one.simulation.values()) if isinstance(name, str))


def reads_of_project(code: Project) -> Reads:
    """The keys that the project's files may read: written as an index, handed to `get`, compared with `in`, in a list of names, or as part of an f-string."""
    names, patterns, defaulted, every = set[str](), set[str](), set[str](), False
    helpers = {node.name for tree in code.sources.values() for node in nodes_of(tree, ast.FunctionDef) if reads_by_name(node)}
    for tree in code.sources.values():
        for node in nodes_of(tree, ast.Subscript):
            names |= texts([node.slice])
            patterns |= pattern_of(node.slice)
        for call in nodes_of(tree, ast.Call):
            if name_of(call.func) in ("get", "pop", "getattr", "setdefault", "itemgetter"):
                names |= texts(call.args)
                patterns |= pattern_of(call.args[0]) if call.args else set()
                defaulted |= texts(call.args[:1]) if len(call.args) == 2 and name_of(getattr(call.func, "value", call)).endswith("settings") else set()
            if name_of(call.func) in helpers or any(name_of(part).endswith("settings") for part in call.args):
                names |= texts([*call.args, *(word.value for word in call.keywords)])
            every = every or any(word.arg is None and name_of(word.value).endswith("settings") for word in call.keywords)
        listed: list[ast.Tuple | ast.List | ast.Set] = [*nodes_of(tree, ast.Tuple), *nodes_of(tree, ast.List), *nodes_of(tree, ast.Set)]
        names |= {text for display in listed for text in texts(display.elts)}
        for compared in nodes_of(tree, ast.Compare):
            names |= texts([compared.left]) if isinstance(compared.ops[0], ast.In | ast.NotIn) else set()
    return Reads(frozenset(names), frozenset(patterns), frozenset(defaulted), every)


def reads_by_name(node: ast.FunctionDef) -> bool:
    """Whether a helper reads the setting that it is told: `settings[name]`, `settings.get(name, 0)`."""
    keys = [(part.value, part.slice) for part in nodes_of(node, ast.Subscript)]
    keys += [
        (call.func.value, call.args[0]) for call in nodes_of(node, ast.Call) if isinstance(call.func, ast.Attribute) and call.func.attr == "get" and call.args
    ]
    return any(name_of(base).endswith("settings") and isinstance(key, ast.Name) for base, key in keys)


def texts(nodes: Iterable[ast.AST]) -> set[str]:
    return {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}


def pattern_of(node: ast.AST) -> set[str]:
    """The names that an f-string may be, where some of it is written."""
    if not isinstance(node, ast.JoinedStr):
        return set()
    pattern = "".join(re.escape(str(part.value)) if isinstance(part, ast.Constant) else r"\w*" for part in node.values)
    return {pattern} if any(isinstance(part, ast.Constant) for part in node.values) else set()


def files_in_use(code: Project, asked: bool = False) -> list[Path]:
    """The files of other packages that read settings for the fixtures in use: of each fixture its file, or the whole package of its domain or of the toolkit;
    what asks models only where a test does, or where the model can only be `asked`."""
    fixtures = {function.path for test in code.tests for function in test.fixtures.values() if not function.is_own and function.path.is_file()}
    files: set[Path] = set()
    for path in fixtures:
        domain = next((parent for parent in path.parents if parent.parent == PACKAGE / "domains"), None)
        files |= set(python_files(domain)) if domain else {path}
    if any(path.is_relative_to(PACKAGE / "fixtures") for path in fixtures):  # they ask for one another while they run
        asking = set() if asked or fixtures & ASKING else ASKING
        files |= {*python_files(PACKAGE / "fixtures"), *python_files(PACKAGE / "behaviours")} - asking
    return sorted({*files, PACKAGE / "models" / "precision.py"} if any("precision" in text_of(file) for file in files) else files)


def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")


@lru_cache(maxsize=64)
def python_files(folder: Path) -> tuple[Path, ...]:
    return tuple(folder.rglob("*.py"))


@lru_cache(maxsize=512)
def reads_of_file(path: Path, mtime: int) -> Reads:  # noqa: ARG001  read again when it has changed
    """What a file of another package reads. By its text: parsing them all would take longer than all declaration rules may."""
    text = text_of(path)
    names = {name for pair in READ.findall(text) for name in pair if name}
    if LISTED.search(text):
        names |= set(WORD.findall(text))
    patterns = {rf"(?:{'|'.join(sorted(set(WORD.findall(text))))})_(?:{'|'.join(sorted(names))})"} if PREFIXED.search(text) else set()
    sizes = rf"(?:{'|'.join(sorted(behaviour.size for behaviour in behaviours().values()))})"
    patterns |= {re.sub(r"\{([^{}]*)\}", lambda part: sizes if part[1].endswith(".size") else r"\w+", name) for name in names if "{" in name}
    return Reads(frozenset(names), frozenset(patterns), frozenset(DEFAULTED.findall(text)))
