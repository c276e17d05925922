"""Rules about values that are missing: they stay missing, are never 0 or False by accident, and no error is swallowed."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path

from harness.check.code import keyword, name_of, number_in, words
from harness.check.flow import ANSWER, EVIDENCE, LOCAL, MEASURED, NUMBER, NUMBERS, OUTCOMES, PARAMETER, Flow, Value
from harness.findings import Facts, found, rule
from harness.records import Finding

BROAD = frozenset({"Exception", "BaseException", "AssertionError", "HarnessError"})
LOST = frozenset(
    {"KeyError", "IndexError", "LookupError", "TypeError", "ValueError", "AttributeError", "ZeroDivisionError", "StopIteration", "StatisticsError"} | BROAD
)
PROMPTS = words("prompt system system_prompt persona_prompt sys_prompt systemprompt")
ENDING = (ast.Raise,)

Place = tuple[Path, int, str]


@rule(
    "M315",
    "broad except in a cell",
    needs=("code",),
    source="T10: a metric failed inside try/except, became None, and the cell passed; T9: a runner swallowed exceptions",
)
def find_swallowed_errors(facts: Facts) -> Iterable[Finding]:
    """An error that a test, a fixture or a helper swallows looks like a result. A cell that fails is an error and its hypothesis inconclusive: that is what an
    error should do. The rule reads the functions that the tests can reach, and reports bare and broad handlers that do not raise again, `suppress` of the
    same, and a `return` in `finally`. Narrow handlers, such as `except Inconclusive`, are left alone.

    Bad: `try: shift = measure.shift(...)` with `except Exception: return`.

    Good: let it raise, or catch the one exception that is meant and `raise Inconclusive("why") from error`.
    """
    for path, handler in facts.code.nodes(ast.ExceptHandler):
        if (names := broad_names(handler.type)) and not any(isinstance(node, ast.Raise) or fails(node) for part in handler.body for node in ast.walk(part)):
            told = f"{names} is swallowed: an error of the measurement would pass for a result"
            yield found(told, where=facts.code_place(path, handler.lineno), fix="Catch the exception that is meant, or raise it again")
    for path, call in facts.code.nodes(ast.Call):
        if name_of(call.func) == "suppress" and (names := " or ".join(filter(None, (broad_names(one) for one in call.args)))):
            told = f"{names} is suppressed: an error of the measurement would pass for a result"
            yield found(told, where=facts.code_place(path, call.lineno), fix="Suppress the exception that is meant, or none")
    for path, block in facts.code.nodes(ast.Try):
        for node in (node for part in block.finalbody for node in ast.walk(part) if isinstance(node, ast.Return)):
            yield found("a return in finally swallows whatever was raised", where=facts.code_place(path, node.lineno), fix="Return after the try")


def broad_names(kind: ast.expr | None) -> str:
    """What is broad of the exceptions that are caught; "" where nothing is."""
    if kind is None:
        return "every exception"
    parts = kind.elts if isinstance(kind, ast.Tuple) else [kind]
    return next((name_of(part) for part in parts if name_of(part) in BROAD), "")


def fails(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and name_of(node.func) in ("fail", "exit", "_exit", "abort")


@rule(
    "M316",
    "missing values become 0, or 0 becomes missing",
    needs=("flow", "code"),
    source="T7: `judged or 0.0` made missing verdicts 0; T8: `if a and b` dropped items of 0.0; D4: `if persona_prompt:` took an empty prompt for none",
)
def find_missing_as_zero(facts: Facts) -> Iterable[Finding]:
    """0 is an outcome, None is none: `or 0`, `.get(item, 0)` and `fillna(0)` make a measurement of what was never answered, and `if value:` drops those that
    were answered with 0. An empty prompt, likewise, is not the same as no prompt. The rule follows outcomes and measured numbers through the code that the
    tests can reach, and reports such defaults for them, and conditions on their truth. Settings, counts and tables that the code makes itself are left alone.

    Bad: `{item: row.get("score", 0) for ...}`, `[value for value in outcomes.values() if value]`, `if persona_prompt:`.

    Good: `value is not None`; hand outcomes with None to `measure.rate`, which leaves them out and says how many they were.
    """
    fix = "Keep None for what is missing, and compare with None"
    seen: set[tuple[Path, int]] = set()
    for path, line, told in places(facts):
        if (path, line) not in seen:
            seen.add((path, line))
            yield found(told, where=facts.code_place(path, line), fix=fix)


def places(facts: Facts) -> Iterator[Place]:
    flow = facts.flow
    for path, node in facts.code.nodes(ast.BoolOp):
        yield from defaults_of(path, node, flow)
    for path, choice in facts.code.nodes(ast.IfExp):
        if is_zero(choice.body if number_in(choice.body) == 0 else choice.orelse) and fills(choice, flow):
            yield path, choice.lineno, f"{ast.unparse(choice)[:60]!r} makes a missing value 0"
    for path, call in facts.code.nodes(ast.Call):
        if told := filled_by(call, flow):
            yield path, call.lineno, told
    for path, branch in facts.code.nodes(ast.If):
        if set_to_zero(branch, flow):
            yield path, branch.lineno, f"'if {ast.unparse(branch.test)[:60]}' makes a missing value 0"
    for path, handler in facts.code.nodes(ast.ExceptHandler):
        if zero_after(handler):
            yield path, handler.lineno, "what failed becomes 0 here, as if it had been measured"
    for path, test, told in conditions(facts):
        yield path, test.lineno, told


def is_zero(node: ast.AST) -> bool:
    """0, 0.0 or False, as they are written."""
    return number_in(node) == 0 or (isinstance(node, ast.Constant) and node.value is False)


def is_found(value: Value) -> bool:
    """What came from data or was measured, and is no answer of a criterion."""
    return bool(value.labels & (EVIDENCE | MEASURED)) and not value.labels & ANSWER and not value.shape & LOCAL


def defaults_of(path: Path, node: ast.BoolOp, flow: Flow) -> Iterator[Place]:
    """`x or 0`, `prompt or "..."`."""
    if isinstance(node.op, ast.Or) and is_zero(node.values[-1]) and any(is_found(flow.value_at(part)) for part in node.values[:-1]):
        yield path, node.lineno, f"{ast.unparse(node)[:60]!r} makes a missing value 0"
    elif isinstance(node.op, ast.Or) and name_of(node.values[0]) in PROMPTS and isinstance(node.values[0], ast.Name | ast.Attribute):
        yield path, node.lineno, f"{ast.unparse(node)[:60]!r} takes an empty prompt for none"


def fills(choice: ast.IfExp, flow: Flow) -> bool:
    """`x if x else 0`, `0 if x is None else x`, and what is computed from x: the other branch rests on what the condition looks at."""
    other, test = choice.orelse if is_zero(choice.body) else choice.body, choice.test
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        test = test.operand
    if isinstance(test, ast.Compare):
        compared = test.comparators[0]
        if isinstance(test.ops[0], ast.In | ast.NotIn):  # x[k] if k in x else 0
            return isinstance(other, ast.Subscript) and ast.dump(compared) == ast.dump(other.value) and is_lookup(other, flow)
        counted = isinstance(test.left, ast.Call) and name_of(test.left) == "len"
        if not counted and not (isinstance(compared, ast.Constant) and compared.value is None):
            return False
        test = test.left
    if isinstance(test, ast.Call):
        test = test.args[0] if test.args and name_of(test) in ("len", "any", "isnan", "isfinite", "isna", "isnull") else test
    asked = ast.dump(test)
    return not isinstance(other, ast.Constant) and is_found(flow.value_at(other)) and any(ast.dump(node) == asked for node in ast.walk(other))


def is_lookup(node: ast.Subscript, flow: Flow) -> bool:
    """Whether it looks up what was found, or, in any table, the value of an axis."""
    return is_found(flow.value_at(node.value)) or flow.value_at(node.slice).labels == PARAMETER


def set_to_zero(branch: ast.If, flow: Flow) -> bool:
    """`if x is None: x = 0`, also of an item of a mapping."""
    test, body = branch.test, branch.body[0]
    if not (isinstance(body, ast.Assign) and is_zero(body.value)):
        return False
    asked = test.operand if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not) else test
    if isinstance(asked, ast.Compare) and isinstance(asked.ops[0], ast.Is) and ast.unparse(asked.comparators[0]) == "None":
        asked = asked.left
    elif isinstance(asked, ast.Call) and asked.args and name_of(asked) in ("isnan", "isna", "isnull"):
        asked = asked.args[0]
    return ast.unparse(asked) == ast.unparse(body.targets[0]) and is_found(flow.value_at(asked))


def filled_by(call: ast.Call, flow: Flow) -> str:
    """What a call puts in the place of what is missing; "" where it does not."""
    name, count = name_of(call.func), len(call.args)
    last = call.args[-1] if call.args else call
    if name == "filter" and count == 2 and isinstance(call.args[0], ast.Constant) and flow.value_at(last).shape & (NUMBERS | OUTCOMES):
        return f"{ast.unparse(call)[:60]!r} drops outcomes of 0"
    source = call.func.value if name in ("get", "pop") and isinstance(call.func, ast.Attribute) else call.args[0] if name == "getattr" and count == 3 else None
    of_axis = count == 2 and name == "get" and flow.value_at(call.args[0]).labels == PARAMETER  # an axis value under another name
    defaults = source is not None and count > 1 and is_zero(last) and (is_found(flow.value_at(source)) or of_axis)
    filled = name == "nan_to_num" or (name == "fillna" and is_zero(keyword(call, "value") or last))
    replaced = name == "where" and count == 3 and any(map(is_zero, call.args[1:])) and "isnan" in ast.dump(call.args[0])
    counted = name == "defaultdict" and count == 2 and name_of(call.args[0]) in ("float", "int")
    return f"{ast.unparse(call)[:60]!r} makes a missing value 0" if defaults or filled or replaced or counted else ""


def zero_after(handler: ast.ExceptHandler) -> bool:
    """A handler for what is missing that gives 0."""
    parts = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type] if handler.type else []
    if handler.type is not None and not any(name_of(part) in LOST for part in parts):
        return False
    values = [part.value for part in handler.body if isinstance(part, ast.Return | ast.Assign) and part.value is not None]
    return any(number_in(value) == 0 for value in values)


def conditions(facts: Facts) -> Iterator[tuple[Path, ast.expr, str]]:
    """Conditions on the truth of a number, or of a prompt."""
    for path, node in (*facts.code.nodes(ast.If), *facts.code.nodes(ast.IfExp), *facts.code.nodes(ast.While)):
        refuses = isinstance(node, ast.If) and all(isinstance(part, ENDING) for part in node.body)
        for part in truths(node.test):
            if facts.flow.value_at(part).shape & NUMBER and is_found(facts.flow.value_at(part)):
                yield path, part, f"{ast.unparse(node.test)[:60]!r} asks whether a number is true: 0 counts as missing"
            elif name_of(part) in PROMPTS and isinstance(part, ast.Name | ast.Attribute) and not refuses:
                yield path, part, f"{ast.unparse(node.test)[:60]!r} takes an empty prompt for none"
    for kind in (ast.ListComp, ast.GeneratorExp, ast.DictComp, ast.SetComp):
        for path, loop in facts.code.nodes(kind):
            kept = loop.value if isinstance(loop, ast.DictComp) else loop.elt
            tests = [part for generator in loop.generators for condition in generator.ifs for part in truths(condition)]
            for part in () if isinstance(kept, ast.Constant) else tests:
                if facts.flow.value_at(part).shape & NUMBER and is_found(facts.flow.value_at(part)):
                    yield path, part, f"{ast.unparse(part)[:60]!r} as a condition drops outcomes of 0"


def truths(test: ast.expr) -> Iterator[ast.expr]:
    """The parts of a condition whose own truth is asked: names, attributes, subscripts and calls, through `and`, `or` and `not`."""
    if isinstance(test, ast.BoolOp):
        for part in test.values:
            yield from truths(part)
    elif isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        yield from truths(test.operand)
    elif isinstance(test, ast.Name | ast.Attribute | ast.Subscript) or (isinstance(test, ast.Call) and name_of(test.func) in ("get", "float")):
        yield test
