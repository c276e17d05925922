"""A decision rule over three-valued cells: True, False, or None where a cell is missing, inconclusive, blocked or broken."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from harness.design.rule import Rule
from harness.verdict.family import partial_conjunction

Answer = bool | None
Leaf = tuple[dict[str, Any], Answer]


def required(rule: Rule, size: int) -> int:
    return size if rule.at_least == "all" else rule.at_least


def grouped(cells: Sequence[tuple[dict[str, Any], Any]], axis: str) -> list[list[tuple[dict[str, Any], Any]]]:
    """The cells by their value on an axis, in order of first appearance."""
    groups: dict[Any, list[tuple[dict[str, Any], Any]]] = {}
    for params, answer in cells:
        groups.setdefault(params[axis], []).append((params, answer))
    return list(groups.values())


def evaluate(rule: Rule | None, cells: Sequence[Leaf]) -> Answer:
    """Kleene logic: an unknown cell leaves the rule undecided only where it could turn it."""
    if rule is None:
        answers: list[Answer] = [answer for _, answer in cells]
        return False if False in answers else None if None in answers else True
    answers = [evaluate(rule.each, group) for group in grouped(cells, rule.of)]
    need = required(rule, len(answers))
    yes, unknown = answers.count(True), answers.count(None)
    if yes >= need:
        return True
    return False if yes + unknown < (rule.falsified_below or need) else None


def conjunction_p(rule: Rule | None, cells: Sequence[tuple[dict[str, Any], float]]) -> float:
    """The rule's p from the cells' p values: partial conjunction at every level, the largest p where all must hold."""
    if rule is None:
        return max(p for _, p in cells)
    ps = [conjunction_p(rule.each, group) for group in grouped(cells, rule.of)]
    return partial_conjunction(ps, required(rule, len(ps)))
