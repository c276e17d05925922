"""What the plan's simulated decisions say of a design. The plan is simulated once and kept; these rules read it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from harness.check.rules.thresholds import criteria_in_use
from harness.findings import Facts, found, rule
from harness.plaintext import format_number
from harness.records import Finding, Severity

POWER = 0.8
SHORTEST_REASON = 20  # characters, as of a suppression
SCENARIOS = (("false_pass", "when nothing is there"), ("false_pass_nearly", "when it is nearly true"))


def simulated(facts: Facts) -> Iterator[tuple[str, dict[str, Any]]]:
    """The hypotheses that the plan could simulate, with their rates."""
    yield from ((name, rates) for name, rates in facts.plan["hypotheses"].items() if "not_simulated" not in rates)


@rule(
    "S403",
    "smallest p above alpha",
    needs=("spec", "scale", "yaml", "plan"),
    source="M10: five items were tested, with which no answer whatever could have reached alpha",
)
def find_unreachable_alpha(facts: Facts) -> Iterable[Finding]:
    """A test over few units has a smallest p: that of the most extreme data. Where the smallest p of a rule lies above alpha, the hypothesis cannot be
    supported by any data, and the run is spent for nothing. The rule takes McNemar's test, sign flips or all orders over the declared `n`; a unit that a
    domain simulates has its own.

    Bad: `n: 5` for a difference in pp: the smallest p is .06.

    Good: `n: 60`, or a rule that needs fewer of its cells.
    """
    from harness.design.decision_simulation import p_floor

    alpha = facts.spec.alpha
    for name in facts.plan["hypotheses"]:
        smallest = p_floor(facts.spec, name, facts.scale)
        if smallest > alpha:
            message = f"{name} cannot reach alpha {alpha:g}: its smallest p is {format_number(smallest, '.2g')}"
            yield found(message, where=facts.place("hypotheses", name), fix="Take more units in a cell, or a rule over more cells", subject=name)


@rule(
    "S404",
    "false passes above alpha",
    needs=("spec", "yaml", "plan"),
    source="R11: the decision that was run was not the one whose errors were computed; with a large SD between seeds nothing passes for something",
)
def find_false_passes(facts: Facts) -> Iterable[Finding]:
    """The plan simulates the whole decision: criteria, judge, rule, Holm. Where a confirmatory hypothesis is supported more often than alpha although
    nothing is there, or although it is just not true, its support is no evidence. The Monte Carlo error is allowed for. An exploratory hypothesis is tested
    at no alpha, so its false passes are a warning.

    Bad: a threshold of 5 pp with `seed_sd: 15` and one seed: noise between seeds passes in a quarter of all runs.

    Good: the same with nine seeds, or a threshold well above the noise.
    """
    alpha = facts.spec.alpha
    for name, rates in simulated(facts):
        for key, when in SCENARIOS:
            if rates[key] > alpha + 2 * rates["standard_error"]:
                message = f"{name} passes {rates[key]:.3f} of the time {when}, more often than alpha {alpha:g}"
                severity: Severity = "error" if facts.spec.hypotheses[name].family == "confirmatory" else "warning"
                fix = "Raise its threshold above the noise, take more seeds, or a stricter rule"
                yield found(message, where=facts.place("hypotheses", name), fix=fix, subject=name, severity=severity)


@rule(
    "S405",
    "power too low",
    severity="warning",
    needs=("spec", "yaml", "plan"),
    source="M10, C8, R11: ten items were read as an effect; a power of .95 was typed in; the power that was printed was that of another test",
)
def find_low_power(facts: Facts) -> Iterable[Finding]:
    """A run whose decision passes in fewer than .8 of the cases in which the expected effect is there will more likely than not be read as no effect. The power
    is that of the whole decision, with all criteria of a cell, the judge's errors, the rule and Holm. `power:` in the declaration sets another bound.

    Bad: 12 items for an effect of 20 pp: the plan passes .3 of the time.

    Good: as many items as the plan needs for .8, or `power: 0.6` where the design says that this is enough.
    """
    bound = facts.spec.power or POWER
    for name, rates in simulated(facts):
        if rates["power"] < bound:
            message = f"{name} passes only {rates['power']:.3f} of the time when the expected effect is there, less often than {bound:g}"
            fix = "Take more units or seeds, fewer criteria or a lower threshold"
            yield found(message, where=facts.place("hypotheses", name), fix=fix, subject=name)


@rule(
    "S406",
    "decision not simulated",
    needs=("spec", "scale", "yaml", "plan"),
    source="R11: 20 of 27 hypotheses had neither a power nor a false-pass rate, and nothing said so",
)
def find_unsimulated(facts: Facts) -> Iterable[Finding]:
    """A hypothesis without a simulated decision has no false-pass rate and no power: nobody knows what its support or its falsification would mean. It is an
    error for the primary one from the pilot scale on, and a warning elsewhere. Where the numbers cannot be known, `not_simulated:` of its threshold gives
    the reason, in 20 characters or more; the rule cannot judge the reason.

    Bad: `{value: 10, unit: pp, direction: decrease}` and nothing else.

    Good: the same with `n`, `expected_baseline` and `expected_effect`, or with `not_simulated: how far it moves is not known before the first run`.
    """
    for name, rates in facts.plan["hypotheses"].items():
        reason = rates.get("not_simulated")
        if reason is None or (rates["argued"] and len(reason) >= SHORTEST_REASON):
            continue
        told = f"its reason is shorter than {SHORTEST_REASON} characters: {reason}" if rates["argued"] else reason
        severity: Severity = "error" if name == facts.spec.primary and facts.scale != "smoke" else "warning"
        fix = "Declare what is lacking, or not_simulated: the reason, for its threshold"
        yield found(
            f"{name} has neither a power nor a reason why it has none: {told}", where=facts.place("hypotheses", name), fix=fix, subject=name, severity=severity
        )


@rule(
    "S407",
    "threshold within seed noise",
    severity="warning",
    needs=("spec", "scale", "yaml", "plan"),
    source="R5: every cell had one seed, and effects were as large as what two seeds differ by",
)
def find_seed_noise(facts: Facts) -> Iterable[Finding]:
    """Trainings from two seeds differ. A threshold smaller than that SD can be crossed by the choice of a seed, and one seed cannot be told from its noise at
    all. The rule reads `seed_sd` of the thresholds that hypotheses use at this scale; where none is declared it knows nothing.

    Bad: `{value: 5, unit: pp, seed_sd: 7}`, or a declared `seed_sd` and `seeds: [1]`.

    Good: a threshold above the SD between seeds, and three seeds.
    """
    used = criteria_in_use(facts)
    for name, noise in facts.plan["seed_noise"].items():
        if name not in used or facts.spec.thresholds[name].not_simulated:
            continue
        bar = f"the threshold {name} ({noise['value']:g} {noise['unit']})"
        if noise["ratio"] < 1:
            message = f"{bar} is smaller than the SD between seeds ({noise['seed_sd']:g}): a single seed can cross it by chance"
            yield found(message, where=facts.place("thresholds", name), fix="Raise it above the noise", subject=name)
        elif noise["seeds"] == 1:
            message = f"{bar} is decided on one seed, while seeds differ by an SD of {noise['seed_sd']:g}"
            yield found(message, where=facts.place("thresholds", name), fix="Run at least three seeds", subject=name)
