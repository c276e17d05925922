"""Where code asks a criterion: `criterion("x").holds(shift, baseline=before)`, also through a name that was given to the criterion."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.check.facts import names_read

if TYPE_CHECKING:
    from harness.design.spec import ExperimentSpec
    from harness.records import ScaleName

ASKS = ("holds", "within", "exceeds")
CRITERION = "criterion"


@dataclass(frozen=True, kw_only=True)
class VerdictCall:
    """A criterion that is asked. `made` is the call that looks the criterion up, None where it comes from elsewhere."""

    node: ast.Call
    asks: str
    made: ast.Call | None

    @property
    def levels(self) -> bool:
        """Whether a baseline or a treated level is named."""
        return any(one.arg in ("baseline", "treated") and not (isinstance(one.value, ast.Constant) and one.value.value is None) for one in self.node.keywords)

    @property
    def literals(self) -> tuple[str, ...]:
        """The names of thresholds that are spelled out; of a conditional expression both."""
        return tuple(literals_in(self.made.args[0])) if self.made and self.made.args else ()

    def thresholds(self, spec: ExperimentSpec, scale: ScaleName) -> list[str]:
        """The thresholds that it may be: those spelled out, or the values of the axis that it is named by."""
        name = self.made.args[0] if self.made and self.made.args else None
        values = [str(value) for value in spec.axis(name.id, scale)] if isinstance(name, ast.Name) and name.id in spec.axes else self.literals
        return [value for value in values if value in spec.thresholds]


def literals_in(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    if isinstance(node, ast.IfExp):
        yield from (name for side in (node.body, node.orelse) for name in literals_in(side))


def verdict_calls(tree: ast.AST) -> list[VerdictCall]:
    """Every criterion that is asked below a node, in the order of the lines."""
    given = dict(criteria_given(tree))
    found = [call for node in ast.walk(tree) if isinstance(node, ast.Call) and (call := as_verdict(node, given))]
    return sorted(found, key=lambda call: (call.node.lineno, call.node.col_offset))


def criteria_given(tree: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    """Names to which a criterion is assigned."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and (made := made_in(node.value)):
            yield from ((target.id, made) for target in node.targets if isinstance(target, ast.Name))


def made_in(node: ast.expr) -> ast.Call | None:
    return node if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == CRITERION else None


def as_verdict(node: ast.Call, given: dict[str, ast.Call]) -> VerdictCall | None:
    if not (isinstance(node.func, ast.Attribute) and node.func.attr in ASKS):
        return None
    owner = node.func.value
    made = made_in(owner) or (given.get(owner.id) if isinstance(owner, ast.Name) else None)
    return VerdictCall(node=node, asks=node.func.attr, made=made) if made or CRITERION in names_read(owner) else None
