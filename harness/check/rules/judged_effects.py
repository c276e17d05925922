"""Whether what a cell judges is what its hypothesis declares: how many criteria, of which thresholds, and all of them."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from harness.check.verdict_calls import CRITERION, VerdictCall, verdict_calls
from harness.findings import Facts, found, rule
from harness.records import Finding

if TYPE_CHECKING:
    from harness.check.facts import TestCode
    from harness.design.spec import CriterionSpec, ExperimentSpec, HypothesisSpec

LOOPS = (ast.For, ast.While, ast.comprehension, ast.If, ast.IfExp)


@rule(
    "S410",
    "cell judges other effects than declared",
    severity="warning",
    continues=True,
    needs=("spec", "scale", "yaml", "tests"),
    source="R7: the cells judged an effect that the declaration did not name, and the plan had simulated another decision",
)
def find_undeclared_judgements(facts: Facts) -> Iterable[Finding]:
    """The plan simulates what a hypothesis declares: its thresholds and, under `criteria`, what a cell asks of them and in which order. Where the test judges
    by a threshold that its hypothesis does not name, judges fewer criteria than are declared, or asks in another way, false passes and power are those of
    another decision. The rule counts criteria where the test asks each once, outside of loops and branches.

    Bad: `criteria: [{name: shift}, {name: beyond}]`, and a test with one `assert criterion(behaviour).holds(shift)`.

    Good: each declared criterion has its assert, in the declared order.
    """
    for test in facts.tests:
        node = test.function.node
        if test.kind != "hypothesis" or node is None or test.id not in facts.spec.hypotheses:
            continue
        calls = verdict_calls(node)
        for line, message in undeclared(facts, test, calls):
            fix = "Judge what is declared, all of it, or declare what is judged"
            yield found(message, where=facts.code_place(test.function.path, line), fix=fix, subject=test.id)


def undeclared(facts: Facts, test: TestCode, calls: list[VerdictCall]) -> Iterator[tuple[int, str]]:
    """(line, message) of judgements that the declaration does not name, or names without their being made."""
    hypothesis = facts.spec.hypotheses[test.id]
    names = named_thresholds(facts, hypothesis)
    for call in calls:
        if call.literals and not names & set(call.literals):
            yield call.node.lineno, f"{test.id} judges by the threshold {call.literals[0]}, which it does not name"
    declared = declared_criteria(facts.spec, hypothesis)
    if test.function.node is None or not is_plain(test.function.node, calls) or not declared:
        return
    line = test.function.node.lineno
    if len(declared) > len(calls):
        yield line, f"{test.id} declares {len(declared)} criteria, and its test judges {len(calls)}"
    elif [criterion.asks for criterion in declared] != [call.asks for call in calls]:
        ways = [" then ".join(one.asks for one in side) for side in (declared, calls)]
        yield line, f"{test.id} declares that a cell asks {ways[0]}, and its test asks {ways[1]}"


def named_thresholds(facts: Facts, hypothesis: HypothesisSpec) -> set[str]:
    axis = hypothesis.threshold_axis
    chosen = [str(value) for value in facts.spec.axis(axis, facts.scale)] if axis else []
    return {*hypothesis.thresholds, *chosen, *(criterion.threshold for criterion in hypothesis.criteria)}


def declared_criteria(spec: ExperimentSpec, hypothesis: HypothesisSpec) -> list[CriterionSpec]:
    """What a cell asserts by its declaration; none where it is said that this is not simulated."""
    from harness.design.criterion_draws import CannotSimulate, criteria_of

    try:
        found = criteria_of(hypothesis, {hypothesis.threshold_axis: (hypothesis.thresholds or ("",))[0]})
    except CannotSimulate:
        return []
    return [] if any(one.threshold in spec.thresholds and spec.thresholds[one.threshold].not_simulated for one in found) else found


def is_plain(test: ast.AST, calls: list[VerdictCall]) -> bool:
    """Whether the criteria that a test asks can be counted: all are looked up in its own body, none is asked in a loop or a branch, and none is passed on."""
    repeated = [inner for node in ast.walk(test) if isinstance(node, LOOPS) for inner in ast.walk(node)]
    made = [call.made for call in calls if call.made]
    named = sum(isinstance(node, ast.Name) and node.id == CRITERION and isinstance(node.ctx, ast.Load) for node in ast.walk(test))
    once = not any(call.node in repeated for call in calls)
    return bool(calls) and once and len(made) == len(calls) and named == len({id(one) for one in made})
