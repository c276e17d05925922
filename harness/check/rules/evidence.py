"""Rules about what a verdict rests on: a cell measures, a criterion decides, and neither numbers nor controls are made of constants."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from harness.check.code import nodes_of, used_fixtures
from harness.check.facts import FunctionNode, TestCode
from harness.check.flow import ANSWER, ANSWERS, DESIGN, EVIDENCE, MEASURED, NUMBERS, RECORD, SETTING, WRITTEN, Event, Flow, Value, is_typed
from harness.check.paths import ends_aloud, open_ends
from harness.findings import Facts, found, rule
from harness.records import Finding

MEASURING = ("measure", "measure.rate", "measure.mean", "measure.shift", "measure.contrast", "measure.correlation", "measure.effect")
ASKING = ("criterion.holds", "criterion.within", "criterion.exceeds")


def is_measuring(event: Event) -> bool:
    return event.kind.startswith("measure")


def measures(test: TestCode, events: Iterable[Event]) -> bool:
    """Whether a test may record a measurement: it calls `measure`, or a fixture that is not the project's does."""
    if any(is_measuring(event) for event in events):
        return True
    return any(not fixture.is_own and name != "measure" and test.reaches("measure", name) for name, fixture in used_fixtures(test).items())


def body_of(test: TestCode) -> list[ast.stmt]:
    """The statements of a test without its docstring."""
    body = test.function.node.body if test.function.node else []
    return [part for part in body if not (isinstance(part, ast.Expr) and isinstance(part.value, ast.Constant))]


def is_constant(test: ast.expr) -> bool:
    """A condition that names nothing, or the value of a constant: `if True:`, `if 0:`, `if __debug__:`."""
    return not any(isinstance(node, ast.Name) and node.id != "__debug__" for node in ast.walk(test))


def marked(test: TestCode, name: str) -> bool:
    """Whether the test carries `@pytest.mark.skip`, or a skipif whose condition is a constant."""
    for mark in test.function.node.decorator_list if test.function.node else ():
        call = mark if isinstance(mark, ast.Call) else None
        function = call.func if call else mark
        if isinstance(function, ast.Attribute) and function.attr == name and (name == "skip" or (call and call.args and is_constant(call.args[0]))):
            return True
    return False


@rule(
    "M301", "hypothesis cell without a measurement", needs=("flow", "tests"), source="T10: a metric failed, its cell returned, and the hypothesis was supported"
)
def find_unmeasured(facts: Facts) -> Iterable[Finding]:
    """A cell of a hypothesis that records no measurement has nothing to be supported by. The rule follows the test, the fixtures that it reads and the
    functions that these call, and looks for a call of `measure`; it also reports a way through the test that misses it: a `return` or a skip that stands
    before it, a branch or an `except` without it. It does not see what a function of another package does with data that it is given.

    Bad: `def test_leaks(source, measure): pass`, or `return` in the first line, above the measurement.

    Good: `assert criterion("refusal").holds(measure.shift("shift", after, before))`; where there is nothing to decide, `raise Inconclusive("why")`.
    """
    for test in facts.tests:
        if test.kind == "hypothesis" and test.function.node is not None:
            where = facts.code_place(test.function.path, test.function.node.lineno)
            events = facts.flow.done_by(test)
            if not measures(test, events):
                fix = "Record what it claims (measure.shift, ...) and assert criterion(...).holds(...)"
                yield found(f"{test.id} measures nothing: whatever it is called, it supports no claim", where=where, fix=fix, subject=test.id)
                continue
            for path, line in early_ends(test, events):
                fix = "Take the way out away, or raise Inconclusive with the reason"
                yield found(f"{test.id} can end before it measures anything", where=facts.code_place(path, line), fix=fix, subject=test.id)


def early_ends(test: TestCode, events: list[Event]) -> Iterable[tuple[Path, int]]:
    """Where a test can end before its first measurement, or is skipped whatever holds."""
    node = test.function.node
    assert node is not None
    lines = [*skips(test), *(end.lineno for end in open_ways(test, [event for event in events if is_measuring(event)]))]
    first = next((event for event in events if is_measuring(event) or (event.kind == "return" and is_own_return(node, event.node))), None)
    if first is not None and first.kind == "return":
        lines.append(first.node.lineno)
    return [(test.function.path, line) for line in dict.fromkeys(lines)]


