"""What thresholds declare: bounds between which they can see, effects that can reach them, as many units as there are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set
from typing import TYPE_CHECKING

from harness.check.verdict_calls import verdict_calls
from harness.findings import Facts, found, rule
from harness.records import Finding, Place
from harness.units import LEVELS

if TYPE_CHECKING:
    from harness.design.spec import CriterionSpec, ThresholdSpec


LEVEL_WORDS = (b"baseline=", b"treated=")


def criteria_in_use(facts: Facts) -> dict[str, list[CriterionSpec]]:
    """The thresholds by which hypotheses judge at this scale, each with the criteria that it is asked."""
    from harness.design.criterion_draws import CannotSimulate, criteria_of
    from harness.design.decision_simulation import cells_of

    used: dict[str, list[CriterionSpec]] = {}
    for hypothesis in facts.spec.hypotheses.values():
        for params in cells_of(facts.spec, hypothesis, facts.scale):
            try:
                criteria = criteria_of(hypothesis, params)
            except CannotSimulate:  # it names none
                continue
            for criterion in criteria:
                if criterion.threshold in facts.spec.thresholds and criterion not in used.setdefault(criterion.threshold, []):
                    used[criterion.threshold].append(criterion)
    return used


def place_of(facts: Facts, name: str) -> Place:
    """Where a threshold is declared, or what the scale puts in its place."""
    own = facts.experiment.plain["scales"][facts.scale]["thresholds"]
    return facts.place("scales", facts.scale, "thresholds", name) if name in own else facts.place("thresholds", name)


@rule(
    "M304",
    "bounds not declared",
    needs=("spec", "scale", "yaml", "sources", "experiment"),
    source="M1, M2: both arms lay on the floor of a blind measure, and their equality was read as a falsification",
)
def find_missing_bounds(facts: Facts) -> Iterable[Finding]:
    """Where both arms lie at the end of what a measure can see, their difference says nothing. `floor` and `ceiling` of a threshold tell where that is, and a
    cell whose baseline leaves no room is inconclusive. Both are declared, or argued away with `floor: none, because …`: where an expected baseline stands
    (a declaration without is refused), where one of the two stands, and where a test passes `baseline=` or `treated=`. A threshold of which no level is
    named anywhere has the natural bounds of its unit, 0 and 1 for pp.

    Bad: `{value: 10, unit: pp, direction: decrease, floor: 0.27}`.

    Good: `{value: 10, unit: pp, direction: decrease, floor: 0.27, ceiling: 0.97}`.
    """
    levels = thresholds_with_levels(facts)
    for name, bar in facts.spec.thresholds.items():
        lacking = [side for side in ("floor", "ceiling") if getattr(bar, side) is None]
        half = len(lacking) == 1 and bar.unit in LEVELS
        if bar.unbounded or not lacking or not (half or name in levels):
            continue
        why = f"is used with a baseline in {levels[name]}" if name in levels else f"has a {({'floor', 'ceiling'} - set(lacking)).pop()}"
        fix = f"Declare {' and '.join(lacking)}, or argue: {lacking[0]}: none, because …"
        yield found(f"the threshold {name} {why} and has no {' and no '.join(lacking)}", where=place_of(facts, name), fix=fix, subject=name)


def thresholds_with_levels(facts: Facts) -> Mapping[str, Place]:
    """The thresholds that code asks with a baseline or a treated level, and where it does."""
    named: dict[str, Place] = {}
    for path, tree in facts.sources.items():
        for call in verdict_calls(tree) if any(word in path.read_bytes() for word in LEVEL_WORDS) else ():
            if call.levels:
                for name in call.thresholds(facts.spec, facts.scale):
                    named.setdefault(name, facts.code_place(path, call.node.lineno))
    return named


@rule(
    "S411",
    "more units than there are",
    needs=("spec", "scale", "settings", "yaml", "experiment", "universe"),
    source="M10, C16: each item was counted a hundred times, and an interval stood over 156,000 pairs that were not independent",
)
def find_impossible_sizes(facts: Facts) -> Iterable[Finding]:
    """The units of a test are distinct items, runs or models. Answers to one item, tokens and pairs are not units: to count them makes every interval too
    narrow. An `n` that is written as a number is compared with the largest whole number among the settings, the largest bank and the longest axis, times
    the number of seeds; one that is a setting (`n: requests`) is what the tests ask by construction.

    Bad: `n: 20000` where 200 items are asked a hundred times each.

    Good: `n: items`.
    """
    sizes = largest_sizes(facts)
    for name in criteria_in_use(facts):
        n = facts.spec.thresholds[name].n
        if sizes and isinstance(n, int) and not facts.spec.thresholds[name].not_simulated and n > sizes[0][0]:
            message = f"the threshold {name} counts on {n} units, and the largest number there is is {sizes[0][1]}"
            yield found(message, where=place_of(facts, name), fix="Name the setting that holds the number of distinct items", subject=name)


def largest_sizes(facts: Facts) -> list[tuple[int, str]]:
    """(number of units, what they are), the largest first."""
    seeds = len(facts.universe.seeds)
    sizes = {f"the setting {name}": value for name, value in facts.settings.items() if isinstance(value, int) and not isinstance(value, bool)}
    sizes |= {bank.path: bank.lines for bank in facts.universe.inputs}
    sizes |= {f"the axis {name}": len(facts.spec.axis(name, facts.scale)) for name in facts.spec.axes}
    times = f" x {seeds} seeds" if seeds > 1 else ""
    return sorted(((size * seeds, f"{size}{times} ({name})") for name, size in sizes.items()), reverse=True)


@rule(
    "S413",
    "effect that cannot reach its threshold",
    needs=("spec", "scale", "yaml", "experiment"),
    source="a threshold of 20 pp stood over an expected effect of 8: whatever was found, the hypothesis could not be supported",
)
def find_unreachable_thresholds(facts: Facts) -> Iterable[Finding]:
    """A threshold above the effect that is expected is reached by luck alone; a baseline without room for it makes every cell inconclusive; a baseline and an
    effect that together leave 0 to 1 cannot be. All three are contradictions within the declaration.

    Bad: `{value: 20, expected_baseline: 0.9, expected_effect: 8, direction: increase}`.

    Good: `{value: 5, expected_baseline: 0.5, expected_effect: 8, direction: increase}`.
    """
    used = criteria_in_use(facts)
    for name, bar in facts.spec.thresholds.items():
        asked = {str(criterion.asks) for criterion in used.get(name, ())} or {"holds"}
        for message in contradictions(name, bar, asked):
            yield found(message, where=place_of(facts, name), fix="Correct the threshold or what is expected", subject=name)
        largest = max((reach(criterion) for criterion in used.get(name, ())), default=0.0)
        if bar.unit in LEVELS and largest and bar.value > largest:
            message = f"the threshold {name} is {bar.value:g} {bar.unit}, and no difference of its arms is larger than {largest:g}"
            yield found(message, where=place_of(facts, name), fix="Lower it", subject=name)


def contradictions(name: str, bar: ThresholdSpec, asked: Set[str]) -> Iterator[str]:
    effect, size = bar.expected_effect, f"{bar.value:g} {bar.unit}"
    short = effect is not None and (effect > bar.value if "exceeds" in asked and bar.direction == "decrease" else effect < bar.value)
    if short and asked != {"within"}:
        yield f"the threshold {name} of {size} cannot be reached: the expected effect is {effect:g}"
    if bar.unit != "pp" or bar.expected_baseline is None or "holds" not in asked:
        return
    rooms = {"increase": 1 - bar.expected_baseline, "decrease": bar.expected_baseline}
    seen = {"increase": (1.0 if bar.ceiling is None else bar.ceiling) - bar.expected_baseline, "decrease": bar.expected_baseline - (bar.floor or 0.0)}
    directions = list(rooms) if bar.direction == "either" else [bar.direction]
    if effect is not None and effect / 100 > max(rooms[one] for one in directions) + 1e-9:
        yield f"the threshold {name} expects {effect:g} pp from a baseline of {bar.expected_baseline:g}, which leaves 0 to 1"
    elif bar.value / 100 > max(seen[one] for one in directions) + 1e-9:
        bound = "bounds" if bar.direction == "either" else "ceiling" if bar.direction == "increase" else "floor"
        yield f"the threshold {name} of {size} has no room between the expected baseline of {bar.expected_baseline:g} and its {bound}"


def reach(criterion: CriterionSpec) -> float:
    """The largest contrast of arms that each lie between 0 and 100."""
    weights = criterion.arms.values()
    return 100.0 * max(sum(weight for weight in weights if weight > 0), -sum(weight for weight in weights if weight < 0))
