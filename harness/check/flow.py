"""Where the numbers of a test come from: its code and that of its fixtures and helpers, run on labels in place of values.

`labels` say what a value rests on, `shape` what kind of value it is. Both only grow where branches join, so that a label means "may rest on". A function of
the project is followed into, one of somebody else's is taken to hand on the labels of its arguments. Exceptions and inheritance from other packages are not
followed, nor is what a test changes in objects of others.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from harness.check.code import Project, Scope, name_of, number_in, project_of, words
from harness.check.facts import FunctionNode, TestCode
from harness.findings import Fact, Facts

NONE: frozenset[str] = frozenset()
# What a value may rest on. One without a label is written in the code.
DATA, MEASURED, ANSWER, SETTING, DESIGN, PARAMETER, RANDOM, UNKNOWN, PICKED = (
    frozenset({label}) for label in ("data", "measured", "answer", "setting", "design", "parameter", "random", "unknown", "picked")
)
WRITTEN = SETTING | PARAMETER | RANDOM
EVIDENCE = DATA | UNKNOWN
# What kind of value it is: a p, a number, outcomes by item, a mapping whose values are written in the code, …
PROBABILITY, NUMBER, NUMBERS, OUTCOMES = (frozenset({kind}) for kind in ("p", "number", "numbers", "outcomes"))
POSITIONAL, POSITION, BY_POSITION, PERMUTED = (frozenset({kind}) for kind in ("positional", "position", "by position", "permuted"))
SIGNIFICANT, SET, LOCAL, ORDERED = (frozenset({kind}) for kind in ("significant", "set", "local", "ordered"))
RECORD, TYPED, COUNT, ANSWERS = (frozenset({kind}) for kind in ("record", "typed", "count", "answers"))
P_NAMES = words("p pvalue p_value pval p_val p_values pvalues pvals p_adjusted p_holm")
NUMBER_NAMES = words("value low high mean score share rate estimate effect")
OUTCOME_NAMES = frozenset(["outcomes", "scores", "by_item"])
DESIGNED = words("parents roles seeds persona_of context request pytestconfig tmp_path tmp_path_factory store recorder monkeypatch capsys cache")
MUTATORS = words("append add extend update insert setdefault appendleft")
IDENTITIES = words("float int abs round max min fmean mean median")
PURE = tuple(
    words(
        "builtins. math. statistics. itertools. functools. operator. collections. fractions. decimal. numpy. re. copy. string. scipy. dataclasses. "
        "typing. json. harness.Interval harness.Effect harness.Calibration harness.records. harness.verdict. msgspec."
    )
)
IMPURE = words("open input eval exec load loadtxt genfromtxt fromfile memmap globals vars __import__")
CHANCE = ("random.", "numpy.random.", "secrets.", "torch.rand", "time.", "uuid.")
DEEPEST = 12


@dataclass(eq=False)
class Env:
    """The names of a running function; what it does not have, the one around it or its file has."""

    scope: Scope
    parent: Env | None = None
    names: dict[str, Value] = field(default_factory=dict)
    returned: list[Value] = field(default_factory=list)
    weak: int = 0


@dataclass(eq=False)
class Instance:
    """An object of a class of the project."""

    owner: ast.ClassDef
    scope: Scope
    fields: dict[str, Value] = field(default_factory=dict)


class Callee(NamedTuple):
    node: FunctionNode | ast.Lambda | ast.ClassDef
    scope: Scope
    env: Env | None = None
    bound: Instance | None = None


class Value(NamedTuple):
    """What is known of a value. `name` is the dotted name of something of others, such as `numpy.mean`, `measure.shift`, or `criterion()`."""

    labels: frozenset[str] = NONE
    shape: frozenset[str] = NONE
    callees: tuple[Callee, ...] = ()
    name: str = ""
    held: Instance | None = None
    fixture: str = ""


EMPTY = Value()


class Event(NamedTuple):
    """Something that a test does: `measure`, `measure.shift`, `criterion.holds`, `assert`, `fail`, `return`, or a `call` of others' code as
    a statement, which may refuse what it is given. `values` are those of its arguments."""

    kind: str
    path: Path
    node: Any
    values: tuple[Value, ...] = ()
    keywords: Mapping[str, Value] = MappingProxyType({})


def join(values: Iterable[Value]) -> Value:
    """A value that may be any of these."""
    found = [value for value in values if value is not EMPTY]
    if len(found) < 2:
        return found[0] if found else EMPTY
    names = {value.name for value in found if value.name}
    return Value(
        NONE.union(*(value.labels for value in found)),
        NONE.union(*(value.shape for value in found)),
        tuple(dict.fromkeys(callee for value in found for callee in value.callees)),
        names.pop() if len(names) == 1 else "",
        next((value.held for value in found if value.held), None),
    )


def labels_of(values: Iterable[Value]) -> frozenset[str]:
    return NONE.union(*(value.labels for value in values))


class Flow:
    """The labels of every expression that the tests of an experiment may evaluate, and what each test does, in order."""

    def __init__(self, project: Project, parameters: Iterable[str]) -> None:
        self.project, self.parameters = project, frozenset(parameters)
        self.at: dict[ast.AST, Value] = {}
        self.events: list[Event] = []
        self.by_test: dict[int, list[Event]] = {}
        self._made: dict[Any, tuple[Value, list[Event]]] = {}
        self._running: set[Any] = set()
        self._fixtures: dict[Any, Value] = {}
        self._globals: dict[tuple[Scope, str], Value] = {}
        self._entered: set[ast.AST] = set()
        self._test: TestCode | None = None
        self._bare: ast.expr | None = None
        for test in project.tests:
            self.by_test[id(test)] = self._run_test(test)
        self._test = None
        for node, path in project.reached.items():
            if node not in self._entered:
                self._run_alone(node, project.scopes[path])

    def value_at(self, node: ast.AST | None) -> Value:
        """What is known of an expression; nothing where no test evaluates it."""
        return self.at.get(node, EMPTY) if node is not None else EMPTY

    def done_by(self, test: TestCode) -> list[Event]:
        return self.by_test[id(test)]

    def _run_test(self, test: TestCode) -> list[Event]:
        self._test, self.events = test, []
        self._made.clear()  # fixtures of one name may differ between files
        self._fixtures.clear()
        if test.function.node is not None:
            self._call_with_fixtures(test.function.node, self.project.scopes[test.function.path])
        return self.events

    def _run_alone(self, node: FunctionNode, scope: Scope) -> None:
        """A function that somebody else calls, such as a measure's `score`: its arguments are data."""
        names = [one.arg for one in arguments_of(node)]
        self._call(Callee(node, scope, None, self._instance_for(node, scope)), [Value(DATA)] * len(names), {})

    def _instance_for(self, node: FunctionNode, scope: Scope) -> Instance | None:
        owner = scope.owner.get(node)
        return None if owner is None else Instance(owner, scope)

    # Functions ------------------------------------------------------------------------------------------------------------------------------------

    def _call_with_fixtures(self, node: FunctionNode, scope: Scope) -> Value:
        """A test or a fixture: its arguments are fixtures, each made when it is first read."""
        env = Env(scope)
        for index, one in enumerate(arguments_of(node)):
            owner = self._instance_for(node, scope) if index == 0 else None
            env.names[one.arg] = Value(held=owner) if owner else Value(fixture=one.arg)
        return self._run_body(node, env)

    def _fixture(self, name: str) -> Value:
        test = self._test
        function = test.fixtures.get(name) if test is not None else None
        if name in self.parameters or function is None:
            return Value(PARAMETER)
        if function.node is None:
            return external_fixture(name)
        if function.node not in self._fixtures:
            self._fixtures[function.node] = EMPTY
            self._fixtures[function.node] = self._call_with_fixtures(function.node, self.project.scopes[function.path])
        return self._fixtures[function.node]

    def _run_body(self, node: FunctionNode | ast.Lambda, env: Env) -> Value:
        self._entered.add(node)
        if isinstance(node, ast.Lambda):
            return self._eval(node.body, env)
        self._block(node.body, env)
        return join(env.returned)

    def _call(self, callee: Callee, values: Sequence[Value], keywords: dict[str, Value]) -> Value:
        if isinstance(callee.node, ast.ClassDef):
            return self._make(callee, values, keywords)
        key = (callee.node, id(callee.env), id(callee.bound), tuple(values), tuple(sorted(keywords.items(), key=lambda pair: pair[0])))
        if key in self._made:
            found, events = self._made[key]
            self.events += events
            return found
        if key in self._running or len(self._running) > DEEPEST:
            return Value(labels_of([*values, *keywords.values()]))
        self._running.add(key)
        outer, self.events = self.events, []
        found = self._run_body(callee.node, self._bound(callee, values, keywords))
        self._made[key] = (found, self.events)
        self.events = outer + self.events
        self._running.discard(key)
        return found

    def _bound(self, callee: Callee, values: Sequence[Value], keywords: dict[str, Value]) -> Env:
        """The environment of a call."""
        env, node = Env(callee.scope, callee.env), callee.node
        assert not isinstance(node, ast.ClassDef)
        own = [Value(held=callee.bound)] if callee.bound and not is_static(node) else []
        names, given = [one.arg for one in (*node.args.posonlyargs, *node.args.args)], [*own, *values]
        for name, default in zip(reversed(names), reversed(node.args.defaults), strict=False):
            env.names[name] = self._eval(default, env)
        for one, keyword_default in zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True):
            env.names[one.arg] = self._eval(keyword_default, env) if keyword_default else EMPTY
        env.names |= dict(zip(names, given, strict=False))
        env.names |= {name: value for name, value in keywords.items() if name}
        if node.args.vararg:
            env.names[node.args.vararg.arg] = join(given[len(names) :])
        if node.args.kwarg:
            env.names[node.args.kwarg.arg] = join(keywords.values())
        return env

    def _make(self, callee: Callee, values: Sequence[Value], keywords: dict[str, Value]) -> Value:
        """An object of a class of the project."""
        owner = callee.node
        assert isinstance(owner, ast.ClassDef)
        key = (owner, tuple(values), tuple(sorted(keywords.items(), key=lambda pair: pair[0])))
        if key not in self._made:
            instance = Instance(owner, callee.scope)
            self._made[key] = (Value(labels_of([*values, *keywords.values()]), held=instance), [])
            for start in ("__init__", "__post_init__"):
                if (method := self._method(instance, start)) is not None:
                    self._call(method, values, keywords)
            names = [part.target.id for part in owner.body if isinstance(part, ast.AnnAssign) and isinstance(part.target, ast.Name)]
            instance.fields = dict(zip(names, values, strict=False)) | keywords | instance.fields
        return self._made[key][0]

    def _method(self, instance: Instance, name: str) -> Callee | None:
        """A method of a class or of what it is derived from in its file."""
        for owner in self._classes(instance.owner, instance.scope):
            for part in owner.body:
                if isinstance(part, FunctionNode) and part.name == name:
                    return Callee(part, instance.scope, None, instance)
        return None

    def _classes(self, owner: ast.ClassDef, scope: Scope) -> list[ast.ClassDef]:
        bases = [scope.classes[base.id] for base in owner.bases if isinstance(base, ast.Name) and base.id in scope.classes and base.id != owner.name]
        return [owner, *bases]

    # Names ----------------------------------------------------------------------------------------------------------------------------------------

    def _lookup(self, name: str, env: Env) -> Value:
        around: Env | None = env
        while around is not None:
            if name in around.names:
                value = around.names[name]
                return self._fixture(value.fixture) if value.fixture else value
            around = around.parent
        return self._global(env.scope, name)

    def _global(self, scope: Scope, name: str) -> Value:
        if name in scope.functions:
            return Value(callees=(Callee(scope.functions[name], scope),))
        if name in scope.classes:
            return Value(callees=(Callee(scope.classes[name], scope),))
        if name in scope.assigned:
            if (scope, name) not in self._globals:
                self._globals[scope, name] = EMPTY
                self._globals[scope, name] = join([self._eval(value, Env(scope)) for value in scope.assigned[name]])
            return self._globals[scope, name]
        if name in scope.imports:
            found = self.project.imported(scope, name)
            if found is not None and found[0] is not scope:
                return self._global(*found)
            module, inner = scope.imports[name]
            return Value(name=f"{module}.{inner}" if inner else module)
        return Value(name=f"builtins.{name}")

    def _assign(self, target: ast.expr, value: Value, env: Env) -> None:
        if isinstance(target, ast.Name):
            env.names[target.id] = join([env.names[target.id], value]) if env.weak and target.id in env.names else value
        elif isinstance(target, ast.Tuple | ast.List):
            first = value._replace(labels=value.labels | PICKED) if value.shape >= ORDERED else value
            for part in target.elts:
                self._assign(part, value if isinstance(part, ast.Starred) else first, env)
        elif isinstance(target, ast.Starred):
            self._assign(target.value, value, env)
        elif isinstance(target, ast.Attribute) and (base := self._eval(target.value, env)).held:
            base.held.fields[target.attr] = join([base.held.fields.get(target.attr, EMPTY), value])
        elif isinstance(target, ast.Attribute | ast.Subscript):
            self._eval(target.slice, env) if isinstance(target, ast.Subscript) else None
            self._add_to(target.value, value, env)

    def _add_to(self, node: ast.expr, value: Value, env: Env, shape: frozenset[str] = NONE) -> None:
        """Something is put into what a name holds."""
        while isinstance(node, ast.Attribute | ast.Subscript):
            if isinstance(node, ast.Attribute) and (base := self._eval(node.value, env)).held:
                base.held.fields[node.attr] = join([base.held.fields.get(node.attr, EMPTY), value])
                return
            node = node.value
        around: Env | None = env
        while isinstance(node, ast.Name) and around is not None:
            if node.id in around.names and not around.names[node.id].fixture:
                around.names[node.id] = join([around.names[node.id], Value(value.labels, shape, value.callees, "", value.held)])
                return
            around = around.parent

    # Statements -----------------------------------------------------------------------------------------------------------------------------------

    def _block(self, statements: Iterable[ast.stmt], env: Env, weak: bool = False) -> None:
        env.weak += weak
        for statement in statements:
            STATEMENTS.get(type(statement), Flow._other)(self, statement, env)
        env.weak -= weak

    def _other(self, node: Any, env: Env) -> None:
        for part in ast.iter_child_nodes(node):
            if isinstance(part, ast.expr):
                self._eval(part, env)

    def _assignment(self, node: Any, env: Env) -> None:
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        if node.value is None:
            return
        same = len(getattr(node.value, "elts", ()))
        pairs = [one for one in targets if isinstance(one, ast.Tuple) and isinstance(node.value, ast.Tuple) and len(one.elts) == same]
        if len(pairs) == len(targets):
            for one in pairs:
                for part, value in zip(one.elts, [self._eval(value, env) for value in node.value.elts], strict=True):
                    self._assign(part, value, env)
            return
        value = self._eval(node.value, env)
        for target in targets:
            self._assign(target, value, env)

    def _expression(self, node: Any, env: Env) -> None:
        self._bare = node.value
        self._eval(node.value, env)

    def _increment(self, node: Any, env: Env) -> None:
        self._add_to(node.target, self._eval(node.value, env), env)

    def _loop(self, node: Any, env: Env) -> None:
        for _ in range(2):  # what one round leaves, the next one reads
            self._bind(node.target, node.iter, env)
            self._block(node.body, env, weak=True)
        self._block(node.orelse, env, weak=True)

    def _while(self, node: Any, env: Env) -> None:
        self._eval(node.test, env)
        self._block([*node.body, *node.orelse], env, weak=True)

    def _if(self, node: Any, env: Env) -> None:
        self._eval(node.test, env)
        self._block(node.body, env, weak=True)
        self._block(node.orelse, env, weak=True)
        chosen = {name.id for name in ast.walk(node.test) if isinstance(name, ast.Name)} if self._compares_results(node.test) else set()
        for name in (target.id for part in node.body if isinstance(part, ast.Assign) for target in part.targets if isinstance(target, ast.Name)):
            if name in chosen:
                env.names[name] = env.names[name]._replace(labels=env.names[name].labels | PICKED)

    def _compares_results(self, test: ast.AST) -> bool:
        """Whether a condition asks which of two results is larger."""
        for node in ast.walk(test):
            if isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.Gt | ast.GtE | ast.Lt | ast.LtE):
                sides = [self.value_at(node.left), self.value_at(node.comparators[0])]
                if all(is_result(side) for side in sides):
                    return True
        return False

    def _with(self, node: Any, env: Env) -> None:
        for item in node.items:
            value = self._eval(item.context_expr, env)
            if item.optional_vars is not None:
                self._assign(item.optional_vars, value, env)
        self._block(node.body, env)

    def _try(self, node: Any, env: Env) -> None:
        self._block(node.body, env)
        for handler in node.handlers:
            if handler.name:
                env.names[handler.name] = Value(UNKNOWN)
            self._block(handler.body, env, weak=True)
        self._block([*node.orelse, *node.finalbody], env, weak=True)

    def _return(self, node: Any, env: Env) -> None:
        env.returned.append(self._eval(node.value, env) if node.value is not None else EMPTY)
        self.events.append(Event("return", env.scope.path, node))

    def _assert(self, node: Any, env: Env) -> None:
        value = self._eval(node.test, env)
        self.events.append(Event("assert", env.scope.path, node, (value,)))
        if node.msg is not None:
            self._eval(node.msg, env)

    def _raise(self, node: Any, env: Env) -> None:
        if node.exc is not None:
            self._eval(node.exc, env)
            self.events.append(Event("fail", env.scope.path, node))

    def _define(self, node: Any, env: Env) -> None:
        env.names[node.name] = Value(callees=(Callee(node, env.scope, env),))

    def _import(self, node: Any, env: Env) -> None:
        """Imports are known by the file's scope."""

    def _match(self, node: Any, env: Env) -> None:
        self._eval(node.subject, env)
        for case in node.cases:
            self._block(case.body, env, weak=True)

    # Expressions ----------------------------------------------------------------------------------------------------------------------------------

    def _eval(self, node: ast.expr, env: Env) -> Value:
        value: Value = EXPRESSIONS.get(type(node), Flow._any)(self, node, env)
        before = self.at.get(node)
        if before is None or before is EMPTY:
            self.at[node] = value
        elif before is not value and before != value:
            self.at[node] = join([before, value])
        return value

    def _any(self, node: Any, env: Env) -> Value:
        return join([self._eval(part, env) for part in ast.iter_child_nodes(node) if isinstance(part, ast.expr)])

    def _constant(self, node: Any, env: Env) -> Value:  # noqa: ARG002  as all handlers
        return EMPTY

    def _name(self, node: Any, env: Env) -> Value:
        value = self._lookup(node.id, env)
        if node.id in P_NAMES and value.labels & (EVIDENCE | MEASURED) and not value.callees:
            return value._replace(shape=value.shape | PROBABILITY | NUMBER)
        return value

    def _attribute(self, node: Any, env: Env) -> Value:
        return self._attribute_of(self._eval(node.value, env), node.attr)

    def _attribute_of(self, base: Value, name: str) -> Value:
        if base.held is not None:
            return self._member(base, base.held, name)
        if base.name and base.name in self.project.modules:
            return self._global(self.project.scopes[self.project.modules[base.name]], name)
        if base.name == "context" and name == "settings":
            return Value(SETTING)
        if base.name == "criterion()":
            return Value(SETTING) if name == "threshold" else Value(base.labels, name=f"criterion.{name}")
        shape = PROBABILITY | NUMBER if name in P_NAMES else NUMBER if name in NUMBER_NAMES else OUTCOMES if name in OUTCOME_NAMES else NONE
        return Value(base.labels, shape, base.callees, f"{base.name}.{name}" if base.name else "")

    def _member(self, base: Value, held: Instance, name: str) -> Value:
        if name in held.fields:
            return held.fields[name]
        method = self._method(held, name)
        if method is not None:
            assert isinstance(method.node, FunctionNode)
            is_property = any("property" in name_of(one) for one in method.node.decorator_list)
            return self._call(method, (), {}) if is_property else Value(callees=(method,))
        for owner in self._classes(held.owner, held.scope):
            for part in owner.body:
                names = part.targets if isinstance(part, ast.Assign) else [part.target] if isinstance(part, ast.AnnAssign) else []
                if part_value := next((part.value for one in names if isinstance(one, ast.Name) and one.id == name), None):  # type: ignore[attr-defined]
                    return self._eval(part_value, Env(held.scope))
        shape = OUTCOMES if name in OUTCOME_NAMES else NUMBER if name in NUMBER_NAMES else NONE
        return Value(base.labels | (UNKNOWN if not base.labels else NONE), shape)

    def _subscript(self, node: Any, env: Env) -> Value:
        base, index = self._eval(node.value, env), self._eval(node.slice, env)
        labels, key = base.labels | index.labels, node.slice.value if isinstance(node.slice, ast.Constant) else None
        if base.name and not base.labels and not base.name.startswith("measure"):
            labels |= UNKNOWN
        if base.shape >= ORDERED and number_in(node.slice) is not None:
            labels |= PICKED
        shape = PROBABILITY | NUMBER if isinstance(key, str) and key in P_NAMES else NONE
        if not isinstance(node.slice, ast.Slice):
            shape |= NUMBER if base.shape & (OUTCOMES | NUMBERS) else NONE
            shape |= base.shape & POSITIONAL
            parts = [index, *(self.value_at(part) for part in getattr(node.slice, "elts", ()))]
            whole = any(part.shape >= PERMUTED | POSITION for part in parts)
            columns = base.shape >= PERMUTED | {"axis 0"} and isinstance(parts_of(node)[0], ast.Slice) and ast.unparse(parts_of(node)[0]) == ":"
            shape |= PERMUTED if whole or columns or (base.shape >= PERMUTED and "triu" in ast.dump(node.slice)) else NONE
        return Value(labels, shape, base.callees, base.name if base.name.startswith("measure") else "", base.held)

    def _call_node(self, node: Any, env: Env) -> Value:
        function = self._eval(node.func, env)
        values = [self._eval(one.value if isinstance(one, ast.Starred) else one, env) for one in node.args]
        keywords = {part.arg or "": self._eval(part.value, env) for part in node.keywords}
        if function.callees:
            return join([self._call(callee, values, keywords) for callee in function.callees])
        every = [*values, *keywords.values()]
        if function.name.split(".")[0] in ("measure", "criterion") and function.name != "criterion()":
            return self._record(function, node, values, keywords, env)
        if function.name == "builtins.getattr" and len(node.args) > 1 and isinstance(node.args[1], ast.Constant):
            return self._attribute_of(values[0], str(node.args[1].value))
        by = self._call_back(function, every, values)
        self._note(function, node, every, env)
        return self._outside(function, node, values, keywords | ({"key": by} if "key" in keywords else {}), env)

    def _record(self, function: Value, node: Any, values: list[Value], keywords: dict[str, Value], env: Env) -> Value:
        """`measure(…)`, `measure.shift(…)`, `criterion(…)`, `criterion(…).holds(…)`."""
        labels = labels_of([*values, *keywords.values()])
        if function.name == "criterion":
            return Value(name="criterion()")
        self.events.append(Event(function.name, env.scope.path, node, tuple(values), keywords))
        return Value(labels | ANSWER) if function.name.startswith("criterion") else Value(labels | MEASURED, RECORD)

    def _call_back(self, function: Value, every: Sequence[Value], values: Sequence[Value]) -> Value:
        """What functions give that are handed to others' code: it calls them with what it has."""
        given = Value(function.labels | labels_of(values) | (NONE if is_pure(function.name) else UNKNOWN), shape_of_items(join(values)))
        called = [callee for value in every for callee in value.callees if not isinstance(callee.node, ast.ClassDef)]
        return join([self._call(callee, [given] * len(arguments_of(callee.node)), {}) for callee in called])  # type: ignore[arg-type]

    def _note(self, function: Value, node: Any, every: Sequence[Value], env: Env) -> None:
        """What others' code is called with: a `measure` may measure, evidence may be refused."""
        if any(value.name.startswith("measure") for value in every):
            self.events.append(Event("measure?", env.scope.path, node))
        elif any(value.name.startswith("criterion") for value in every):
            self.events.append(Event("criterion?", env.scope.path, node))
        elif name_of(node.func) in ("fail", "skip", "exit", "xfail"):
            self.events.append(Event(name_of(node.func), env.scope.path, node))
        elif node is self._bare and function.name and not is_pure(function.name) and labels_of(every) & EVIDENCE:
            self.events.append(Event("call", env.scope.path, node))

    def _outside(self, function: Value, node: Any, values: list[Value], keywords: dict[str, Value], env: Env) -> Value:
        """A call of what the project did not write."""
        labels, last = function.labels | labels_of([*values, *keywords.values()]), name_of(node.func)
        if function.name.startswith(CHANCE):
            labels |= RANDOM
        elif function.name and not function.name.startswith("told") and not is_pure(function.name):
            labels |= UNKNOWN
        if isinstance(node.func, ast.Attribute) and last in MUTATORS:
            self._add_to(node.func.value, join([*values, *keywords.values()]), env)
        if last == "shuffle" and node.args:
            self._add_to(node.args[0], EMPTY, env, PERMUTED)
        if last == "sort" and is_result(self.value_at(getattr(node.func, "value", None))):
            self._add_to(node.func.value, EMPTY, env, ORDERED)
        if is_pick(last, values, keywords):
            labels |= PICKED
        held = join(values).held if function.name.startswith("builtins.") else None
        return Value(labels, shape_of_call(node, self.value_at(getattr(node.func, "value", None)), [*values, *keywords.values()], last), (), "", held)

    def _binary(self, node: Any, env: Env) -> Value:
        left, right = self._eval(node.left, env), self._eval(node.right, env)
        shape = (NUMBER & (left.shape | right.shape)) | (POSITIONAL & (left.shape | right.shape)) | (POSITION & (left.shape | right.shape))
        if SET & (left.shape | right.shape) and isinstance(node.op, ast.BitOr | ast.BitAnd | ast.Sub | ast.BitXor):
            shape |= SET
        return Value(left.labels | right.labels, shape)

    def _compare(self, node: Any, env: Env) -> Value:
        sides = [self._eval(node.left, env), *(self._eval(one, env) for one in node.comparators)]
        below, above = isinstance(node.ops[0], ast.Lt | ast.LtE), isinstance(node.ops[0], ast.Gt | ast.GtE)
        significant = (below and sides[0].shape >= PROBABILITY) or (above and sides[1].shape >= PROBABILITY)
        return Value(labels_of(sides), SIGNIFICANT if significant else NONE)

    def _negation(self, node: Any, env: Env) -> Value:
        value = self._eval(node.operand, env)
        return Value(value.labels, value.shape & NUMBER if isinstance(node.op, ast.USub) else NONE)

    def _conditional(self, node: Any, env: Env) -> Value:
        self._eval(node.test, env)
        return join([self._eval(node.body, env), self._eval(node.orelse, env)])

    def _text(self, node: Any, env: Env) -> Value:
        parts = [self._eval(part.value, env) for part in node.values if isinstance(part, ast.FormattedValue)]
        return Value(labels_of(parts), POSITION & NONE.union(*(part.shape for part in parts)))

    def _display(self, node: Any, env: Env) -> Value:
        parts = [self._eval(part, env) for part in ast.iter_child_nodes(node) if isinstance(part, ast.expr)]
        found = join(parts)
        if isinstance(node, ast.Set):
            return found._replace(shape=SET)
        numbers = NUMBERS if parts and all(part.shape >= NUMBER for part in parts) else ANSWERS if found.labels >= ANSWER else NONE
        return found._replace(shape=numbers or (LOCAL if not parts else NONE), name=found.name if found.name.startswith(("measure", "criterion")) else "")

    def _comprehension(self, node: Any, env: Env) -> Value:
        inner, controls = Env(env.scope, env), []
        for generator in node.generators:
            controls.append(self._bind(generator.target, generator.iter, inner))
            controls += [self._eval(condition, inner) for condition in generator.ifs]
        labels = labels_of(controls)
        if isinstance(node, ast.DictComp):
            key, value = self._eval(node.key, inner), self._eval(node.value, inner)
            shape = OUTCOMES if value.shape >= NUMBER else NONE
            shape |= BY_POSITION if key.shape >= POSITION and value.labels & (EVIDENCE | MEASURED) else NONE
            shape |= TYPED if value.labels <= WRITTEN else NONE
            return Value(labels | key.labels | value.labels, shape, value.callees, "", value.held)
        element = self._eval(node.elt, inner)
        shape = SET if isinstance(node, ast.SetComp) else NUMBERS if element.shape >= NUMBER else ANSWERS if element.labels >= ANSWER else NONE
        return Value(labels | element.labels, shape | (element.shape & (SIGNIFICANT | BY_POSITION | TYPED)), element.callees, "", element.held)

    def _bind(self, target: ast.expr, source: ast.expr, env: Env) -> Value:
        """The names of a loop over something; what it loops over."""
        value = self._eval(source, env)
        parts = target.elts if isinstance(target, ast.Tuple) else []
        call, arguments = (name_of(source), source.args) if isinstance(source, ast.Call) else ("", [])
        if call == "enumerate" and len(parts) == 2 and arguments:
            self._assign(parts[0], Value(NONE, POSITION), env)
            self._bind(parts[1], arguments[0], env)
        elif call == "zip" and len(parts) == len(arguments):
            for part, argument in zip(parts, arguments, strict=True):
                self._bind(part, argument, env)
        elif call == "items" and len(parts) == 2:
            self._assign(parts[0], Value(value.labels, NONE, (), ""), env)
            self._assign(parts[1], Value(value.labels, NUMBER if value.shape >= OUTCOMES else NONE, value.callees, "", value.held), env)
        else:
            self._assign(target, Value(value.labels, shape_of_items(value), value.callees, value.name if value.name[:7] == "measure" else "", value.held), env)
        return Value(value.labels)

    def _lambda(self, node: Any, env: Env) -> Value:
        return Value(callees=(Callee(node, env.scope, env),))

    def _yield(self, node: Any, env: Env) -> Value:
        env.returned.append(self._eval(node.value, env) if node.value is not None else EMPTY)
        return EMPTY

    def _walrus(self, node: Any, env: Env) -> Value:
        value = self._eval(node.value, env)
        self._assign(node.target, value, env)
        return value


