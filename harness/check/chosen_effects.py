"""Where a test picks one of several measured effects, or is content with one: the smallest p of many then stands as if it were one."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from harness.check.facts import FunctionNode, names_read
from harness.check.verdict_calls import VerdictCall

if TYPE_CHECKING:
    from harness.check.facts import TestCode

PICKS = frozenset(
    ("max", "min", "sorted", "nlargest", "nsmallest", "argmax", "argmin", "nanargmax", "nanargmin", "argsort", "nanmax", "nanmin", "amax", "amin")
)
ANY = frozenset(("any", "sum", "count_nonzero", *PICKS))
NUMBERS = frozenset(("value", "p", "interval"))  # of a measurement


def called(node: ast.AST) -> str:
    """The last name of what is called: `max` of `np.max(...)`."""
    if not isinstance(node, ast.Call):
        return ""
    return node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id if isinstance(node.func, ast.Name) else ""


def contains(node: ast.AST, calls: Iterable[VerdictCall]) -> bool:
    inner = set(map(id, ast.walk(node)))
    return any(id(call.node) in inner for call in calls)


class Choices:
    """What a hypothesis test chooses after it has measured."""

    def __init__(self, test: TestCode, functions: Mapping[str, FunctionNode]) -> None:
        assert test.function.node is not None
        self.test, self.functions = test, functions
        self.line, self.nodes = test.function.node.lineno, list(ast.walk(test.function.node))
        self.assignments = [pair for node in self.nodes for pair in assignments(node)]

    def found(self, calls: list[VerdictCall]) -> Iterator[tuple[int, str]]:
        """(line, message) of each judgement of a picked effect, and of each that is content with one of several."""
        for node in self.nodes:
            if self.is_content(node, calls):
                yield getattr(node, "lineno", self.line), f"{self.test.id} is content with one of several effects: each more makes a small p more likely"
        for call in calls:
            if any(self.is_picked(argument) for argument in call.node.args):
                yield call.node.lineno, f"{self.test.id} judges an effect that was picked from several by its size"

    def is_content(self, node: ast.AST, calls: list[VerdictCall]) -> bool:
        """True for `any(… holds …)`, `a.holds(x) or b.holds(y)`, and an `if … holds …:` in a loop that ends it or goes on to the next."""
        if called(node) in ANY:
            return contains(node, calls)
        if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.Or):
            return sum(contains(value, calls) for value in node.values) > 1
        if isinstance(node, ast.comprehension):
            return any(contains(condition, calls) for condition in node.ifs)
        return isinstance(node, ast.For | ast.While) and any(self.leaves(inner, calls) for inner in ast.walk(node) if isinstance(inner, ast.If))

    def leaves(self, node: ast.If, calls: list[VerdictCall]) -> bool:
        if not contains(node.test, calls):
            return False
        negated = isinstance(node.test, ast.UnaryOp) and isinstance(node.test.op, ast.Not)
        fails = any(isinstance(inner, ast.Raise | ast.Assert) for step in node.body for inner in ast.walk(step))
        goes_on = any(isinstance(inner, ast.Continue | ast.Pass) for step in node.body for inner in ast.walk(step))
        return goes_on if negated else not fails

    def is_picked(self, node: ast.AST) -> bool:
        return bool(names_read(node) & self.picked) or self.picks(node)

    def picks(self, node: ast.AST) -> bool:
        """Whether something is chosen by what was measured, here or in a function of the project that does so."""
        return any(
            (called(inner) in PICKS and (names_read(inner) & self.measured or reads_number(inner))) or called(inner) in self.pickers for inner in ast.walk(node)
        )

    @cached_property
    def pickers(self) -> frozenset[str]:
        """The project's functions that it calls, and the fixtures that it uses, which choose by the numbers of measurements."""
        names = {called(node) for node in self.nodes} | self.test.used
        return frozenset(name for name in names & self.functions.keys() if chooses(self.functions[name]))

    @cached_property
    def measured(self) -> frozenset[str]:
        """Names that hold measurements: arguments that measure, and what is made with them."""
        names = {name for name in self.test.used if name != "criterion" and (name == "measure" or self.test.reaches("measure", name))}
        return self.spread(names, lambda value, known: bool(names_read(value) & known))

    @cached_property
    def picked(self) -> frozenset[str]:
        """Names that hold a picked measurement: by a function or a fixture, by sorting in place, or in a loop that keeps the better one."""
        names = {
            node.func.value.id
            for node in self.nodes
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "sort" and isinstance(node.func.value, ast.Name)
        } & self.measured | (self.test.used & self.pickers)
        for loop in (node for node in self.nodes if isinstance(node, ast.For | ast.While)):
            for branch in (inner for inner in ast.walk(loop) if isinstance(inner, ast.If)):
                if reads_number(branch.test) and any(isinstance(inner, ast.Compare) for inner in ast.walk(branch.test)):
                    names |= {name for step in branch.body for name in assigned(step)} & self.measured
        return self.spread(names, lambda value, known: self.picks(value) or bool(names_read(value) & known))

    def spread(self, names: set[str], holds: object) -> frozenset[str]:
        """The names, and those that are assigned from what `holds`, until there are no more."""
        assert callable(holds)
        known = set(names)
        while True:
            fresh = {name for value, targets in self.assignments if holds(value, known) for name in targets} - known
            if not fresh:
                return frozenset(known)
            known |= fresh


def functions_in(sources: Iterable[ast.Module]) -> dict[str, FunctionNode]:
    """The functions of modules and of their classes, by name; not the tests."""
    scopes: list[ast.Module | ast.ClassDef] = list(sources)
    scopes += [node for tree in scopes for node in tree.body if isinstance(node, ast.ClassDef)]
    return {node.name: node for scope in scopes for node in scope.body if isinstance(node, FunctionNode) and not node.name.startswith("test_")}


def chooses(function: ast.AST) -> bool:
    return reads_number(function) and any(called(node) in PICKS for node in ast.walk(function))


def reads_number(node: ast.AST) -> bool:
    return any(isinstance(inner, ast.Attribute) and inner.attr in NUMBERS for inner in ast.walk(node))


def assigned(node: ast.AST) -> set[str]:
    return {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store)}


def assignments(node: ast.AST) -> Iterator[tuple[ast.AST, set[str]]]:
    """(value, names) where the node is an assignment, a loop, or `name.append(value)`."""
    if isinstance(node, ast.Assign):
        yield node.value, {name for target in node.targets for name in assigned(target) | stored_in(target)}
    elif isinstance(node, ast.AugAssign | ast.AnnAssign | ast.NamedExpr) and node.value is not None:
        yield node.value, assigned(node.target)
    elif isinstance(node, ast.For | ast.comprehension):
        yield node.iter, assigned(node.target)
    elif called(node) in ("append", "add") and isinstance(node, ast.Call) and (names := names_read(node.func)):
        yield ast.Tuple(elts=list(node.args), ctx=ast.Load()), set(names)


def stored_in(target: ast.AST) -> set[str]:
    """The name of a mapping or list of which an entry is assigned."""
    return {target.value.id} if isinstance(target, ast.Subscript) and isinstance(target.value, ast.Name) else set()
