"""The rule about stand-ins: what a mock or a null model says is no result."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from harness.check.code import mentioned_in, nodes_of
from harness.findings import Facts, found, rule
from harness.records import Finding

STAND_IN = re.compile(r"(?:^|_)(?:mock|fake|dummy|stub|placeholder|faked|mocked)s?(?:_|$)", re.IGNORECASE)
CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
SPEC = re.compile(r"(?:null|mock|fake|dummy|stub)(?:/.*)?", re.IGNORECASE)
RESPONDING = ("model", "judge", "responder", "respondent", "model_set", "base", "source")


@rule(
    "R509",
    "mock presented as a result",
    needs=("tests", "code", "spec", "yaml"),
    source="C20: placeholder answers of a mock client were reported as the agreement of 23 models",
)
def find_stand_ins(facts: Facts) -> Iterable[Finding]:
    """A mock, a null model or a dummy says nothing of the model that a claim is about. Null models belong into controls. The rule reports settings that name
    one as the model or judge, and names such as `Mock`, `fake_reply` or `"null/constant"` in the code that a hypothesis can reach and harness's own fixtures do
    not bring. Which models a model set holds is read elsewhere.

    Bad: `model: null/constant` in the settings; a fixture that hands `MagicMock()` to a hypothesis.

    Good: null models as members of kind `null`, which only a negative control compares.
    """
    seen: set[tuple[Path, int]] = set()
    for scale, part in facts.spec.scales.items():
        for key, value in part.settings.items():
            if isinstance(value, str) and SPEC.fullmatch(value) and any(word in key for word in RESPONDING):
                told = f"{key} is {value!r}: what it says is no result about a model"
                yield found(told, where=facts.place("scales", scale, "settings", key), fix="Name the model that the claim is about", subject=key)
    for test in facts.tests:
        for function, path in facts.code.reach(test).items() if test.kind == "hypothesis" else ():
            for line, name in stand_ins(function):
                if (path, line) not in seen:
                    seen.add((path, line))
                    told = f"{name!r} stands behind {test.id}: what a stand-in says is no result"
                    yield found(told, where=facts.code_place(path, line), fix="Use the model itself, or move it into a control", subject=test.id)


def stand_ins(function: ast.AST) -> Iterator[tuple[int, str]]:
    """(line, name) of what calls itself a mock, and of specs of null models."""
    if any(is_stand_in(name) for name in mentioned_in(function)):
        yield from ((node.lineno, node.id) for node in nodes_of(function, ast.Name) if is_stand_in(node.id))
        yield from ((part.lineno, part.attr) for part in nodes_of(function, ast.Attribute) if is_stand_in(part.attr))
    for argument in (one for one in nodes_of(function, ast.arg) if is_stand_in(one.arg)):
        yield argument.lineno, argument.arg
    for constant in nodes_of(function, ast.Constant):
        if isinstance(constant.value, str) and "/" in constant.value and SPEC.fullmatch(constant.value):
            yield constant.lineno, constant.value


def is_stand_in(name: str) -> bool:
    return STAND_IN.search(CAMEL.sub("_", name)) is not None