STATEMENTS: dict[type[ast.AST], Any] = {
    ast.Expr: Flow._expression,
    ast.Assign: Flow._assignment,
    ast.AnnAssign: Flow._assignment,
    ast.AugAssign: Flow._increment,
    ast.For: Flow._loop,
    ast.AsyncFor: Flow._loop,
    ast.While: Flow._while,
    ast.If: Flow._if,
    ast.With: Flow._with,
    ast.AsyncWith: Flow._with,
    ast.Try: Flow._try,
    ast.TryStar: Flow._try,
    ast.Return: Flow._return,
    ast.Assert: Flow._assert,
    ast.Raise: Flow._raise,
    ast.FunctionDef: Flow._define,
    ast.AsyncFunctionDef: Flow._define,
    ast.ClassDef: Flow._define,
    ast.Import: Flow._import,
    ast.ImportFrom: Flow._import,
    ast.Match: Flow._match,
}
EXPRESSIONS: dict[type[ast.AST], Any] = {
    ast.Constant: Flow._constant,
    ast.Name: Flow._name,
    ast.Attribute: Flow._attribute,
    ast.Subscript: Flow._subscript,
    ast.Call: Flow._call_node,
    ast.BinOp: Flow._binary,
    ast.Compare: Flow._compare,
    ast.UnaryOp: Flow._negation,
    ast.IfExp: Flow._conditional,
    ast.JoinedStr: Flow._text,
    ast.List: Flow._display,
    ast.Tuple: Flow._display,
    ast.Set: Flow._display,
    ast.Dict: Flow._display,
    ast.ListComp: Flow._comprehension,
    ast.SetComp: Flow._comprehension,
    ast.GeneratorExp: Flow._comprehension,
    ast.DictComp: Flow._comprehension,
    ast.Lambda: Flow._lambda,
    ast.Yield: Flow._yield,
    ast.YieldFrom: Flow._yield,
    ast.NamedExpr: Flow._walrus,
}


