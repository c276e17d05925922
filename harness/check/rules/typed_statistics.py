"""Rules about statistics that an author wrote: nulls that cannot move, p values that are none, baselines that were never measured, arms paired by place."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator, Mapping

from harness.check.code import keyword, name_of, nodes_of, number_in, words
from harness.check.flow import (
    ANSWER,
    BY_POSITION,
    EVIDENCE,
    MEASURED,
    PERMUTED,
    PICKED,
    POSITIONAL,
    PROBABILITY,
    RANDOM,
    SIGNIFICANT,
    WRITTEN,
    Event,
    Flow,
    is_typed,
    labels_of,
)
from harness.findings import Facts, found, rule
from harness.records import Finding

SIMILARITIES = ("sim", "agree", "cos", "overlap", "kappa", "alpha_", "alike", "accuracy", "share", "correlation", "rho", "score")
CHANCE = frozenset({0.5, 50.0, 0.25, 25.0, 0.2, 20.0, 1 / 3, 100 / 3, 0.1, 0.333, 0.33})
CHANCE_NAMES = ("chance", "baseline", "guess", "random_level", "at_random")
# Statistics that do not change with the order of what they are taken over.
UNORDERED = words("mean sum median std var fmean nanmean nanstd nanmedian max min average pstdev stdev amax amin Counter quantile percentile")
PAIRED = words("spearmanr pearsonr kendalltau corrcoef cosine dot ttest_rel wilcoxon cohen_kappa_score kappa mean_squared_error")
COMPARING = ("measure.shift", "measure.contrast", "measure.correlation")
# What gives a similarity and no p.
LIKENESS = words("corrcoef cosine_similarity similarity cosine jaccard jaccard_score cohen_kappa_score accuracy_score overlap agreement")
# What lists all arrangements, the data among them.
LISTING = words("product permutations combinations")
TESTS = words("ttest_1samp binomtest binom_test wilcoxon")


@rule(
    "S408",
    "p > alpha as a null",
    needs=("flow", "code"),
    source="C18: p = .6 was read as no effect; `assert shift.p > 0.05` passed a control with a shift of -37.5 pp",
)
def find_accepted_nulls(facts: Facts) -> Iterable[Finding]:
    """A large p says that an effect was not seen, not that there is none: with eight items hardly anything is significant. That two things do not differ is
    shown by equivalence: the whole interval lies within the bar. The rule reports comparisons by which something holds because a p is large, or because it is
    not significant, or because an interval covers 0; one that only leads to `raise Inconclusive` is none.

    Bad: `assert shift.p > 0.05`, `assert not shift.p < alpha`, `return not significant`, `assert low <= 0 <= high`.

    Good: `assert criterion("still").within(shift)`.
    """
    fix = "Ask for equivalence: criterion(...).within(...)"
    harmless = {id(node) for statement in harmless_tests(facts) for node in ast.walk(statement)}
    for path, node in facts.code.nodes(ast.Compare):
        if id(node) not in harmless and accepts(node, facts.flow):
            yield found(f"{ast.unparse(node)[:60]!r} takes a large p for no effect", where=facts.code_place(path, node.lineno), fix=fix)
        elif id(node) not in harmless and covers_zero(node):
            told = f"{ast.unparse(node)[:60]!r} takes an interval that covers 0 for no effect"
            yield found(told, where=facts.code_place(path, node.lineno), fix=fix)
    for path, negated in facts.code.nodes(ast.UnaryOp):
        if isinstance(negated.op, ast.Not) and id(negated) not in harmless and is_significance(negated.operand, facts.flow):
            yield found(f"{ast.unparse(negated)[:60]!r} takes no significance for no effect", where=facts.code_place(path, negated.lineno), fix=fix)


def harmless_tests(facts: Facts) -> Iterator[ast.expr]:
    """Conditions under which nothing is concluded."""
    for _, node in facts.code.nodes(ast.If):
        if not node.orelse and all(isinstance(part, ast.Raise) for part in node.body) and "AssertionError" not in ast.dump(node):
            yield node.test


def is_p(node: ast.expr, flow: Flow) -> bool:
    """A p value by its name, or by where it comes from; the smallest of several is one, too."""
    if isinstance(node, ast.Call) and name_of(node.func) in ("min", "max") and node.args:
        return any(is_p(part, flow) or name_of(part) == "ps" for part in node.args)
    return flow.value_at(node).shape >= PROBABILITY


def accepts(node: ast.Compare, flow: Flow) -> bool:
    """`p > alpha`, `alpha < p`, in a chain as well. Bounds that every p keeps are no claim, nor is a comparison with another p."""
    sides = [node.left, *node.comparators]
    for left, operator, right in zip(sides, node.ops, sides[1:], strict=False):
        larger, smaller = (left, right) if isinstance(operator, ast.Gt | ast.GtE) else (right, left)
        if (
            isinstance(operator, ast.Gt | ast.GtE | ast.Lt | ast.LtE)
            and is_p(larger, flow)
            and not is_p(smaller, flow)
            and not flow.value_at(smaller).labels & RANDOM
        ):
            bound = number_in(smaller)
            if bound is None or 0 < bound < 1:
                return True
    return False


def covers_zero(node: ast.Compare) -> bool:
    """`low <= 0 <= high`: true of every interval that is wide enough."""
    less = all(isinstance(operator, ast.Lt | ast.LtE) for operator in node.ops)
    ends = [name_of(side).lower() for side in (node.left, node.comparators[-1])]
    named = ends[0].startswith(("lo", "lower")) and ends[1].startswith(("hi", "up"))
    return less and len(node.ops) == 2 and number_in(node.comparators[0]) == 0 and named


def is_significance(node: ast.expr, flow: Flow) -> bool:
    """What says that something is significant, by its name or by its making."""
    name = name_of(node).lower()
    return flow.value_at(node).shape >= SIGNIFICANT or (name.startswith(("significant", "is_significant", "sig_")) or name.endswith("significant"))


@rule(
    "S412",
    "literal baseline",
    needs=("flow", "code", "tests"),
    source="C17: .5 stood for chance, where guessing by the commonest label gives .71; M11: the baseline was never measured",
)
def find_literal_baselines(facts: Facts) -> Iterable[Finding]:
    """What a model would do by chance is measured, not written down: with unequal labels, preferred options or refusals it is no 1/k. The rule reports a
    baseline that no data stands behind in `measure.shift`, `measure.contrast` and `criterion.holds(baseline=...)`, a number such as .5 or .25 that is
    subtracted from what was measured, and a test against it.

    Bad: `measure.shift("gain", outcomes, {item: 0.5 for item in outcomes})`, `measure("gain", accuracy - 0.25, ...)`.

    Good: an arm of its own, such as the same items with shuffled options or an untrained model: `measure.shift("gain", trained, untrained)`.
    """
    fix = "Measure the baseline as an arm of its own"
    seen: set[ast.AST] = set()
    for test in facts.tests:
        for event in facts.flow.done_by(test):
            if event.node not in seen and (told := typed_baseline(event, facts.flow)):
                seen.add(event.node)
                yield found(told, where=facts.code_place(event.path, event.node.lineno), fix=fix, subject=test.id)
    for path, node in facts.code.nodes(ast.BinOp):
        if isinstance(node.op, ast.Sub) and is_chance(node.right, facts.flow) and is_level(node.left, facts.flow):
            yield found(f"{ast.unparse(node)[:60]!r} subtracts a baseline that was never measured", where=facts.code_place(path, node.lineno), fix=fix)
    for path, call in facts.code.nodes(ast.Call):
        if name_of(call.func) in TESTS and any(number_in(part) in CHANCE for part in (*call.args[1:], *(word.value for word in call.keywords))):
            yield found(f"{ast.unparse(call)[:60]!r} tests against a baseline that was never measured", where=facts.code_place(path, call.lineno), fix=fix)


def typed_baseline(event: Event, flow: Flow) -> str:
    """What an arm without data is; "" where all arms have some."""
    if event.kind == "measure.shift":
        arms = [*event.values[1:3], *(event.keywords[name] for name in ("treated", "baseline") if name in event.keywords)]
        if "" not in event.keywords and len(arms) == 2 and labels_of(arms) & EVIDENCE and any(is_typed(arm) for arm in arms):
            return "the baseline of a shift is written in the code: it was never measured"
    if event.kind == "measure.contrast" and len(event.node.args) > 1 and isinstance(event.node.args[1], ast.List | ast.Tuple):
        arms = [flow.value_at(term.elts[1]) for term in event.node.args[1].elts if isinstance(term, ast.Tuple) and len(term.elts) == 2]
        if labels_of(arms) & EVIDENCE and any(is_typed(arm) for arm in arms):
            return "an arm of a contrast is written in the code: it was never measured"
    if event.kind == "criterion.holds":
        given = keyword(event.node, "baseline")
        if given is not None and not (isinstance(given, ast.Constant) and given.value is None) and flow.value_at(given).labels <= WRITTEN:
            return "the baseline that a criterion is given is written in the code: it was never measured"
    return ""


def is_chance(node: ast.expr, flow: Flow) -> bool:
    """A number that stands for guessing, or a constant that is named so."""
    if number_in(node) is not None:
        return number_in(node) in CHANCE
    return isinstance(node, ast.Name) and any(part in node.id.lower() for part in CHANCE_NAMES) and flow.value_at(node).labels <= WRITTEN and node in flow.at


def is_level(node: ast.expr, flow: Flow) -> bool:
    """Something measured, or an outcome or statistic of data."""
    value = flow.value_at(node)
    named = name_of(node).lower()
    return bool(value.labels & MEASURED) or bool(
        value.labels & EVIDENCE and ("number" in value.shape or "numbers" in value.shape or named in ("rate", "accuracy"))
    )


@rule(
    "S414",
    "arms paired by position",
    needs=("flow", "code", "tests"),
    source="C14: two lists of answers were paired by their place, and held other questions there",
)
def find_paired_by_position(facts: Facts) -> Iterable[Finding]:
    """Two arms are compared item by item only where the same item stands behind both. A place in a list says nothing of that: one lost answer, another order,
    and every pair is wrong. The rule reports outcomes that are zipped or subtracted as lists, and compared mappings from an item's place to its outcome.

    Bad: `zip(before.values(), after.values())`, `{str(i): value for i, value in enumerate(scores)}`.

    Good: outcomes by the item's own id, as `gather` gives them; `measure.shift` pairs them by it.
    """
    fix = "Pair by the id of the item"
    for path, call in facts.code.nodes(ast.Call):
        if name_of(call.func) == "zip" and sum(facts.flow.value_at(part).shape >= POSITIONAL for part in call.args) > 1:
            yield found(f"{ast.unparse(call)[:60]!r} pairs arms by their place in a list", where=facts.code_place(path, call.lineno), fix=fix)
    for path, node in facts.code.nodes(ast.BinOp):
        if isinstance(node.op, ast.Sub) and all(facts.flow.value_at(side).shape >= POSITIONAL for side in (node.left, node.right)):
            yield found(f"{ast.unparse(node)[:60]!r} pairs arms by their place in a list", where=facts.code_place(path, node.lineno), fix=fix)
    seen: set[ast.AST] = set()
    for test in facts.tests:
        for event in facts.flow.done_by(test):
            terms = (
                event.node.args[1].elts if event.kind == "measure.contrast" and len(event.node.args) > 1 and isinstance(event.node.args[1], ast.List) else ()
            )
            shapes = [
                value.shape
                for value in (*event.values, *event.keywords.values(), *(facts.flow.value_at(part) for term in terms for part in getattr(term, "elts", ())))
            ]
            if event.kind in COMPARING and event.node not in seen and any(shape >= BY_POSITION for shape in shapes):
                seen.add(event.node)
                told = f"arms of {test.id} are mappings from an item's place: equal places are no equal items"
                yield found(told, where=facts.code_place(event.path, event.node.lineno), fix=fix, subject=test.id)


@rule(
    "S402",
    "p that is none",
    needs=("flow", "tests"),
    source="C13: a similarity was reported as a p; C12: p = 0.0, and the smallest of several p values, decided",
)
def find_typed_p(facts: Facts) -> Iterable[Finding]:
    """A p comes from a test of the data. The rule reports a p handed to `measure` that is written in the code, is a similarity or what it lacks to 1, is what
    another p lacks to 1, is the smallest of several, or is a bare share of draws, which can be 0: the data itself is one of them, (b + 1) / (B + 1), unless
    all arrangements are listed. That a p lies above its floor and agrees with its interval is asked when it is measured.

    Bad: `measure("agreement", value, "similarity", n=40, p=1 - similarity)`, `p=0.0`, `p=min(ps)`, `p=np.mean(null >= seen)`, `p=1 - tested.pvalue`.

    Good: `measure.correlation(...)`, or the p of a permutation test with `p_floor=1 / (draws + 1)` and `p_method`.
    """
    seen: set[ast.AST] = set()
    for test in facts.tests:
        for event in facts.flow.done_by(test):
            node = event.node
            named = names_in(test.function.node)
            given = p_given(event, named) if event.kind == "measure" and node not in seen else None
            if given is not None and (fault := fault_of(given, facts.flow) or computed_fault(given, named)):
                seen.add(node)
                fix = "Give the p of a test of the data, with p_floor and p_method"
                yield found(f"p={ast.unparse(given)[:50]} {fault}", where=facts.code_place(event.path, node.lineno), fix=fix, subject=test.id)


def names_in(function: ast.AST | None) -> dict[str, ast.expr]:
    """What each name of a function was last set to."""
    return {target.id: part.value for part in nodes_of(function, ast.Assign) for target in part.targets if isinstance(target, ast.Name)} if function else {}


def p_given(event: Event, names: Mapping[str, ast.expr]) -> ast.expr | None:
    """The expression of a p, looked up where it was named; also from a `dict` that is handed over by `**`."""
    given, named = keyword(event.node, "p"), dict(names)
    for part in (word.value for word in event.node.keywords if word.arg is None):
        table = named.get(part.id) if isinstance(part, ast.Name) else part
        for key, value in zip(table.keys, table.values, strict=True) if isinstance(table, ast.Dict) else ():
            given = value if isinstance(key, ast.Constant) and key.value == "p" else given
    while isinstance(given, ast.Name) and given.id in named and not is_similarity(given):
        given = named.pop(given.id)
    return given


def fault_of(node: ast.expr, flow: Flow) -> str:
    """Why an expression is no p; "" where it may be one."""
    if isinstance(node, ast.Call) and name_of(node.func) in ("float", "round", "abs") and node.args:
        return fault_of(node.args[0], flow)
    if isinstance(node, ast.Constant) and (node.value is None or node.value == 1):
        return ""
    if number_in(node) is not None or (node in flow.at and flow.value_at(node).labels <= WRITTEN and not flow.value_at(node).callees):
        return "is written in the code: no data could change it"
    if isinstance(node, ast.Call) and name_of(node.func) in ("min", "nanmin", "amin") and not any(number_in(part) is not None for part in node.args):
        return "is the smallest of several: among twenty one is below .05 by chance"
    inner = lacking(node)
    if is_similarity(inner or node):
        return "is a similarity, or what it lacks to 1, and no p"
    if inner is not None and is_p(inner, flow):
        return "is what a p lacks to 1: large where the data speak against the null"
    return "is what a measured value lacks to 1, and no p" if inner is not None and name_of(inner) == "value" else ""


def lacking(node: ast.expr) -> ast.expr | None:
    """x of `1 - x`."""
    return node.right if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Sub) and number_in(node.left) == 1 else None


def computed_fault(node: ast.expr, named: Mapping[str, ast.expr]) -> str:
    """The same by what the names in an expression were set to."""

    def plain(part: ast.expr) -> ast.expr:
        seen: set[str] = set()
        while True:
            if isinstance(part, ast.Name) and part.id in named and part.id not in seen:
                seen.add(part.id)
                part = named[part.id]
            elif isinstance(part, ast.Call) and name_of(part.func) in ("float", "abs") and len(part.args) == 1:
                part = part.args[0]
            else:
                return part

    node = plain(node)
    if isinstance(node, ast.Subscript) and number_in(node.slice) == 0 and name_of(getattr(plain(node.value), "func", node)) == "sorted":
        return "is the smallest of several: among twenty one is below .05 by chance"
    inner = plain(lacking(node) or node)
    if (
        isinstance(inner, ast.Subscript | ast.Call)
        and name_of(getattr(inner if isinstance(inner, ast.Call) else plain(inner.value), "func", inner)) in LIKENESS
    ):
        return "is a similarity, or what it lacks to 1, and no p"
    shares = isinstance(node, ast.Call) and name_of(node.func) in ("mean", "fmean", "nanmean")
    counted = plain(node.left) if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div) else node if shares else None
    listed = {name_of(part.func) for value in named.values() for part in ast.walk(value) if isinstance(part, ast.Call)} & LISTING
    if isinstance(counted, ast.Call) and not listed and is_count(counted, plain):
        return "can be 0, which no test of drawn data gives: count the data among the draws, (b + 1) / (B + 1)"
    return ""


def is_count(call: ast.Call, plain: Callable[[ast.expr], ast.expr]) -> bool:
    """Whether a sum or mean is of comparisons alone: how many draws lie beyond the data."""
    name = name_of(call.func)
    over = call.func.value if isinstance(call.func, ast.Attribute) and not call.args else call.args[0] if call.args else call
    over = plain(over)
    over = over.elt if isinstance(over, ast.GeneratorExp | ast.ListComp) else over
    return name in ("sum", "mean", "fmean", "count_nonzero") and isinstance(over, ast.Compare)


def is_similarity(node: ast.expr) -> bool:
    return isinstance(node, ast.Name | ast.Attribute) and any(part in name_of(node).lower() for part in SIMILARITIES)


@rule(
    "S410",
    "more effects than verdicts in a cell",
    needs=("flow", "tests"),
    source="R7: the epoch with the largest leak was chosen after all had been measured, and judged alone",
)
def find_chosen_effects(facts: Facts) -> Iterable[Finding]:
    """The best of several effects is large by chance alone. What is judged is named before the data; all others are reported beside it. The rule reports a
    hypothesis whose criterion is asked about the largest, smallest or best of several results, one that holds where any of several answers does, and a loop
    that ends at the first success.

    Bad: `best = max(shifts, key=lambda shift: shift.value)`, then `assert criterion("refusal").holds(best)`.

    Good: judge the last epoch, as declared; or let each epoch be a cell of its own and the rule count them.
    """
    seen: set[ast.AST] = set()
    fix = "Judge the effect that was declared, or make each of them a cell"
    for test in facts.tests:
        for event in facts.flow.done_by(test) if test.kind == "hypothesis" else ():
            if event.node not in seen and (told := chosen(event, facts.flow)):
                seen.add(event.node)
                yield found(f"{test.id} {told}", where=facts.code_place(event.path, event.node.lineno), fix=fix, subject=test.id)
        for loop in nodes_of(test.function.node, ast.For) if test.kind == "hypothesis" and test.function.node else ():
            if tries(loop, facts.flow):
                told = f"{test.id} tries one effect after the other until one holds"
                yield found(told, where=facts.code_place(test.function.path, loop.lineno), fix=fix, subject=test.id)


COUNTS = ("any", "sum", "count_nonzero")


def chosen(event: Event, flow: Flow) -> str:
    """How an event picks among results; "" where it does not."""
    if event.kind.startswith("criterion.") and event.values and event.values[0].labels & PICKED:
        return "judges the best of several results, chosen after they were seen"
    if event.kind == "assert" and event.values[0].labels & ANSWER:
        for node in ast.walk(event.node.test):
            if isinstance(node, ast.Call) and name_of(node.func) in COUNTS and any(flow.value_at(part).labels & ANSWER for part in node.args):
                return "holds where any of several answers does"
            if isinstance(node, ast.comprehension) and any(flow.value_at(part).labels & ANSWER for part in node.ifs):
                return "holds where any of several answers does"
            if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.Or) and sum(bool(flow.value_at(part).labels & ANSWER) for part in node.values) > 1:
                return "holds where any of several answers does"
    return ""


def tries(loop: ast.For, flow: Flow) -> bool:
    """Whether a loop ends at the first answer that holds, or goes on to the next where one does not."""
    for node in ast.walk(loop):
        if isinstance(node, ast.If) and flow.value_at(node.test).labels & ANSWER:
            negated = isinstance(node.test, ast.UnaryOp) and isinstance(node.test.op, ast.Not)
            if any(isinstance(part, ast.Continue if negated else ast.Break | ast.Return) for part in node.body):
                return True
    return False


@rule(
    "S401",
    "null that cannot move",
    needs=("flow", "code"),
    source="C1: the labels of a matrix were permuted and the mean of all of it taken, the same each time; C11: both halves of a pair were permuted together",
)
def find_still_nulls(facts: Facts) -> Iterable[Finding]:
    """A permutation that leaves the statistic as it is gives a null of one value, and a p that says nothing. The rule reports a mean, sum or other statistic
    that does not depend on order, taken over all that was permuted, and a statistic of pairs both of whose sides were permuted alike. The tests of harness
    itself refuse a null that does not move; others are judged by what is written.

    Bad: `rng.shuffle(values); null.append(np.mean(values))`.

    Good: permute which arm an item belongs to: `np.mean(pooled[order[:n]]) - np.mean(pooled[order[n:]])`.
    """
    for path, call in facts.code.nodes(ast.Call):
        if told := still(call, facts.flow):
            fix = "Permute what the statistic depends on: which arm, label or prompt an item has"
            yield found(told, where=facts.code_place(path, call.lineno), fix=fix)


def moves(call: ast.Call, shape: frozenset[str]) -> bool:
    """Whether a statistic is taken along another axis than the one that was permuted."""
    along = number_in(keyword(call, "axis"))
    permuted = {kind for kind in shape if kind.startswith("axis ")}
    return along is not None and bool(permuted) and permuted != {f"axis {along:g}"}


def still(call: ast.Call, flow: Flow) -> str:
    """Why a statistic is the same for every permutation; "" where it is not."""
    name = name_of(call.func)
    over = [call.func.value] if isinstance(call.func, ast.Attribute) and not call.args else call.args[:1]
    if name in UNORDERED and over and flow.value_at(over[0]).shape >= PERMUTED and not moves(call, flow.value_at(over[0]).shape):
        return f"{ast.unparse(call)[:60]!r} is the same for every permutation"
    sides = [part.slice for part in call.args[:2] if isinstance(part, ast.Subscript) and flow.value_at(part.slice).shape >= PERMUTED]
    if name in PAIRED and len(sides) == 2 and ast.dump(sides[0]) == ast.dump(sides[1]):
        return f"{ast.unparse(call)[:60]!r} is the same for every permutation, since both sides are permuted alike"
    return ""
