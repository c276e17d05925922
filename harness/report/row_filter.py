"""An expression over the fields of a row, such as `correct == False and score > 0.5`: read as Python, of which it may use little, and never run as code."""

from __future__ import annotations

import ast
import operator
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from harness.errors import HarnessError
from harness.plaintext import MINUS

Row = Mapping[str, Any]
Part = Callable[[Row], Any]
LONGEST = 1000  # characters
PASTED = re.compile(rf"{MINUS}(?=\.?\d)")  # a number as it is shown
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


class Unknown(Exception):
    """Raised where a row has no answer: a field is absent (no reason), or the expression fails at it (the reason)."""


class RowFilter:
    """Whether a row fits the expression; `names` are the fields that it reads, `valued` those that had a value in some row.

    A field that a row lacks is None. A comparison of size with None, or between a number and a text, is unknown, and so is what rests on it: such a row fits
    neither the expression nor its `not`. `failed` counts the rows that do not fit, and at which the expression failed, by the reason. Of the others `unknown`
    counts those without an answer, `lacking` those that lack a field. Raises HarnessError for anything but such an expression.
    """

    def __init__(self, text: str) -> None:
        self.names: set[str] = set()
        self.valued: set[str] = set()
        self.unknown, self.lacking, self.failed, self.unlike = 0, 0, Counter[str](), ""
        try:
            if len(text) > LONGEST:
                raise ValueError(f"is longer than {LONGEST} characters")
            self.part = self.build(ast.parse(PASTED.sub("-", text.strip()), mode="eval").body)
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            what = getattr(error, "msg", None) or str(error) or type(error).__name__
            raise HarnessError(f"{text[:80]!r} is no expression over a row: {what}", where="--where", mend=MEND) from None

    def __call__(self, row: Row) -> bool:
        self.valued |= {name for name in self.names if row.get(name) is not None}
        self.unlike, reason = "", ""
        try:
            value = known(self.part(row))
        except Unknown as unknown:
            value, reason = None, str(unknown)
        if not value and (reason or self.unlike):
            self.failed[reason or self.unlike] += 1
        elif not value:
            self.unknown += value is None
            self.lacking += value is None or any(row.get(name) is None for name in self.names)
        return bool(value)

    def why_nowhere(self, rows: int) -> str:
        """Why the expression has an answer at none of so many rows, in one line; "" where it has."""
        failed, missing = self.failed.total(), sorted(self.names - self.valued)
        if not rows or rows != (failed + self.lacking if failed else self.unknown):
            return ""
        if failed:
            others = ", and at the others a field is absent" if self.lacking else ""
            return f"fails at {failed:,} of {rows:,} samples{others}: {'; '.join(reason for reason, _ in self.failed.most_common())}"
        if missing:
            return f"{', '.join(map(repr, missing))} {'has' if len(missing) == 1 else 'have'} no value in any of {rows:,} samples"
        return f"has an answer at none of {rows:,} samples" + (f": none has a value of each of {', '.join(sorted(self.names))}" if self.names else "")

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
                return lambda row: not known(inner(row))
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                inner = self.build(operand)
                return lambda row: calculate(operator.sub, 0, inner(row))
            case ast.BinOp(left=left, op=op, right=right) if type(op) in ARITHMETIC:
                return self.pair(calculate, ARITHMETIC[type(op)], left, right)
            case ast.BoolOp(op=op, values=values):
                parts, decisive = [self.build(value) for value in values], isinstance(op, ast.Or)
                return lambda row: join(parts, row, decisive)
            case ast.Compare(left=left, ops=ops, comparators=comparators):
                return self.chain([left, *comparators], ops)
        raise ValueError(f"{type(node).__name__} has no place in it")

    def chain(self, sides: list[ast.expr], ops: list[ast.cmpop]) -> Part:
        parts = [self.comparison(op, left, right) for op, left, right in zip(ops, sides, sides[1:], strict=False)]
        return lambda row: join(parts, row, False)

    def comparison(self, op: ast.cmpop, left: ast.expr, right: ast.expr) -> Part:
        match op:
            case ast.In() | ast.NotIn():
                negative = isinstance(op, ast.NotIn)
                return self.pair(lambda _, a, b: contains(b, a) is not negative, None, left, right)
            case ast.Is() | ast.IsNot() if not (isinstance(right, ast.Constant) and right.value in (None, True, False)):
                raise ValueError("`is` goes with None, True and False; use == for values")
        if type(op) in EQUAL:
            return self.pair(self.equal, EQUAL[type(op)], left, right)
        return self.pair(order, ORDER[type(op)], left, right)

    def pair(self, act: Callable[[Any, Any, Any], Any], how: Any, left: ast.expr, right: ast.expr) -> Part:
        one, two = self.build(left), self.build(right)
        return lambda row: act(how, one(row), two(row))

    def equal(self, how: Callable[[Any, Any], Any], a: Any, b: Any) -> bool:
        """A text is never equal to a number: that is an answer, but rarely the question."""
        if a is not None and b is not None and kind_of(a) != kind_of(b):
            self.unlike = f"{kind_of(a)} is never equal to {kind_of(b)}"
        return bool(how(a, b))


def known(value: Any) -> Any:
    if value is None:
        raise Unknown
    return value


def kind_of(value: Any) -> str:
    """A value by its kind; true and false count as numbers, as in Python."""
    return "a text" if isinstance(value, str) else "a number" if isinstance(value, int | float) else "a list" if isinstance(value, list) else "a mapping"


def order(how: Callable[[Any, Any], Any], a: Any, b: Any) -> bool:
    try:
        return bool(how(known(a), known(b)))
    except TypeError:
        raise Unknown(f"{kind_of(a)} is neither less nor more than {kind_of(b)}") from None


def calculate(how: Callable[[Any, Any], Any], a: Any, b: Any) -> Any:
    """Of numbers alone: a text times a number could fill the memory."""
    for value in map(known, (a, b)):
        if not isinstance(value, int | float):
            raise Unknown(f"{kind_of(value)} is no number to calculate with")
    try:
        return how(a, b)
    except (ZeroDivisionError, OverflowError) as error:
        raise Unknown("a division by zero" if isinstance(error, ZeroDivisionError) else "a number is too large") from None


def contains(whole: Any, part: Any) -> bool:
    try:
        return part in known(whole)
    except TypeError:
        raise Unknown(f"{kind_of(part)} is never in {kind_of(whole)}" if part is not None else "") from None


def join(parts: Iterable[Part], row: Row, decisive: bool) -> bool:
    """`or` where True is decisive, `and` where False is; unknown where neither decides and a value is unknown."""
    unknown: Unknown | None = None
    for part in parts:
        try:
            if bool(known(part(row))) is decisive:
                return decisive
        except Unknown as error:
            unknown = error if unknown is None or not str(unknown) else unknown
    if unknown is not None:
        raise unknown
    return not decisive
