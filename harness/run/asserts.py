"""Assertions that hold whatever was measured: they are refused where cells are collected, since their tests could only pass."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from pathlib import Path

from harness.errors import HarnessError


def refuse_empty_asserts(files: Iterable[Path]) -> None:
    """Refuses `assert (claim, "message")`, which asserts a tuple, and its like. Raises HarnessError with file and line."""
    for path in (file for file in files if file.suffix == ".py"):
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, ast.Assert) and is_always_true(node.test):
                told = f"asserts {ast.unparse(node.test)[:60]}, which is always true"
                raise HarnessError(told, where=f"{path}:{node.lineno}", mend="Assert the claim itself, without parentheses around it and its message")


def is_always_true(node: ast.expr) -> bool:
    """True for what Python takes for true without looking into it: a list of things, a text, a lambda, a generator."""
    if isinstance(node, ast.Constant):
        return isinstance(node.value, str) and bool(node.value)
    return isinstance(node, ast.Lambda | ast.GeneratorExp) or any(not isinstance(part, ast.Starred) for part in getattr(node, "elts", ()))
