"""An expression over the fields of a row, such as `correct == False and score > 0.5`: read as Python, of which it may use little, and never run as code."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from typing import Any

from harness.errors import HarnessError

Row = Mapping[str, Any]
Part = Callable[[Row], Any]
LONGEST = 1000  # characters
CONSTANTS = {"true": True, "false": False, "null": None}  # as JSON writes them
ORDER: dict[type, Callable[[Any, Any], Any]] = {ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt, ast.GtE: operator.ge}
EQUAL: dict[type, Callable[[Any, Any], Any]] = {ast.Eq: operator.eq, ast.NotEq: operator.ne, ast.Is: operator.is_, ast.IsNot: operator.is_not}
ARITHMETIC: dict[type, Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
}
MEND = "Use fields, numbers, strings, True, False, None, comparisons, and, or, not, in, is None, + - * / // %"


class RowFilter:
    """Whether a row fits the expression; `names` are the fields that it reads.

    A field that a row lacks is None. A comparison of size with None, or between a number and a text, is unknown, and so is what rests on it: such a row fits
    neither the expression nor its `not`. Raises HarnessError for anything but such an expression.
    """

    def __init__(self, text: str) -> None:
        self.names: set[str] = set()
        try:
            if len(text) > LONGEST:
                raise ValueError(f"is longer than {LONGEST} characters")
            self.part = self.build(ast.parse(text.strip(), mode="eval").body)
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            what = getattr(error, "msg", None) or str(error) or type(error).__name__
            raise HarnessError(f"{text[:80]!r} is no expression over a row: {what}", where="--where", mend=MEND) from None

    def __call__(self, row: Row) -> bool:
        return bool(self.part(row))

    def build(self, node: ast.AST) -> Part:
        """The function of a row that a part of the expression is."""
        match node:
            case ast.Constant(value=str() | int() | float() | None as value):
                return lambda _: value
            case ast.Name(id=name) if name in CONSTANTS:
                return lambda _: CONSTANTS[name]
            case ast.Name(id=name):
                self.names.add(name)
                return lambda row: row.get(name)
            case ast.List(elts=elements) | ast.Tuple(elts=elements) | ast.Set(elts=elements):
                members = [self.build(element) for element in elements]
                return lambda row: [member(row) for member in members]
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                inner = self.build(operand)
                return lambda row: None if (value := inner(row)) is None else not value
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                inner = self.build(operand)
                return lambda row: calculate(operator.sub, 0, inner(row))
            case ast.BinOp(left=left, op=op, right=right) if type(op) in ARITHMETIC:
                return self.pair(calculate, ARITHMETIC[type(op)], left, right)
            case ast.BoolOp(op=op, values=values):
                parts, decisive = [self.build(value) for value in values], isinstance(op, ast.Or)
                return lambda row: join((part(row) for part in parts), decisive)
            case ast.Compare(left=left, ops=ops, comparators=comparators):
                return self.chain([left, *comparators], ops)
        raise ValueError(f"{type(node).__name__} has no place in it")

    def chain(self, sides: list[ast.expr], ops: list[ast.cmpop]) -> Part:
        parts = [self.comparison(op, left, right) for op, left, right in zip(ops, sides, sides[1:], strict=False)]
        return lambda row: join((part(row) for part in parts), False)

    def comparison(self, op: ast.cmpop, left: ast.expr, right: ast.expr) -> Part:
        match op:
            case ast.In() | ast.NotIn():
                negative = isinstance(op, ast.NotIn)
                return self.pair(lambda _, a, b: None if (held := contains(b, a)) is None else held is not negative, None, left, right)
            case ast.Is() | ast.IsNot() if not (isinstance(right, ast.Constant) and right.value in (None, True, False)):
                raise ValueError("`is` goes with None, True and False; use == for values")
        if type(op) in EQUAL:
            return self.pair(lambda act, a, b: act(a, b), EQUAL[type(op)], left, right)
        return self.pair(order, ORDER[type(op)], left, right)

    def pair(self, act: Callable[[Any, Any, Any], Any], how: Any, left: ast.expr, right: ast.expr) -> Part:
        one, two = self.build(left), self.build(right)
        return lambda row: act(how, one(row), two(row))


def order(how: Callable[[Any, Any], Any], a: Any, b: Any) -> bool | None:
    try:
        return None if a is None or b is None else bool(how(a, b))
    except TypeError:
        return None


def calculate(how: Callable[[Any, Any], Any], a: Any, b: Any) -> Any:
    """Of numbers alone: a text times a number could fill the memory."""
    try:
        return how(a, b) if isinstance(a, int | float) and isinstance(b, int | float) else None
    except (ZeroDivisionError, OverflowError):
        return None


def contains(whole: Any, part: Any) -> bool | None:
    try:
        return None if whole is None else part in whole
    except TypeError:
        return None


def join(values: Any, decisive: bool) -> bool | None:
    """`or` where True is decisive, `and` where False is; unknown where neither decides and a value is unknown."""
    unknown = False
    for value in values:
        if value is not None and bool(value) is decisive:
            return decisive
        unknown = unknown or value is None
    return None if unknown else not decisive