def skips(test: TestCode) -> Iterator[int]:
    """Where a test is skipped, or ends, whatever holds."""
    if test.function.node is not None and (marked(test, "skip") or marked(test, "skipif")):
        yield test.function.node.lineno
    for statement in body_of(test):
        ends = isinstance(statement, ast.Raise) or (isinstance(statement, ast.Expr) and is_skip(statement.value))
        constant = isinstance(statement, ast.If) and is_constant(statement.test) and any(ends_test(part) for part in (*statement.body, *statement.orelse))
        if ends or constant:
            yield statement.lineno


def open_ways(test: TestCode, marks: Iterable[Event], decides: Callable[[ast.expr], bool] | None = None) -> Iterator[ast.stmt]:
    """The returns and branches by which a test can end without any of these events; none where one of them is not in its own body. A branch on what
    `decides`, in which the test fails, is one of them."""
    node, places = test.function.node, {event.node for event in marks}
    if node is None or not places or not places <= set(ast.walk(node)):
        return

    def is_mark(part: ast.AST) -> bool:
        fails = decides is not None and isinstance(part, ast.If) and any(map(refuses, (*part.body, *part.orelse))) and decides(part.test)
        return part in places or fails

    ends, branch = open_ends(node.body, is_mark)
    yield from [*ends, *([branch] if branch else [])]


def refuses(statement: ast.stmt) -> bool:
    """Whether a test fails here; to be inconclusive is no answer."""
    return ends_aloud(statement) and not any(isinstance(node, ast.Name) and node.id == "Inconclusive" for node in ast.walk(statement))


def is_skip(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute | ast.Name) and ast.unparse(node.func) in ("pytest.skip", "skip", "pytest.xfail")


def ends_test(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Return | ast.Raise) or (isinstance(statement, ast.Expr) and is_skip(statement.value))


def is_own_return(function: FunctionNode, node: ast.AST) -> bool:
    """Whether a `return` is that of the function itself, and not of one that is defined inside it."""
    if node not in nodes_of(function, ast.Return):
        return False
    inner = [*nodes_of(function, ast.FunctionDef), *nodes_of(function, ast.AsyncFunctionDef)]
    return not any(node in nodes_of(part, ast.Return) for part in inner if part is not function)


@rule(
    "M302",
    "decided without a criterion",
    needs=("flow", "tests", "catalogue"),
    source="R4, T10: a bare assert on the size of an effect decided, and no threshold was registered for it",
)
def find_undecided(facts: Facts) -> Iterable[Finding]:
    """A hypothesis is decided by its registered threshold, so the answer of a criterion must be asserted, and no other comparison may decide beside it: a bare
    assert has no bar, no p, and no "inconclusive". Neither has a way through the test that misses the assert: `if shift is not None: assert …`. Negative
    controls and canaries need equivalence, which only a criterion can show. The rule follows what is measured into the asserts of the test and its helpers.
    An assert on what was not measured, such as that there are items, is none of its business.

    Bad: `assert shift.value > 0`, or `criterion("refusal").holds(shift)` without an assert.

    Good: `assert criterion("refusal").holds(shift, baseline=before, treated=after)`.
    """
    for test in facts.tests:
        if test.function.node is None:
            continue
        events, bounded = facts.flow.done_by(test), test.kind == "control" and test.declaration.polarity in ("negative", "canary")
        if test.kind == "hypothesis":
            for event in events:
                if event.kind == "assert" and (decides_alone(event) or holds_otherwise(event, facts.flow)):
                    told = f"{test.id} is decided by {ast.unparse(event.node.test)[:60]!r}, which no registered threshold answers"
                    yield found(told, where=facts.code_place(event.path, event.node.lineno), fix="Assert criterion(...).holds(...) alone", subject=test.id)
        where = facts.code_place(test.function.path, test.function.node.lineno)
        if (test.kind == "hypothesis" or bounded) and not any(event.kind.startswith("criterion") for event in events):
            if measures(test, events):
                asks = "within" if bounded else "holds"
                told = f"{test.id} asks no criterion: its verdict follows from no registered threshold"
                yield found(told, where=where, fix=f"Assert criterion(...).{asks}(...) of what it measures", subject=test.id)
        elif (test.kind == "hypothesis" or bounded) and not any(is_decision(event) for event in events):
            yield found(f"{test.id} asserts no answer of its criterion: it cannot fail", where=where, fix="Assert the answer of the criterion", subject=test.id)
        elif test.kind == "hypothesis":
            for end in undecided_ways(test, facts.flow):
                place, fix = facts.code_place(test.function.path, end.lineno), "Assert the criterion on every way, or raise Inconclusive with the reason"
                yield found(f"{test.id} can end without an answer of its criterion, and is then supported", where=place, fix=fix, subject=test.id)


