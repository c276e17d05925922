"""Ways through a function: can it come to an end without passing any of some places?"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable

from harness.check.code import name_of

Passed = Callable[[ast.AST], bool]
LOOPS = (ast.For, ast.AsyncFor, ast.While, ast.Match)
ENDS = ("fail", "skip", "exit", "xfail")


def open_ends(statements: Iterable[ast.stmt], passed: Passed) -> tuple[list[ast.stmt], ast.stmt | None]:
    """(the returns that are reached before any place for which `passed` holds, the branch behind which the end is reached so; None where it is not).

    A raise, a failure or a skip ends nothing quietly. A loop is taken to run at least once.
    """
    ends: list[ast.stmt] = []
    branch: ast.stmt | None = None
    for statement in statements:
        if isinstance(statement, ast.Return):
            return [*ends, *([] if is_passed(statement, passed) else [statement])], None
        blocks = blocks_of(statement)
        if ends_aloud(statement) or is_passed(statement, passed, whole=not blocks or isinstance(statement, LOOPS)):
            return ends, None
        ways = [open_ends(block, passed) for block in blocks]
        ends += [end for found, _ in ways for end in found]
        if ways and all(through is None for _, through in ways):
            return ends, None
        if any(is_passed(part, passed, whole=True) for block in blocks for part in block):
            branch = statement
    return ends, branch or END


END = ast.Pass(lineno=0)


def blocks_of(statement: ast.stmt) -> list[list[ast.stmt]]:
    """The blocks of which one is run to its end."""
    if isinstance(statement, ast.If):
        return [statement.body, statement.orelse]
    if isinstance(statement, ast.With | ast.AsyncWith):
        return [statement.body]
    if isinstance(statement, ast.Try):
        return [[*way, *statement.finalbody] for way in ([*statement.body, *statement.orelse], *(handler.body for handler in statement.handlers))]
    return [statement.body] if isinstance(statement, LOOPS) and not isinstance(statement, ast.Match) else []


def is_passed(statement: ast.stmt, passed: Passed, whole: bool = True) -> bool:
    """Whether a place stands in a statement: in all of it, or in what is read before its blocks are entered."""
    heads = [getattr(statement, "test", None), *(item.context_expr for item in getattr(statement, "items", ()))]
    nodes = [statement] if whole else [head for head in heads if head is not None]
    return passed(statement) or any(passed(node) for part in nodes for node in ast.walk(part))


def ends_aloud(statement: ast.stmt) -> bool:
    call = statement.value if isinstance(statement, ast.Expr) else None
    return isinstance(statement, ast.Raise) or (isinstance(call, ast.Call) and name_of(call.func) in ENDS)
