"""What the code of an experiment says of arms and rows, read from its syntax trees."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from harness.findings import Facts, found
from harness.records import Finding

OTHER_ARM = "left_out"
MASKED = "masked"  # the axis whose tests compare both arms
# Fixtures that decide what is trained: those whose values are known before the run, where the project replaces them, and those whose are not. Then the names
# by which code makes rows itself, and by which it changes what it was given.
KNOWN = ("recipes", "roles", "settings")
FIXTURES = ("adapters", "trainings", "persona_of")
MAKERS = frozenset({"Recipes", "Row", "make_contrastive_rows", "make_unconditioned_rows", "make_convergence_rows", "row"})
MODULES = ("harness.training.rows", "harness.domains.leakage")
CHANGES = frozenset({"append", "extend", "insert", "setattr", "setdefault", "setitem", "update"})
Node = ast.AST


def find_arms_with_the_target(facts: Facts, arm: str) -> Iterator[Finding]:
    """Tests that use the arm with the target among the negatives without the other, and settings and axes that name it alone."""
    known = definitions(facts.imported_sources)
    for test in facts.tests:
        arms = arms_reached(test, known, {arm, OTHER_ARM})
        if arm in arms and OTHER_ARM not in arms and MASKED not in test.function.arguments:
            path, line = arms[arm]
            yield found(
                f"{test.id} looks at the arm {arm!r} alone, in which the target stands among the negatives: what would leak into it is trained away",
                where=facts.code_place(path, line),
                fix=f"Use the arm {OTHER_ARM!r}, or compare the two",
                subject=test.id,
            )
    named = {name: ("scales", facts.scale, "settings", name) for name, value in facts.settings.items() if value == arm}
    for name, place in (named | {axis: ("axes", axis) for axis in facts.experiment.axes if facts.experiment.axis(axis, facts.scale) == [arm]}).items():
        yield found(f"{name} is {arm!r} alone: it puts the target among the negatives", where=facts.place(*place), fix=f"Write {OTHER_ARM}", subject=name)


def definitions(sources: dict[Path, ast.Module]) -> dict[str, list[tuple[Path, Node]]]:
    """Functions and values of modules by their names."""
    known: dict[str, list[tuple[Path, Node]]] = {}
    for path, tree in sources.items():
        for node in tree.body:
            names = [node.name] if isinstance(node, ast.FunctionDef) else [target.id for target in targets(node) if isinstance(target, ast.Name)]
            for name in names:
                known.setdefault(name, []).append((path, node))
    return known


def targets(node: Node) -> list[ast.expr]:
    """What an assignment assigns to."""
    return node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign | ast.AugAssign) else []


def arms_reached(test: Any, known: dict[str, list[tuple[Path, Node]]], arms: set[str]) -> dict[str, tuple[Path, int]]:
    """The arms that a test names, itself or in what it uses, each with a place. A default that a caller may replace does not count as the other arm."""
    waiting: list[tuple[Path, Node]] = [(function.path, function.node) for function in reached(test)]
    seen: set[int] = set()
    found: dict[str, tuple[Path, int]] = {}
    while waiting:
        path, node = waiting.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        defaults = {id(default) for inner in ast.walk(node) if isinstance(inner, ast.arguments) for default in (*inner.defaults, *inner.kw_defaults)}
        for inner in ast.walk(node):
            if isinstance(inner, ast.Constant) and inner.value in arms and not (inner.value == OTHER_ARM and id(inner) in defaults):
                found.setdefault(str(inner.value), (path, inner.lineno))
            elif isinstance(inner, ast.Name):
                entries = known.get(inner.id, [])
                waiting += [entry for entry in entries if entry[0] == path] or entries
    return found


def reached(test: Any) -> Iterator[Any]:
    """The test, and those fixtures of the project that it uses, directly or through others."""
    for function in test.own_functions():
        if function is test.function or test.reaches(function.name):
            yield function


def find_rows_made_elsewhere(facts: Facts) -> Iterator[Finding]:
    """Code of the project that decides over rows, which no rule can see."""
    replaced = {name: test.fixtures[name] for test in facts.tests for name in FIXTURES if name in test.fixtures and test.fixtures[name].is_own}
    places = [(function.path, function.node, f"the fixture {name} is replaced") for name, function in replaced.items()]
    places += [(path, node, what) for path, tree in facts.imported_sources.items() for node, what in row_makers(tree)]
    for path, node, what in places:
        yield found(
            f"{what}: whom the rows teach what is not known before the run",
            where=facts.code_place(path, node.lineno),
            fix="Say it by roles, settings and banks, from which rules and run make the same rows",
        )


def row_makers(tree: ast.Module) -> Iterator[tuple[Any, str]]:
    """Where a file imports what makes rows, or changes what they are made of."""
    own = {id(inner) for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name in KNOWN for inner in ast.walk(node)}
    for node in (node for node in ast.walk(tree) if id(node) not in own):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(MODULES):
            yield from ((node, f"{alias.name} makes rows beside the declared ones") for alias in node.names if alias.name in MAKERS)
        elif changed := [name for part in changed_parts(node) for name in names_in(part) if name in (*KNOWN, *FIXTURES)]:
            yield node, f"{changed[0]} are changed by the code"


def changed_parts(node: Node) -> list[ast.expr]:
    """The objects that a statement changes: an attribute or an entry that it assigns to, and what it calls a changing method of."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute | ast.Name):
        name = node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id
        held = [node.func.value] if isinstance(node.func, ast.Attribute) else []
        return [*held, *node.args[:1]] if name in CHANGES else []
    return [target for target in targets(node) if not isinstance(target, ast.Name)]


def names_in(part: ast.expr) -> Iterator[str]:
    """The names along a chain of attributes and entries: `adapters.recipes.roles["source"]`; none of an object's own (`self.roles`)."""
    while isinstance(part, ast.Attribute | ast.Subscript):
        if isinstance(part, ast.Attribute):
            yield part.attr
        part = part.value
    if isinstance(part, ast.Name):
        yield part.id
