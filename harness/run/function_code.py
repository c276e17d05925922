"""Which code a function runs, beside the hash of its file: which of the functions of that name it is, and what it looks up by name."""

from __future__ import annotations

import ast
import dis
import types
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any

Span = tuple[int, int, int, int]  # first and last line, first and last column


def identity_of(code: types.CodeType) -> Any:
    """The place of a function among those of its file, in which neither layout nor docstrings count; its bytecode where the file does not tell."""
    place = place_in_file(code)
    return place if place is not None else bytecode(code)


def place_in_file(code: types.CodeType) -> int | None:
    path = Path(code.co_filename)
    try:
        functions = functions_in(path, path.stat().st_mtime_ns)
    except (OSError, SyntaxError, ValueError, RecursionError):  # made at run time
        return None
    fits = [(place, body) for place, (line, name, body) in enumerate(functions) if (line, name) == (code.co_firstlineno, code.co_name)]
    if len(fits) > 1:  # lambdas on one line
        fits = sorted(((place, body) for place, body in fits if all(is_within(span, body) for span in spans(code))), key=lambda fit: fit[1][3] - fit[1][2])[:1]
    return fits[0][0] if fits else None


@lru_cache(maxsize=1024)
def functions_in(path: Path, mtime: int) -> list[tuple[int, str, Span]]:  # noqa: ARG001  read again when it has changed
    """First line, name and extent of every function and lambda of a file."""
    found = []
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            found.append((min(part.lineno for part in (node, *node.decorator_list)), node.name, span_of(node)))
        elif isinstance(node, ast.Lambda):
            found.append((node.lineno, "<lambda>", span_of(node.body)))
    return found


def span_of(node: Any) -> Span:
    return node.lineno, node.end_lineno, node.col_offset, node.end_col_offset


def spans(code: types.CodeType) -> Iterator[Any]:
    return (span for span in code.co_positions() if span[3])  # what Python itself adds has no columns


def is_within(part: Any, whole: Span) -> bool:
    return (whole[0], whole[2]) <= (part[0], part[2]) and (part[1], part[3]) <= (whole[1], whole[3])


def bytecode(code: types.CodeType) -> list[Any]:
    """The instructions with what they work on: no line numbers, and no constants that nothing loads, as docstrings."""
    return [[step.opname, constant(step.argval)] for step in dis.get_instructions(code)]


def constant(value: Any) -> Any:
    if isinstance(value, types.CodeType):
        return bytecode(value)
    if isinstance(value, frozenset):
        return ["frozenset", *sorted((constant(part) for part in value), key=repr)]
    return ["tuple", *map(constant, value)] if isinstance(value, tuple) else [type(value).__name__, repr(value)]


def code_within(code: types.CodeType) -> Iterator[types.CodeType]:
    """A function's code, and that of the functions, classes and comprehensions within it."""
    yield code
    for part in code.co_consts:
        if isinstance(part, types.CodeType):
            yield from code_within(part)


@lru_cache(maxsize=4096)
def names_in(code: types.CodeType) -> frozenset[str]:
    """All names in a function's code: globals, attributes, modules."""
    return frozenset(name for part in code_within(code) for name in part.co_names)


@lru_cache(maxsize=4096)
def modules_in(code: types.CodeType) -> frozenset[str]:
    """The modules that a function itself imports."""
    return frozenset(step.argval for part in code_within(code) for step in dis.get_instructions(part) if step.opname == "IMPORT_NAME")


@lru_cache(maxsize=4096)
def globals_in(code: types.CodeType) -> dict[str, bool]:
    """The globals that a function reads, and whether it does more with one than to take an attribute: passes it on, or reads it by a name made at run time."""
    found: dict[str, bool] = {}
    for part in code_within(code):
        for step, then in pairwise(dis.get_instructions(part)):
            if step.opname == "LOAD_NAME" or ("LOAD" in step.opname and "GLOBAL" in step.opname):
                found[step.argval] = found.get(step.argval, False) or not then.opname.endswith(("_ATTR", "_METHOD"))
    return found