def external_fixture(name: str) -> Value:
    """A fixture that the project did not write."""
    if name in ("measure", "criterion"):
        return Value(name=name)
    if name in ("facts", "report"):
        return Value(name=f"told.{name}")
    if name == "settings":
        return Value(SETTING)
    return Value(DESIGN, name="context" if name == "context" else "") if name in DESIGNED else Value(DATA)


def arguments_of(node: FunctionNode | ast.Lambda) -> list[ast.arg]:
    return [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]


def is_static(node: FunctionNode | ast.Lambda) -> bool:
    return isinstance(node, ast.Lambda) or any(name_of(one) == "staticmethod" for one in node.decorator_list)


def is_pure(name: str) -> bool:
    """Whether a function's value rests on its arguments alone."""
    return name.startswith(PURE) and name.rpartition(".")[2] not in IMPURE


def is_result(value: Value) -> bool:
    """A measurement, or an outcome or statistic of data."""
    return bool(value.labels & MEASURED) or bool(value.labels & EVIDENCE and value.shape & (NUMBER | NUMBERS | OUTCOMES))


def is_pick(last: str, values: Sequence[Value], keywords: dict[str, Value]) -> bool:
    """Whether a call takes the best of several results: `max` over them, or by a key that looks at them; `argmax`."""
    if last in ("argmax", "argmin", "nanargmax", "nanargmin"):
        return bool(labels_of(values) & (EVIDENCE | MEASURED))
    if last not in ("max", "min", "nlargest", "nsmallest"):
        return False
    if len(values) > 1 and last in ("max", "min"):
        return all(is_result(value) for value in values)
    return any(is_result(value) for value in (*values, keywords.get("key", EMPTY)))


