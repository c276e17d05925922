"""Whether a test compares something with itself, as far as its code tells."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from harness.findings import Facts, found, rule
from harness.records import Finding

if TYPE_CHECKING:
    from harness.check.facts import TestCode

# What gives another value at each call.
DRAWS = ("next", "pop", "popleft", "popitem")


@rule("M306", "arms identical", needs=("tests",), source="D15: the control compared a prompt with itself, and passed")
def find_identical_arms(facts: Facts) -> Iterable[Finding]:
    """A contrast of something with itself is 0 whatever the model does: a negative control that passes by its making, a hypothesis that is falsified by it.
    Writes out the arms of `measure.shift`, and of a list of (weight, arm), through the names and the one-line fixtures of a test, and compares what stands
    there. The name of samples that `evaluate` or `ask` is given is left out, since it changes nothing that is asked, unless each name has its own recording
    (`replay/…{name}…`). What helpers do is seen when results are there.

    Bad: `evaluate("refusal", "assistant", prompt)` against `evaluate("refusal", "paraphrase", prompt)`.

    Good: the same with `persona.paraphrases[0]` in one of them.
    """
    from harness.models.responders import CALL

    named = CALL in str(facts.experiment.plain)
    for test in facts.tests:
        if test.function.node is None or test.kind not in ("hypothesis", "control"):
            continue
        given = values_of(test)
        for call in (node for node in ast.walk(test.function.node) if isinstance(node, ast.Call)):
            arms = [written_out(arm, given, named) for arm in arms_of(call)]
            if len(arms) > 1 and len(set(arms)) == 1 and not draws(arms[0]):
                place = facts.code_place(test.function.path, call.lineno)
                yield found(f"{test.id} compares {arms[0]} with itself", where=place, fix="Compare what differs", subject=test.id)


def arms_of(call: ast.Call) -> list[ast.expr]:
    """What a call compares: the two arms of a shift, or the terms of a list of (weight, arm)."""
    if any(isinstance(argument, ast.Starred) for argument in call.args):
        return []
    if isinstance(call.func, ast.Attribute) and call.func.attr == "shift":
        return [*call.args[1:3], *(one.value for one in call.keywords if one.arg in ("treated", "baseline"))]
    lists = [argument.elts for argument in call.args if isinstance(argument, ast.List)]
    return next((terms for terms in map(terms_in, lists) if terms), [])


def terms_in(elements: list[ast.expr]) -> list[ast.expr]:
    """The arms of a list that holds nothing but weights and arms."""
    pairs = [one.elts for one in elements if isinstance(one, ast.Tuple) and len(one.elts) == 2 and isinstance(one.elts[0], ast.Constant | ast.UnaryOp)]
    return [arm for _, arm in pairs] if len(pairs) == len(elements) else []


def values_of(test: TestCode) -> Mapping[str, ast.expr]:
    """The expressions that the names of a test stand for: what is assigned once, and fixtures that return one."""
    given = {name: body.value for name, function in test.fixtures.items() if (body := only_statement(function.node)) is not None and body.value}
    pairs = [pair for node in ast.walk(test.function.node) if isinstance(node, ast.Assign) for pair in assigned(node)]  # type: ignore[arg-type]
    names = [name for name, _ in pairs]
    return given | {name: value for name, value in pairs if names.count(name) == 1}


def only_statement(node: ast.AST | None) -> ast.Return | None:
    """The return of a function that does nothing else, its docstring apart."""
    body = getattr(node, "body", [])
    code = [one for one in body if not (isinstance(one, ast.Expr) and isinstance(one.value, ast.Constant))] if isinstance(body, list) else []
    return code[0] if len(code) == 1 and isinstance(code[0], ast.Return) else None


def assigned(node: ast.Assign) -> Iterator[tuple[str, ast.expr]]:
    """(name, value) of an assignment, of each part where both sides are written out."""
    for target in node.targets:
        sides = (target, node.value)
        parts = zip(*(side.elts for side in sides), strict=False) if all(isinstance(side, ast.Tuple) for side in sides) else [sides]  # type: ignore[attr-defined]
        yield from ((name.id, value) for name, value in parts if isinstance(name, ast.Name))


def written_out(node: ast.expr, given: Mapping[str, ast.expr], named: bool) -> str:
    """An expression as text, with what its names stand for; `named` where what `ask` calls its samples counts."""
    return ast.unparse(WriteOut(given, named).visit(ast.parse(ast.unparse(node), mode="eval").body))


class WriteOut(ast.NodeTransformer):
    """Puts values in the place of names, and leaves out what `evaluate` and `ask` call their samples."""

    def __init__(self, given: Mapping[str, ast.expr], named: bool) -> None:
        self.given, self.named = given, named

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id not in self.given:
            return node
        rest = {name: value for name, value in self.given.items() if name != node.id}
        return ast.parse(written_out(self.given[node.id], rest, self.named), mode="eval").body

    def visit_Call(self, node: ast.Call) -> ast.AST:
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        if name in ("evaluate", "ask"):
            node.args = node.args[:1] + node.args[2:] if name == "evaluate" else node.args
            node.keywords = [one for one in node.keywords if one.arg != "name" or (name == "ask" and self.named)]
        return self.generic_visit(node)


def draws(text: str) -> bool:
    """Whether an expression gives another value each time."""
    names = {node.id if isinstance(node, ast.Name) else node.attr for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name | ast.Attribute)}
    return not names.isdisjoint(DRAWS)