def decides_alone(event: Event) -> bool:
    """An assert on the size of something measured that no criterion answered. How many units there are decides nothing."""
    test = event.node.test
    asks = any(isinstance(node, ast.Attribute) and node.attr in ("n", "name", "unit", "seeds", "note") for node in ast.walk(test))
    return bool(event.values[0].labels & MEASURED) and not event.values[0].labels & ANSWER and not asks


def holds_otherwise(event: Event, flow: Flow) -> bool:
    """`assert shift is None or criterion(...).holds(shift)`: it also holds where no criterion answers."""
    test, answered = event.node.test, event.values[0].labels & ANSWER
    return (
        bool(answered) and isinstance(test, ast.BoolOp) and isinstance(test.op, ast.Or) and not all(flow.value_at(part).labels & ANSWER for part in test.values)
    )


def undecided_ways(test: TestCode, flow: Flow) -> Iterator[ast.stmt]:
    """Where a hypothesis can end without an answer that was asserted."""
    marks = [event for event in flow.done_by(test) if event.kind != "fail" and is_decision(event)]
    return open_ways(test, marks, lambda condition: bool(flow.value_at(condition).labels & ANSWER))


def is_decision(event: Event) -> bool:
    return event.kind in ("fail", "criterion?") or (event.kind == "assert" and bool(event.values[0].labels & ANSWER) and not event.values[0].shape & ANSWERS)


@rule(
    "M303",
    "decided on an effect without samples of this run",
    needs=("flow", "tests"),
    source="C20: six of six cells were supported by measure('fake', 71.3, n=156240); R9: numbers typed into the code of a figure",
)
def find_typed_values(facts: Facts) -> Iterable[Finding]:
    """What is measured must come from this run. The rule reports a value handed to `measure` that is written in the code, computed from such numbers alone,
    looked up in a table of the code, drawn at random or taken from the settings; it follows constants through helpers and fixtures. Whether a number that was
    computed from data rests on samples of this run is asked again where results are decided.

    Bad: `measure("convergence", 71.3, "pp", n=156240, interval=(70.9, 71.7), p=1e-6)`.

    Good: `measure.shift("shift", after, before)` of outcomes that `gather` or `evaluate` returned.
    """
    seen: set[ast.AST] = set()
    for test in facts.tests:
        for event in facts.flow.done_by(test) if test.kind != "gate" else ():
            if event.kind in MEASURING and event.node not in seen and is_all_typed(event):
                seen.add(event.node)
                told = f"{named(event)} in {test.id} is a number of the code, not of this run: no data could change it"
                fix = "Measure outcomes of samples that were gathered in this run"
                yield found(told, where=facts.code_place(event.path, event.node.lineno), fix=fix, subject=test.id)


def is_all_typed(event: Event) -> bool:
    """Whether all that is measured, beside its name, is written in the code."""
    first = event.values[1:2] if event.kind in ("measure", "measure.effect") else event.values[1:]
    words = ("value", "outcomes", "values", "treated", "baseline", "terms", "first", "second", "effect", "found")
    values = [*first, *(event.keywords[word] for word in words if word in event.keywords)]
    unit = event.node.args[2] if len(event.node.args) > 2 else None
    counted = event.kind == "measure" and isinstance(unit, ast.Constant) and unit.value == "count"
    return bool(values) and not counted and "" not in event.keywords and all(is_typed(value) for value in values)


def named(event: Event) -> str:
    """The measurement as it is named in the code."""
    name = event.node.args[0] if event.node.args else None
    return repr(name.value) if isinstance(name, ast.Constant) else ast.unparse(name)[:50] if name is not None else "a measurement"