def shape_of_items(value: Value) -> frozenset[str]:
    """The shape of what a loop over a value gives."""
    return (NUMBER if value.shape >= NUMBERS else NONE) | (POSITION & value.shape) | (SIGNIFICANT & value.shape)


def shape_of_call(node: ast.Call, base: Value, values: Sequence[Value], last: str) -> frozenset[str]:
    """The shape of what a function of others gives."""
    first = values[0].shape if values else NONE
    if last in ("values", "tolist", "copy", "to_numpy") and not values:
        numbers = NUMBERS if base.shape & (OUTCOMES | NUMBERS) else NONE
        return (numbers | (POSITIONAL if base.labels & EVIDENCE else NONE)) if last == "values" else base.shape
    if last == "items":
        return base.shape & OUTCOMES
    if last == "outcomes":
        return OUTCOMES
    if last in ("get", "pop") and base.shape >= OUTCOMES:
        return NUMBER
    if last in ("list", "tuple", "sorted", "array", "asarray", "fromiter"):
        ordered = ORDERED if last == "sorted" and any(is_result(value) for value in values) else NONE
        return (first & (NUMBERS | POSITIONAL | PERMUTED | POSITION)) | ordered
    if last in IDENTITIES:
        return NUMBER | (first & PROBABILITY)
    if last in ("sum", "std", "var", "item", "nanmean"):
        return NUMBER
    if last in ("set", "frozenset", "union", "intersection", "difference", "symmetric_difference"):
        return SET
    if last in ("range", "count", "arange"):
        return POSITION
    if last == "str":
        return first & POSITION
    if last in ("permutation", "randperm", "permuted") or (last == "sample" and len(node.args) == 2 and name_of(node.args[1]) == "len"):
        counted = bool(first & (COUNT | POSITION)) or bool(node.args and (number_in(node.args[0]) or name_of(node.args[0]) in ("size", "n")))
        return PERMUTED | POSITION if counted else PERMUTED | permuted_axis(node, last)
    if last == "len":
        return COUNT
    if last == "fromkeys":
        return TYPED if len(values) > 1 and values[1].labels <= WRITTEN else NONE
    if last == "ix_":
        return PERMUTED | POSITION if values and all(value.shape >= PERMUTED | POSITION for value in values) else NONE
    if last in ("Counter", "dict", "defaultdict", "OrderedDict"):
        return shape_of_dict(node, values, first)
    return SIGNIFICANT & first if last in ("bool", "all", "any") else NONE


