"""A decision rule over three-valued cells: True, False, or None where a cell is missing, inconclusive, blocked or broken."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from harness.verdict.family import partial_conjunction
from harness.verdict.rule import Rule

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Answers: TypeAlias = NDArray[np.bool_]

Answer = bool | None
Leaf = tuple[dict[str, Any], Answer]


def required_count(rule: Rule, size: int) -> int:
    return size if rule.at_least == "all" else rule.at_least


def group_cells(cells: Sequence[tuple[dict[str, Any], Any]], axis: str) -> list[list[tuple[dict[str, Any], Any]]]:
    """The cells by their value on an axis, in order of first appearance."""
    groups: dict[Any, list[tuple[dict[str, Any], Any]]] = {}
    for params, answer in cells:
        groups.setdefault(params[axis], []).append((params, answer))
    return list(groups.values())


def evaluate(rule: Rule | None, cells: Sequence[Leaf]) -> Answer:
    """Kleene logic: an unknown cell leaves the rule undecided only where it could turn it."""
    import numpy as np

    yes, no = (np.array([[answer is word] for _, answer in cells], dtype=bool).reshape(-1, 1) for word in (True, False))
    holds, falsified = evaluate_many(rule, [(params, place) for place, (params, _) in enumerate(cells)], yes, no)
    return True if holds[0] else False if falsified[0] else None


def evaluate_many(rule: Rule | None, cells: Sequence[tuple[dict[str, Any], int]], yes: Answers, no: Answers) -> tuple[Answers, Answers]:
    """(holds, does not hold) of a rule in many runs at once; neither is undecided.

    `cells` are parameters with their row in `yes` and `no`, whose columns are runs. One code decides the real run and the thousand simulated ones.
    """
    import numpy as np

    if rule is None:
        rows = np.array([place for _, place in cells], dtype=int)
        return np.asarray(yes[rows].all(0)), np.asarray(no[rows].any(0))
    groups = [evaluate_many(rule.each, group, yes, no) for group in group_cells(cells, rule.of)]
    need = required_count(rule, len(groups))
    none = np.zeros(yes.shape[1], dtype=int)
    holds = sum((held for held, _ in groups), none) >= need
    could = len(groups) - sum((lost for _, lost in groups), none)
    return holds, ~holds & (could < (rule.falsified_below or need))


def conjunction_p(rule: Rule | None, cells: Sequence[tuple[dict[str, Any], float]]) -> float:
    """The rule's p from the cells' p values: partial conjunction at every level, the largest p where all must hold."""
    if rule is None:
        return max(p for _, p in cells)
    ps = [conjunction_p(rule.each, group) for group in group_cells(cells, rule.of)]
    return partial_conjunction(ps, required_count(rule, len(ps)))


def conjunction_many(rule: Rule | None, cells: Sequence[tuple[dict[str, Any], int]], p: NDArray[np.float64]) -> NDArray[np.float64]:
    """`conjunction_p` in many runs at once: `cells` are parameters with their row in `p`, whose columns are runs."""
    import numpy as np

    if rule is None:
        rows = np.array([place for _, place in cells], dtype=int)
        return np.asarray(p[rows].max(0))
    ps = np.sort([conjunction_many(rule.each, group, p) for group in group_cells(cells, rule.of)], axis=0)
    need = required_count(rule, len(ps))
    return np.minimum(1.0, (len(ps) - need + 1) * ps[need - 1]) if need <= len(ps) else np.ones(p.shape[1])
