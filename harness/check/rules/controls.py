"""Rules about what guards a result: controls of both kinds, and gates that were seen failing."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path

from harness.check.code import Project, mentioned_in, name_of, nodes_of, number_in, words
from harness.check.facts import FunctionNode, TestCode
from harness.check.flow import DATA, MEASURED, Event, Flow
from harness.design.catalogue import Catalogue
from harness.findings import Facts, found, rule
from harness.records import Finding

NEGATIVE, POSITIVE = ("negative", "canary"), ("positive",)
# What is first or last by construction: the parts of a text, counts in their order, what a design lists.
LISTED = words("split rsplit splitlines partition most_common sources seeds args shape parts roles cells_of")


@rule(
    "M310",
    "no positive or no negative control",
    needs=("spec", "yaml", "catalogue"),
    severity="warning",
    source="T4: the source did not show the trait, and its leak was plotted anyway; no control was there to stop it",
)
def find_unguarded(facts: Facts) -> Iterable[Finding]:
    """Without a positive control nobody knows that the effect could have been seen, without a negative one that anything else would not have been seen as
    well. The primary hypothesis and every confirmatory one need both: controls named under `guarded_by` (all, where it is left out), or ones that its test
    needs. A canary counts as a negative control. Whether a control is about the same measure is for a reader to judge.

    Bad: a primary hypothesis in an experiment whose tests are hypotheses alone, or one with `guarded_by: []`.

    Good: `@control("P1", "positive")`: the source itself shows the trait; `@control("C1", "negative")`: a paraphrase changes nothing.
    """
    for name, declared in facts.spec.hypotheses.items():
        if declared.family == "confirmatory" or name == facts.spec.primary:
            kinds = {polarity for guard in guards_of(name, facts) for polarity in polarities(facts.catalogue, guard)}
            lacking = [label for label, wanted in (("positive", POSITIVE), ("negative", NEGATIVE)) if not kinds & set(wanted)]
            if lacking:
                told = f"no {' and no '.join(lacking)} control guards {name}: {consequence(lacking)}"
                fix = "Add one, name it under guarded_by, or allow it with the reason"
                yield found(told, where=facts.place("hypotheses", name), fix=fix, subject=name)


def guards_of(name: str, facts: Facts) -> set[str]:
    """The controls that guard a hypothesis: those that it names, or all where it names none, and those that its test needs, directly or through others."""
    catalogue, declared, falsifiers = facts.catalogue, facts.spec.hypotheses[name].guarded_by, facts.spec.hypotheses[name].falsified_by
    found = {owner for owner in catalogue.owners if catalogue.kind(owner) == "control"} if declared is None else {*declared, *(falsifiers or ())}
    waiting, seen = [name], set[str]()
    while waiting:
        owner = waiting.pop()
        found |= {owner} if owner in catalogue.owners and catalogue.kind(owner) == "control" else set()
        declarations = {id(cell.declaration): cell.declaration for cell in catalogue.owners.get(owner, ())}
        fresh = {need for declaration in declarations.values() for need in declaration.needs} - seen
        seen |= fresh
        waiting += fresh
    return found


def polarities(catalogue: Catalogue, control: str) -> set[str]:
    return {cell.declaration.polarity for cell in catalogue.owners.get(control, [])}


def consequence(lacking: list[str]) -> str:
    told = {"positive": "its null could be a measure that sees nothing", "negative": "its effect could be one that shows everywhere"}
    return ", and ".join(told[kind] for kind in lacking)


@rule(
    "M318",
    "gate never seen failing",
    needs=("flow", "tests", "code"),
    severity="warning",
    source="T21: a gate looked at a wrong index, and passed whatever the training did",
)
def find_unproven_gates(facts: Facts) -> Iterable[Finding]:
    """A gate that picks one of several results by a written index or key looks at the wrong one as quietly as at the right one. Such a gate names a test that
    saw it fail: `gate("G2", proven_by="test_g2_sees_a_rising_loss")`, a function of the project that calls the gate, or a function that the gate calls, with
    a planted input and asserts that it fails. The rule reads the asserts of gates; it does not run the test that is named: pytest does.

    Bad: `assert losses[1] < losses[0]` in a gate about the last epoch.

    Good: the same with `proven_by`, and `with pytest.raises(AssertionError): refuse_rising([2.0, 1.0, 3.0])` in the test that it names.
    """
    for test in facts.tests:
        if test.kind != "gate" or test.function.node is None:
            continue
        where, proof = facts.code_place(test.function.path, test.function.node.lineno), test.declaration.proven_by
        if proof:
            if fault := fault_of(proof, test, facts.code):
                fix = "Name a test that calls the gate, or a function of it, with an input on which it must fail"
                yield found(f"gate {test.id} is proven by {proof!r}, {fault}", where=where, fix=fix, subject=test.id)
        elif (place := next(indexed(facts.flow.done_by(test), facts.flow, test), None)) is not None:
            told = f"gate {test.id} looks at {ast.unparse(place[1])[:60]!r} and was never seen failing: a wrong index would pass unseen"
            fix = 'Add proven_by="test_..." that shows the gate failing on a planted input'
            yield found(told, where=facts.code_place(place[0], place[1].lineno), fix=fix, subject=test.id)


def indexed(events: Iterable[Event], flow: Flow, test: TestCode) -> Iterator[tuple[Path, ast.Subscript]]:
    """Where the asserts of a gate pick one of several results by what is written there, also by way of a name or of a function of its file."""
    assert test.function.node is not None
    named, functions = assigned_in(test.function.node), flow.project.scopes[test.function.path].functions
    for event in (event for event in events if event.kind == "assert"):
        waiting, seen = [event.node.test], set[str]()
        while waiting:
            for node in ast.walk(waiting.pop()):
                if isinstance(node, ast.Subscript) and is_picked(node, flow):
                    yield event.path, node
                elif isinstance(node, ast.Name) and node.id not in seen:
                    seen.add(node.id)
                    waiting += named.get(node.id, [])
                    if node.id in functions:
                        named |= {name: [*named.get(name, []), *values] for name, values in assigned_in(functions[node.id]).items()}
                        waiting += [part.value for part in nodes_of(functions[node.id], ast.Return) if part.value is not None]


def assigned_in(function: FunctionNode) -> dict[str, list[ast.expr]]:
    """What each name of a function is assigned, also as one of several."""
    found: dict[str, list[ast.expr]] = {}
    for part in nodes_of(function, ast.Assign):
        for target in (inner for outer in part.targets for inner in ast.walk(outer) if isinstance(inner, ast.Name)):
            found.setdefault(target.id, []).append(part.value)
    return found


def is_picked(node: ast.Subscript, flow: Flow) -> bool:
    """A written index or key into what came from data, or a written place from which on it is read."""
    base = node.value
    listed = {name_of(part) for part in ast.walk(base) if isinstance(part, ast.Attribute | ast.Name | ast.Call)} & LISTED
    place = node.slice.elts[-1] if isinstance(node.slice, ast.Tuple) and node.slice.elts else node.slice
    last = place.lower if isinstance(place, ast.Slice) and number_in(place.lower) else place
    written = number_in(last) is not None or (isinstance(last, ast.Constant) and isinstance(last.value, str) and any(part.isdigit() for part in last.value))
    return written and not listed and bool(flow.value_at(base).labels & (DATA | MEASURED))


def fault_of(proof: str, test: TestCode, code: Project) -> str:
    """What is wrong with the test that a gate is proven by; "" where nothing is."""
    name = proof.rpartition("::")[2]
    proofs = list(tests_named(name, test.function.path, code.root))
    if not proofs:
        return "which is no function of the project"
    own = {test.function.name} | {node.name for node in code.reach(test) if node.name != name}
    if not any(mentioned_in(node) & own for node in proofs):
        return "which calls neither the gate nor a function that the gate calls"
    return "" if any(expects_failure(node) for node in proofs) else "which does not assert that anything fails"


def tests_named(name: str, path: Path, root: Path) -> Iterator[FunctionNode]:
    """The functions of a name beside the gate and in the project's tests."""
    from harness.check.facts import parse

    files = [*sorted(path.parent.rglob("*.py")), *(sorted((root / "tests").rglob("*.py")) if (root / "tests").is_dir() else ())]
    for file in (file for file in files if f"def {name}(" in file.read_text(encoding="utf-8", errors="replace")):
        yield from (node for node in nodes_of(parse(file), ast.FunctionDef) if node.name == name)


def expects_failure(node: FunctionNode) -> bool:
    raises = any(name_of(call.func) == "raises" for call in nodes_of(node, ast.Call))
    refuses = any(isinstance(part.test, ast.UnaryOp | ast.Compare) for part in nodes_of(node, ast.Assert))
    return raises or refuses