def parts_of(node: ast.Subscript) -> list[ast.expr]:
    """The indices of a subscript, axis by axis."""
    return node.slice.elts if isinstance(node.slice, ast.Tuple) and node.slice.elts else [node.slice]


def permuted_axis(node: ast.Call, last: str) -> frozenset[str]:
    """Along which axis an array was permuted, where that is written or the default."""
    given = next((word.value for word in node.keywords if word.arg == "axis"), None)
    number = number_in(given) if given is not None else 0 if last == "permutation" else None
    return NONE if number is None else frozenset({f"axis {number:g}"})


def shape_of_dict(node: ast.Call, values: Sequence[Value], first: frozenset[str]) -> frozenset[str]:
    if node.args and isinstance(node.args[0], ast.Call):
        inner = node.args[0]
        by_range = name_of(inner) == "zip" and inner.args and isinstance(inner.args[0], ast.Call) and name_of(inner.args[0]) in ("range", "count")
        if (name_of(inner) == "enumerate" or by_range) and values[0].labels & (EVIDENCE | MEASURED):
            return BY_POSITION | OUTCOMES
    return LOCAL if not values or name_of(node) in ("Counter", "defaultdict") else first & OUTCOMES


def is_typed(value: Value) -> bool:
    """Whether a value, or every value of a mapping, is written in the code."""
    return value.labels <= WRITTEN or value.shape >= TYPED


def flow_of(facts: Facts) -> Flow:
    return Flow(facts.code, {name for cell in facts.catalogue.cells.values() for name in cell.params})


FACTS = {"code": Fact("declare", project_of), "flow": Fact("declare", flow_of)}