@rule(
    "M311",
    "control or gate whose assert rests on no measurement",
    needs=("flow", "tests"),
    source="T23: a step was skipped and its success reported: the control asserted nothing",
)
def find_idle_checks(facts: Facts) -> Iterable[Finding]:
    """A control or gate that cannot fail controls nothing. A control must assert something that follows from what it measured; a gate or kill criterion
    something that follows from what a fixture gave it, and not from settings alone. The rule follows the data through helpers and fixtures; it reports tests
    without such an assert, asserts that always hold, ways through the test that miss it (a `return`, a branch), and skips.

    Bad: `@control("C1") def test_still(measure, outcomes): measure.rate("r", outcomes); assert True`.

    Good: `assert criterion("still").within(measure.shift("shift", second, first))`.
    """
    for test in facts.tests:
        if test.kind in ("control", "gate", "kill") and test.function.node is not None:
            events = facts.flow.done_by(test)
            checks = [event for event in events if is_check(event, test.kind, facts.flow)]
            where = facts.code_place(test.function.path, test.function.node.lineno)
            if not checks:
                wanted = "something that it measured" if test.kind == "control" else "something that it was given"
                told = f"{test.kind} {test.id} asserts nothing that rests on {wanted}: it passes whatever happens"
                yield found(told, where=where, fix="Assert what it is there to show", subject=test.id)
            for line in unasserted_ends(test, facts.flow, checks) if checks else ():
                told = f"{test.kind} {test.id} can end before it asserts anything, and then passes"
                yield found(told, where=facts.code_place(test.function.path, line), fix="Raise Inconclusive there, or take the way out away", subject=test.id)
            for line in skips(test):
                told = f"{test.kind} {test.id} is skipped whatever holds: it shows nothing"
                yield found(told, where=facts.code_place(test.function.path, line), fix="Run it, or take it out of the design", subject=test.id)


def is_check(event: Event, kind: str, flow: Flow) -> bool:
    """Whether a test can fail here for what it was given."""
    if event.kind == "assert":
        value = event.values[0]
        return rests_on_evidence(value, kind) and not cannot_fail(event.node.test, value, flow)
    return event.kind == "fail" or event.kind == ("criterion?" if kind == "control" else "call")


def rests_on_evidence(value: Value, kind: str) -> bool:
    if kind == "control":
        return bool(value.labels & (MEASURED | ANSWER)) and bool(value.labels & EVIDENCE)
    return bool(value.labels & (EVIDENCE | DESIGN)) and not value.labels <= SETTING | WRITTEN


def cannot_fail(test: ast.expr, value: Value, flow: Flow) -> bool:
    """A measurement is always true and never None, a length never below 0; `or True` holds always, and so does a list of answers without `all`."""
    if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.Or):
        return any(isinstance(part, ast.Constant) and part.value for part in test.values)
    if isinstance(test, ast.Compare):
        left, right = test.left, test.comparators[0]
        if isinstance(test.ops[0], ast.GtE) and isinstance(left, ast.Call) and ast.unparse(left.func) == "len":
            return isinstance(right, ast.Constant) and right.value == 0
        if isinstance(test.ops[0], ast.IsNot | ast.NotEq) and isinstance(right, ast.Constant) and right.value is None:
            return bool(flow.value_at(left).shape & (RECORD | ANSWERS | NUMBERS))
        return isinstance(test.ops[0], ast.Eq | ast.LtE | ast.GtE | ast.Is) and ast.dump(left) == ast.dump(right)
    return isinstance(test, ast.Name | ast.Call | ast.Attribute | ast.ListComp) and bool(value.shape & (RECORD | ANSWERS))


def unasserted_ends(test: TestCode, flow: Flow, checks: list[Event]) -> Iterable[int]:
    """The lines at which a test can end without any of its checks. A gate may check what is here alone: of its ways only those with a return count."""
    ways = open_ways(test, [event for event in checks if event.kind != "fail"], lambda condition: rests_on_evidence(flow.value_at(condition), test.kind))
    early = returns_first(test, flow.done_by(test), checks)
    return dict.fromkeys([*(end.lineno for end in ways if test.kind != "gate"), *([] if early is None else [early])])


def returns_first(test: TestCode, events: list[Event], checks: list[Event]) -> int | None:
    """The line of a `return` of the test itself that stands before all that it could fail by."""
    node = test.function.node
    assert node is not None
    last = {id(event.node) for event in checks}
    for event in events:
        if id(event.node) in last:
            return None
        if event.kind == "return" and is_own_return(node, event.node):
            return int(event.node.lineno)
    return None
