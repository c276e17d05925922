"""The rule about chance: what is drawn, and in which order, must be the same in every run."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path

from harness.check.code import Project, Scope, name_of, nodes_of, words
from harness.check.flow import SET, Flow
from harness.findings import Facts, found, rule
from harness.records import Finding

GLOBAL = words(
    "random randint randrange choice choices shuffle sample uniform gauss normalvariate betavariate expovariate triangular getrandbits randbytes "
    "rand randn random_sample ranf normal permutation binomial poisson standard_normal beta gamma exponential multinomial"
)
TORCH = words("rand randn randint randperm normal bernoulli multinomial")
SEEDING = words("seed manual_seed default_rng Random RandomState Generator")
SECRET = frozenset({"os.urandom", "uuid.uuid4", "uuid.uuid1"})
DRAWING = GLOBAL | TORCH | SEEDING | {"hash", "urandom", "uuid1", "uuid4", "SystemRandom"}
ORDERING = words("list tuple enumerate zip iter join array map")


@rule(
    "D116",
    "rows change with the process",
    needs=("code", "flow"),
    source="B1: samples were drawn with hash() as the seed: every process drew others, and no run could be repeated",
)
def find_unseeded_chance(facts: Facts) -> Iterable[Finding]:
    """Two runs of one design must draw the same items and rows. `hash()` of a text differs between processes, and so does the order of a set; the global
    generators of `random` and numpy go on from wherever somebody left them, and a clock seeds nothing. The rule reads the functions that the tests can reach
    and the statements of their files; a generator with a seed of its own is fine.

    Bad: `random.Random(hash(name))`, `np.random.shuffle(rows)`, `[row for name in set(names)]`, `default_rng(int(time.time()))`.

    Good: `random.Random(f"{name} {seed}")`, `np.random.default_rng(seed)`, `sorted(set(names))`.
    """
    seen: set[tuple[Path, int]] = set()
    fix = "Draw from a generator with a seed of the design, in a sorted order"
    for path, node, told in (*calls(facts.code), *orders(facts.code, facts.flow)):
        if (path, node.lineno) not in seen:
            seen.add((path, node.lineno))
            yield found(told, where=facts.code_place(path, node.lineno), fix=fix)


def calls(code: Project) -> Iterator[tuple[Path, ast.Call, str]]:
    """Calls that give something else in every process."""
    blocks = [*((path, node) for node, path in code.reached.items()), *code.top_level()]
    for path, block in blocks:
        inside = isinstance(block, ast.FunctionDef) and block.name in ("__hash__", "__eq__")
        for call in nodes_of(block, ast.Call):
            told = fault_of(call, code.scopes[path], code.sources[path])
            if told and not (inside and told.startswith("hash")):
                yield path, call, told


def dotted(node: ast.expr, scope: Scope) -> str:
    """`np.random.rand` as `numpy.random.rand`; "" where it begins with no import."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.insert(0, node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return ""
    module, inner = scope.imports.get(node.id, ("", ""))
    return ".".join([part for part in (module, inner) if part] + parts) if module else node.id if not parts else ""


def fault_of(call: ast.Call, scope: Scope, tree: ast.Module) -> str:
    """Why a call gives something else in every process; "" where it does not."""
    name = dotted(call.func, scope)
    module, _, last = name.rpartition(".")
    if last not in DRAWING and module != "secrets":
        return ""
    given, shown = [*call.args, *(word.value for word in call.keywords)], ast.unparse(call)[:60]
    if name == "hash" and "hash" not in scope.functions:
        return f"{shown!r} differs between processes"
    if name in SECRET or module == "secrets" or name == "random.SystemRandom":
        return f"{shown!r} can never be drawn again"
    if (module in ("random", "numpy.random") and last in GLOBAL) or (
        module == "torch" and last in TORCH and not any(word.arg == "generator" for word in call.keywords)
    ):
        return "" if is_seeded(tree, module) else f"{shown!r} draws from the global generator, which nobody seeds"
    if last in SEEDING and any(is_clock(part) for part in given):
        return f"{shown!r} is seeded by something else in every process"
    if name in ("random.Random", "numpy.random.default_rng", "numpy.random.RandomState") and (not given or all(is_none(part) for part in given)):
        return f"{shown!r} has no seed"
    return ""


def is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def is_clock(node: ast.expr) -> bool:
    """A clock, a process id or an address."""
    words = {name_of(part.func) for part in ast.walk(node) if isinstance(part, ast.Call)}
    return bool(words & {"time", "time_ns", "now", "utcnow", "today", "perf_counter", "monotonic", "getpid", "id", "urandom", "uuid4", "hash"})


def is_seeded(tree: ast.Module, module: str) -> bool:
    """Whether a file seeds a module's global generator by something other than a clock."""
    wanted = {"random": ("seed",), "numpy.random": ("seed",), "torch": ("manual_seed",)}[module]
    return any(name_of(call.func) in wanted and call.args and not is_clock(call.args[0]) for call in nodes_of(tree, ast.Call))


def orders(code: Project, flow: Flow) -> Iterator[tuple[Path, ast.expr, str]]:
    """Where the order of a set becomes the order of something."""
    for path, call in code.nodes(ast.Call):
        if name_of(call.func) in ORDERING:
            for part in (part for part in call.args if is_set(part, flow)):
                yield path, part, f"{ast.unparse(call)[:60]!r} takes the order of a set, which differs between processes"
    comprehensions: list[tuple[Path, ast.ListComp | ast.DictComp]] = [*code.nodes(ast.ListComp), *code.nodes(ast.DictComp)]
    for path, made in comprehensions:
        for generator in (generator for generator in made.generators if is_set(generator.iter, flow)):
            yield path, generator.iter, f"a list is made in the order of the set {ast.unparse(generator.iter)[:40]!r}, which differs between processes"
    for path, loop in code.nodes(ast.For):
        if is_set(loop.iter, flow) and any(collects(node) for part in loop.body for node in ast.walk(part)):
            yield path, loop.iter, f"rows are made in the order of the set {ast.unparse(loop.iter)[:40]!r}, which differs between processes"


def is_set(node: ast.expr, flow: Flow) -> bool:
    return isinstance(node, ast.Set | ast.SetComp) or flow.value_at(node).shape == SET


def collects(node: ast.AST) -> bool:
    """Whether something is added to what has an order."""
    if isinstance(node, ast.Call):
        return name_of(node.func) in ("append", "extend", "insert", "write", "gather", "shuffle", "choice")
    return isinstance(node, ast.Yield | ast.AugAssign)
