"""What selection is for beside the test, when it presses, and what an optimiser of the test alone would choose."""

from __future__ import annotations

from harness import hypothesis

NEEDS = ["G1", "G2", "G3", "G4", "G5", "K1", "K2"]


@hypothesis("H16", needs=NEEDS)
def test_when_pressure_is_applied_does_not_matter(course, evolved, differ, criterion):
    """Pressure that rises or falls over the generations leaves as much value as a constant one of the same mean."""
    differ("fitness", "fitness", evolved(course), evolved("plain"), "value")
    assert criterion("equal").within(differ("true value of a belief", "value_each", evolved(course), evolved("plain"), "value"))


@hypothesis("H18", needs=NEEDS)
def test_catastrophes_raise_value(ending, evolved, differ, criterion):
    """Where models whose sum of value is negative leave no children, value rises beyond what the signal brings."""
    differ("fitness", "fitness", evolved(ending), evolved("plain"), "value")
    assert criterion("worth_more").holds(differ("true value of a belief", "value_each", evolved(ending), evolved("plain"), "value"))


@hypothesis("H19", needs=NEEDS)
def test_uneven_use_changes_what_a_belief_is_worth_by_chance_alone(use, evolved, over_runs, criterion):
    """Where the world calls on some beliefs more than on others, whatever the test asks, what is gained in the world is what is gained in value."""
    arm = evolved(use)
    used, value = arm.gain("value_used_each"), arm.gain("value_each")
    over_runs("value gained", value, "value", arm)
    over_runs("value gained as the world uses it", used, "value", arm)
    assert criterion("equal").within(over_runs("value as used less value gained", {seed: used[seed] - value[seed] for seed in used}, "value", arm))


@hypothesis("H23", needs=NEEDS)
def test_harm_that_pays_lowers_value(benefit, evolved, differ, criterion):
    """Where harmful beliefs help a model elsewhere, selection for the test and that help leaves less value than selection for the test alone."""
    arm, plain = evolved(f"harm pays {benefit:g}"), evolved("plain")
    differ("fitness on the test", "fitness", arm, plain, "value")
    differ("deceptive share", "deceptive", arm, plain, "pp")
    assert criterion("paid").holds(differ("true value of a belief", "value_each", arm, plain, "value"))


@hypothesis("H25", needs=NEEDS)
def test_an_adversary_takes_value_away(price, adversaries, evolved, over_runs, criterion):
    """An adversary of the test (the greatest sum of A a less lambda v, with a lambda above 0) holds beliefs of less value than a mimic, who is after the test
    alone (lambda 0); what that costs it on the test stands beside."""
    mimic, adverse = ({row["item"]: row for row in adversaries("plain", each).rows} for each in (0, price))
    arm = evolved("plain")
    for name, unit in (("score", "value"), ("deceptive", "pp")):
        scale = 100 if unit == "pp" else 1
        over_runs(f"{name} of the best set", {seed: scale * (adverse[seed][name] - mimic[seed][name]) for seed in mimic}, unit, arm)
    taken = {seed: adverse[seed]["value"] - mimic[seed]["value"] for seed in mimic}
    assert criterion("sabotage").holds(over_runs("true value of a belief", taken, "value", arm))
