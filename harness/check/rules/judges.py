"""The rule about judges: both arms of a contrast are read by one."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping, Set
from functools import lru_cache
from typing import Any

from harness.check.facts import Function
from harness.findings import Facts, found, rule
from harness.records import Finding

EVALUATING = ("evaluate", "evaluate_persona")
CONTRASTS = ("shift", "contrast")
UNKNOWN = "?"


@rule(
    "M309",
    "two judges in one contrast",
    needs=("tests", "settings", "experiment"),
    source="M7: two arms of one comparison were read by two judges",
)
def find_two_judges(facts: Facts) -> Iterable[Finding]:
    """Judges differ in what they call a refusal; a contrast between what two of them said shows their difference, too. Read is the code of tests and fixtures:
    what `evaluate` and `evaluate_persona` give, by the judge that they are passed (`judge=`, or a dict of arguments) or else the setting `judge`, and whether
    two of those meet in one `measure.shift`, `measure.contrast`, or call of a function of the project. An axis of judges is one judge in each cell. What
    passes through more than one function is not seen; at a run, a contrast of two judges is refused by the same code.

    Bad: `before = evaluate("refusal", "assistant", prompt, judge="phrases")`, `after = evaluate("refusal", "villain", other)`, with `judge: local`.

    Good: the same judge for both.
    """
    done = set()
    for test in (test for test in facts.tests if test.fixtures.keys() & set(EVALUATING)):
        fixtures = {name: fixture for name, fixture in test.fixtures.items() if fixture.is_own}
        for function in test.own_functions():
            own = {name for name in fixtures if name in function.arguments and name != function.name}
            if (function.path, function.name, *sorted(own)) not in done:
                done.add((function.path, function.name, *sorted(own)))
                given = {name: judges_given(fixtures[name], facts) for name in own}
                for node, judges in contrasts(function, given, {*CONTRASTS, *fixtures}, facts):
                    told = f"{function.name} contrasts what {' and '.join(sorted(judges))} read: what is seen may be their difference"
                    yield found(told, where=facts.code_place(function.path, node.lineno), fix="Let one judge read both arms", subject=test.id)


def judges_given(fixture: Function, facts: Facts) -> set[str]:
    """The judges of what a fixture returns; none where it returns a function."""
    assert fixture.node is not None
    names = judged_names(fixture.node, {}, facts)
    values = [node.value for node in level_of(fixture.node) if isinstance(node, ast.Return | ast.Yield) and node.value is not None]
    return {judge for value in values for judge in judges_in(value, names, fixture.node, facts)}


def contrasts(function: Function, given: Mapping[str, set[str]], calls: Set[str], facts: Facts) -> Iterator[tuple[ast.Call, set[str]]]:
    """Those of the calls, by name, that contrast what two judges read."""
    assert function.node is not None
    outer = judged_names(function.node, given, facts)
    for level in (function.node, *(node for node in ast.walk(function.node) if isinstance(node, ast.FunctionDef) and node is not function.node)):
        names = judged_names(level, outer, facts)
        for node in level_of(level):
            if isinstance(node, ast.Call) and name_of(node) in calls:
                judges = {judge for value in (*node.args, *(word.value for word in node.keywords)) for judge in judges_in(value, names, level, facts)}
                if len(judges - {UNKNOWN}) > 1:
                    yield node, judges - {UNKNOWN}


def judged_names(function: ast.AST, given: Mapping[str, set[str]], facts: Facts) -> dict[str, set[str]]:
    """The names of a function that hold what judges read, with the judges."""
    names = dict(given)
    for node in level_of(function):
        if isinstance(node, ast.Assign) and (judges := judges_in(node.value, names, function, facts)):
            names |= {target.id: judges for one in node.targets for target in ast.walk(one) if isinstance(target, ast.Name)}
    return names


def judges_in(value: ast.AST, names: Mapping[str, set[str]], function: ast.AST, facts: Facts) -> set[str]:
    """The judges of the evaluations below a node, and of the names that hold some."""
    found: set[str] = set()
    for node in ast.walk(value):
        if isinstance(node, ast.Name):
            found |= names.get(node.id, set())
        elif isinstance(node, ast.Call) and name_of(node) in EVALUATING:
            found |= judges_of(node, function, facts)
    return found


def judges_of(call: ast.Call, function: ast.AST, facts: Facts) -> set[str]:
    """The judge of an evaluation, as it is passed; both where a condition chooses."""
    for word in call.keywords:
        if word.arg == "judge":
            return judges_named(word.value, function, facts)
        if word.arg is None:
            return judges_packed(word.value, function, facts)
    return {str(facts.settings.get("judge", "none"))}


def judges_packed(value: ast.expr, function: ast.AST, facts: Facts) -> set[str]:
    """The judge in a dict of arguments that is written out in the function."""
    value = next(iter(assigned_in(function, value)), value)
    if not isinstance(value, ast.Dict):
        return {UNKNOWN}
    for key, inner in zip(value.keys, value.values, strict=True):
        if isinstance(key, ast.Constant) and key.value == "judge":
            return judges_named(inner, function, facts)
    return {str(facts.settings.get("judge", "none"))}


def assigned_in(function: ast.AST, value: ast.expr) -> list[ast.expr]:
    """What is assigned to a name in a function, in each branch; nothing for what is no name."""
    name = value.id if isinstance(value, ast.Name) else ""
    return [node.value for node in level_of(function) if isinstance(node, ast.Assign) and any(is_named(one, name) for one in node.targets)]


def judges_named(value: ast.expr, function: ast.AST, facts: Facts) -> set[str]:
    if assigned := [one for one in assigned_in(function, value) if not mentions(one, value)]:
        return set().union(*(judges_named(one, function, facts) for one in assigned))
    if isinstance(value, ast.IfExp):
        return judges_named(value.body, function, facts) | judges_named(value.orelse, function, facts)
    if isinstance(value, ast.Constant):
        return {str(facts.settings.get("judge", "none") if value.value is None else value.value)}
    if isinstance(value, ast.Name) and value.id in facts.experiment.axes:
        return {f"the axis {value.id}"}
    keys = [node.slice.value for node in ast.walk(value) if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant)]
    return {str(facts.settings[key]) for key in keys if key in facts.settings} or {UNKNOWN}


@lru_cache(maxsize=1024)
def level_of(function: ast.AST) -> tuple[Any, ...]:
    """The nodes of a function in their order, without those of functions inside it."""
    return tuple(nodes_below(function))


def nodes_below(node: ast.AST) -> Iterator[Any]:
    for inner in ast.iter_child_nodes(node):
        if not isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield inner
            yield from nodes_below(inner)


def mentions(node: ast.AST, name: ast.expr) -> bool:
    return any(isinstance(part, ast.Name) and is_named(name, part.id) for part in ast.walk(node))


def is_named(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def name_of(call: ast.Call) -> str:
    """The function that is called, without what it belongs to."""
    return call.func.attr if isinstance(call.func, ast.Attribute) else call.func.id if isinstance(call.func, ast.Name) else ""
