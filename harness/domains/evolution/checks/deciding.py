"""The rule about measures that depend on the test by which populations are selected."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from harness.domains.evolution.design_facts import DeclaredArm
from harness.findings import Facts, found, rule
from harness.fingerprint import canonical
from harness.records import Finding

ASKED = ("holds", "within", "exceeds")
# What a measure is taken by: the questions of the test in force, or the labels that the evaluators of the day give.
BY_QUESTIONS, BY_LABELS = ("value_tested", "fitness"), ("deceptive", "pool")
# What tells a change of labels from a change of beliefs.
BESIDE = {"deceptive_first", "enrichment"}
VALUES = ("value_tested", "value_each", "value_used")
KNOWN = {*BY_QUESTIONS, *BY_LABELS, *BESIDE, *VALUES}


@rule(
    "S416",
    "deciding measure depends on the test",
    needs=("spec", "tests", "arms", "catalogue"),
    source="E7: value was compared between tests as each of them sees it; E10: an improving evaluator relabelled beliefs, which was taken for an effect; "
    "E8: new questions rewarded what they were meant to remove",
)
def find_dependent_measures(facts: Facts) -> Iterable[Finding]:
    """`value_tested` and `fitness` are those of the test in force, and `deceptive` goes by the labels of the day: where arms differ in their questions or in
    their evaluators, a difference may be of the yardstick. Reads which arms the test of a hypothesis names, and which measures reach its criteria: value as
    tested must not decide between tests, nor fitness by more than equivalence; the deceptive share needs `deceptive_first` or `enrichment` beside it where
    evaluators differ or improve. Questions that are added at what is held and scored by the same signal reward it, so that no fall can be asked of them.

    Bad: `criterion("untested").holds(differing_gains("value", "value_tested", evolved("coverage 0.2"), evolved("coverage 1")))`.

    Good: the same with `value_each`, which is the true value of a belief held, whatever is asked.
    """
    arms = {arm.name: arm for arm in facts.arms}
    for test in facts.tests if arms else ():
        if test.kind == "hypothesis" and test.function.node is not None:
            used = [[arms[name] for name in names if name in arms] for names in names_by_cell(test, facts)]
            for told, fix in faults_of(test, used, facts.spec.thresholds):
                yield found(f"{test.id}: {told}", where=facts.code_place(test.function.path, test.function.node.lineno), fix=fix, subject=test.id)


def names_by_cell(test: Any, facts: Facts) -> Iterator[set[str]]:
    """The texts in a test as each cell has them, with the values of its axes in place."""
    for cell in facts.catalogue.owners[test.id]:
        if cell.declaration is test.declaration:
            yield {text for node in ast.walk(test.function.node) if (text := text_of(node, cell.params)) is not None}


def text_of(node: ast.AST, params: Mapping[str, Any]) -> str | None:
    """A literal text, an axis, or a text made of them: `f"rho {rho:g}, beta 5"`."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, ast.Name):
        return str(params[node.id]) if node.id in params else None
    if isinstance(node, ast.JoinedStr):
        parts = [text_of(part, params) for part in node.values]
        return None if None in parts else "".join(map(str, parts))
    if isinstance(node, ast.FormattedValue) and isinstance(node.value, ast.Name) and node.value.id in params:
        return format(params[node.value.id], text_of(node.format_spec, params) or "" if node.format_spec else "")
    return None


def faults_of(test: Any, used: list[list[DeclaredArm]], thresholds: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """(what is wrong, the fix) of the criteria of a test, over the arms of each of its cells."""
    node, every = test.function.node, [arm for cell in used for arm in cell]
    beside = BESIDE & texts_in(node, test, node)
    for call in (one for one in ast.walk(node) if isinstance(one, ast.Call) and isinstance(one.func, ast.Attribute) and one.func.attr in ASKED and one.args):
        deciding, asked = KNOWN & texts_in(call.args[0], test, node), call.func.attr  # type: ignore[attr-defined]
        if "value_tested" in deciding and len({questions_of(arm) for arm in every}) > 1:
            yield "value as the test sees it decides between arms with different tests", "Decide by value_each, the value of a belief that is held"
        elif "fitness" in deciding and asked == "holds" and any(len({questions_of(arm) for arm in cell}) > 1 for cell in used):
            yield "fitness decides between arms with different tests, and each test has a scale of its own", "Decide by value_each or deceptive_first"
        if deciding & set(BY_LABELS) and not beside and any(labels_differ(cell) for cell in used):
            fix = "Decide by deceptive_first, or measure enrichment beside it"
            yield "the deceptive share decides where evaluators differ or improve: beliefs may be relabelled and not selected", fix
        rewarding = [arm.name for arm in every if rewards(arm.whole.get("test"), arm.whole["evaluators"])]
        if asked == "holds" and rewarding and is_remedy(call, deciding, thresholds):
            fix = "Score new questions otherwise (scored_with), or ask that they change nothing (within)"
            yield f"the questions that {rewarding[0]!r} adds are scored by the signal that they aim at, and reward it", fix


def texts_in(node: ast.AST, test: Any, body: ast.AST) -> set[str]:
    """The texts that an expression is made of: its own, those of the variables in it, and those of the project's fixtures that it calls."""
    assigned = [(one, one.targets[0]) for one in ast.walk(body) if isinstance(one, ast.Assign)]
    found, waiting, seen = set[str](), [node], set[int]()
    while waiting:
        at = waiting.pop()
        if id(at) in seen:
            continue
        seen.add(id(at))
        for inner in ast.walk(at):
            if isinstance(inner, ast.Constant) and isinstance(inner.value, str):
                found.add(inner.value)
            elif isinstance(inner, ast.Name):
                waiting += [one.value for one, target in assigned if inner.id in {name.id for name in ast.walk(target) if isinstance(name, ast.Name)}]
                fixture = test.fixtures.get(inner.id)
                waiting += [fixture.node] if fixture is not None and fixture.node is not None else []
    return found


def questions_of(arm: DeclaredArm) -> str:
    """What decides by which questions an arm's populations are tested."""
    return canonical([arm.whole.get(name) for name in ("activation", "questions", "test")])


def labels_differ(cell: list[DeclaredArm]) -> bool:
    """Whether the arms of a cell are labelled by different evaluators, or by one that changes."""
    return len({canonical(arm.whole["evaluators"]) for arm in cell}) > 1 or any(improves(arm.whole["evaluators"]) for arm in cell)


def improves(evaluators: Mapping[str, Any]) -> bool:
    return any(one.get("last") is not None for one in evaluators.get("each", ()))


def rewards(test: Mapping[str, Any] | None, evaluators: Mapping[str, Any]) -> bool:
    """Whether a test is given questions that aim at beliefs which are held, and are scored by the signal as it is."""
    if not test or test.get("scored_with") is not None or improves(evaluators):
        return False
    return bool(test.get("added", 2)) and test.get("policy", "common") != "random"


def is_remedy(call: ast.Call, deciding: set[str], thresholds: Mapping[str, Any]) -> bool:
    """Whether a criterion asks for less deception or for more value."""
    names = {one.value for one in ast.walk(call.func) if isinstance(one, ast.Constant) and isinstance(one.value, str)}
    directions = {thresholds[name].direction for name in names if name in thresholds}
    return ("decrease" in directions and bool(deciding & {*BY_LABELS, *BESIDE})) or ("increase" in directions and bool(deciding & set(VALUES)))
