"""Each hypothesis decided by its registered rule, its controls and the family it is tested in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Literal, Protocol

from harness.plaintext import by_number, count_of, format_number
from harness.records import SAME_SAMPLES, Cell, Check, HypothesisResult, Verdict
from harness.verdict.family import holm
from harness.verdict.rule import Rule
from harness.verdict.rule_evaluation import conjunction_p, evaluate


class RegisteredHypothesis(Protocol):
    """The rule of a hypothesis, the family that it is tested in, the controls that guard it (None: all), and those whose violation falsifies it."""

    @property
    def rule(self) -> Rule: ...
    @property
    def family(self) -> Literal["confirmatory", "exploratory"]: ...
    @property
    def guarded_by(self) -> tuple[str, ...] | None: ...
    @property
    def falsified_by(self) -> tuple[str, ...] | None: ...


class RegisteredDesign(Protocol):
    """What a decision takes from the declaration of an experiment."""

    @property
    def title(self) -> str: ...
    @property
    def question(self) -> str: ...
    @property
    def hypotheses(self) -> Mapping[str, RegisteredHypothesis]: ...
    @property
    def primary(self) -> str: ...
    @property
    def alpha(self) -> float: ...


ANSWER: dict[str, bool | None] = {"supported": True, "falsified": False}


def decide_hypotheses(spec: RegisteredDesign, cells: Sequence[Cell], checks: Mapping[str, Check]) -> tuple[HypothesisResult, ...]:
    """All hypotheses in the order of their names, H2 before H10; Holm runs over the confirmatory ones that have a p."""
    own = {name: [cell for cell in cells if cell.owner == name] for name in spec.hypotheses}
    ps = {name: rule_p(spec.hypotheses[name], own[name]) for name in spec.hypotheses}
    family = {name: p for name, p in ps.items() if p is not None and spec.hypotheses[name].family == "confirmatory"}
    adjusted = holm(family)
    return tuple(decide_hypothesis(spec, name, own[name], checks, ps[name], adjusted.get(name), cells) for name in sorted(spec.hypotheses, key=by_number))


def decide_hypothesis(
    spec: RegisteredDesign, name: str, cells: Sequence[Cell], checks: Mapping[str, Check], p: float | None, p_holm: float | None, every: Sequence[Cell]
) -> HypothesisResult:
    hypothesis = spec.hypotheses[name]
    verdict, reason = by_controls(hypothesis, *by_rule(hypothesis, cells), checks, every)
    if verdict == "supported" and p_holm is not None and p_holm > spec.alpha:
        verdict, reason = "inconclusive", f"the rule holds, but p after Holm is {format_number(p_holm, '.2g')}, above alpha {spec.alpha:g}"
    statement = statements(cells, name)
    counts: dict[str, int] = dict(sorted(Counter(cell.verdict for cell in cells).items()))
    return HypothesisResult(
        id=name,
        statement=statement,
        rule=rule_text(hypothesis),
        family=hypothesis.family,
        verdict=verdict,
        reason=reason,
        counts=counts,
        p=p,
        p_holm=p_holm,
        primary=name == spec.primary,
    )


def by_controls(hypothesis: RegisteredHypothesis, verdict: Verdict, reason: str, checks: Mapping[str, Check], every: Sequence[Cell]) -> tuple[Verdict, str]:
    """The verdict of the rule after the controls: one that is registered to falsify does so where it is violated, and only there; any other that is not passed
    leaves undecided what the rule decides."""
    if verdict in ("blocked", "killed"):  # its cells were never run: there is nothing to falsify
        return verdict, reason
    falsifiers = [checks[name] for name in hypothesis.falsified_by or () if name in checks]
    if violated := [control.id for control in falsifiers if control.verdict == "failed"]:
        told = f"control {', control '.join(violated)} violated, which is registered to falsify it"
        return "falsified", f"{told}; by its rule alone it would be {verdict} ({reason})"
    guards = [checks[guard] for guard in hypothesis.guarded_by if guard in checks] if hypothesis.guarded_by is not None else controls(checks, every)
    guards += [control for control in falsifiers if control not in guards]
    bad = [f"{guard.id} {'violated' if guard.verdict == 'failed' else f'not verified ({guard.verdict})'}" for guard in guards if guard.verdict != "passed"]
    if bad and verdict in ("supported", "falsified"):
        return "inconclusive", f"control {', control '.join(bad)}; by its rule alone it would be {verdict}"
    return verdict, reason


def rule_text(hypothesis: RegisteredHypothesis) -> str:
    """The registered rule in words, with the controls that overrule it."""
    names = hypothesis.falsified_by
    return hypothesis.rule.text() + (f"; falsified where control {' or '.join(names)} is violated" if names else "")


def statements(cells: Sequence[Cell], name: str) -> str:
    return next((fact.value for cell in cells for fact in cell.facts if fact.group == "Statement"), name)


def controls(checks: Mapping[str, Check], cells: Sequence[Cell]) -> list[Check]:
    """The controls that compare something. One that holds samples against themselves is none: it guards nothing, lowers the confidence and is a caveat."""
    empty = {cell.id for cell in cells if any(measured.name == cell.effect and measured.doubt == SAME_SAMPLES for measured in cell.measurements)}
    return [check for check in checks.values() if check.kind == "control" and not (check.verdict == "inconclusive" and set(check.cells) <= empty)]


def by_rule(hypothesis: RegisteredHypothesis, cells: Sequence[Cell]) -> tuple[Verdict, str]:
    """The verdict of the rule alone, with its reason."""
    answer = evaluate(hypothesis.rule, [(cell.params, ANSWER.get(cell.verdict)) for cell in cells])
    yes = sum(cell.verdict == "supported" for cell in cells)
    tally = f"{yes} of {len(cells)} cells support it; registered: {hypothesis.rule.text()}"
    if answer is not None:
        return ("supported" if answer else "falsified"), tally
    open_cells = [cell for cell in cells if cell.verdict not in ANSWER]
    kinds = {cell.verdict for cell in open_cells}
    if kinds and kinds <= {"blocked", "killed"}:
        by = ", ".join(sorted({cell.stopped_by for cell in open_cells}))
        return ("killed" if "killed" in kinds else "blocked"), f"{count_of(len(open_cells), 'cell', 'cells')} stopped by {by}"
    if open_cells:
        listed = ", ".join(f"{cell.id} ({cell.verdict})" for cell in open_cells[:6]) + (f" and {len(open_cells) - 6} more" if len(open_cells) > 6 else "")
        return "inconclusive", f"{count_of(len(open_cells), 'undecided cell', 'undecided cells')} could turn the decision: {listed}"
    return "inconclusive", f"neither supported nor falsified by its rule: {tally}"


def rule_p(hypothesis: RegisteredHypothesis, cells: Sequence[Cell]) -> float | None:
    """Partial-conjunction p of the rule; None where no cell has a p.

    A cell that does not support counts as p = 1 (its two-sided p may be small in the wrong direction), and so does one without a p beside others.
    """
    if all(cell.p is None for cell in cells):
        return None
    return conjunction_p(hypothesis.rule, [(cell.params, cell.p if cell.verdict == "supported" and cell.p is not None else 1.0) for cell in cells])
