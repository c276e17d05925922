"""What an address or an expression over addresses gives: the grammar of bindings that a person writes down.

`"run.json#/post/mean" - "run.json#/pre/mean"`, `mean("run.json#/runs/*/rate")`, `count("run.json#/runs/*/rate" > 0.5)`. An address has a star for any one
segment. Nothing else is read, and nothing is run as code.
"""

from __future__ import annotations

import ast
import operator
import statistics
from collections.abc import Callable, Sequence
from typing import Any

from harness.errors import HarnessError
from harness.review.results import Results

OPERATORS: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}
FUNCTIONS: dict[str, Callable[[Sequence[float]], float]] = {
    "mean": statistics.fmean,
    "median": statistics.median,
    "sd": statistics.stdev,
    "min": min,
    "max": max,
    "sum": sum,
}
LONGEST = 2000  # characters
MEND = 'Write an address "file#/pointer", numbers, + - * /, mean, median, sd, min, max or sum of addresses, or count(addresses > number)'


def evaluate(text: str, results: Results) -> float:
    """The value of an address or expression. Raises HarnessError for what is neither, for an address that is not there, and for a division by zero."""
    if '"' not in text and "#/" in text:
        return one(values_at(text.strip(), results), text)
    try:
        tree = ast.parse(text[:LONGEST], mode="eval").body
        return one(value_of(tree, results), text)
    except (SyntaxError, ValueError, RecursionError):
        raise HarnessError("is no expression", where=text, mend=MEND) from None
    except ZeroDivisionError:
        raise HarnessError("divides by zero", where=text, mend="Look at what it divides by") from None
    except statistics.StatisticsError as error:
        raise HarnessError(f"has no value: {error}", where=text, mend="Give it more addresses") from None


def one(values: Sequence[float], text: str) -> float:
    if len(values) != 1:
        raise HarnessError(f"stands for {len(values)} values", where=text, mend="Take their mean, median, sd, min, max, sum or count")
    return values[0]


def value_of(node: ast.expr, results: Results) -> Sequence[float]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return values_at(node.value, results)
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float) and not isinstance(node.value, bool):
        return [float(node.value)]
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return [-value for value in value_of(node.operand, results)]
    if isinstance(node, ast.BinOp) and type(node.op) in OPERATORS:
        return joined(OPERATORS[type(node.op)], value_of(node.left, results), value_of(node.right, results))
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and len(node.args) == 1 and not node.keywords:
        return [called(node.func.id, node.args[0], results)]
    raise ValueError


def called(name: str, argument: ast.expr, results: Results) -> float:
    if name == "count" and isinstance(argument, ast.Compare) and len(argument.ops) == 1 and type(argument.ops[0]) in COMPARISONS:
        fits = joined(COMPARISONS[type(argument.ops[0])], value_of(argument.left, results), value_of(argument.comparators[0], results))
        return float(sum(fits))
    if name == "count":
        return float(len(value_of(argument, results)))
    if name not in FUNCTIONS:
        raise ValueError
    return float(FUNCTIONS[name](value_of(argument, results)))


def joined(operation: Callable[[Any, Any], Any], left: Sequence[float], right: Sequence[float]) -> list[Any]:
    """Item by item; one value stands beside each of several."""
    count = max(len(left), len(right))
    if len(left) not in (1, count) or len(right) not in (1, count):
        raise ValueError
    wide = [list(values) * (count if len(values) == 1 else 1) for values in (left, right)]
    return [operation(a, b) for a, b in zip(*wide, strict=True)]


def values_at(address: str, results: Results) -> list[float]:
    """The values at an address, in the order of the file. Raises HarnessError where there are none."""
    file, _, pointer = address.partition("#/")
    parts = [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")]
    found = [leaf.value for leaf in results.leaves if not leaf.summary and matches(leaf.path, parts) and results.is_file(leaf.file, file)]
    if not found:
        raise HarnessError("no such number in the results", where=address, mend="Name a file given by --results and a pointer to a number in it")
    return found


def matches(path: Sequence[str], parts: Sequence[str]) -> bool:
    return len(path) == len(parts) and all(part in ("*", there) for part, there in zip(parts, path, strict=True))
