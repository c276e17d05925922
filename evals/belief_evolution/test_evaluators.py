"""Who tests: evaluators that are noisy, that drift, that each select for themselves, and which questions they take away."""

from __future__ import annotations

from harness import hypothesis

NEEDS = ["G1", "G2", "G3", "G4", "G5", "K1", "K2"]


@hypothesis("H20", needs=NEEDS)
def test_noise_does_not_change_what_fitness_is_worth(blurred, evolved, differ, slope, criterion):
    """An evaluator that does not say the same twice selects more slowly; a unit of fitness is worth as much value."""
    differ("fitness", "fitness", evolved(blurred), evolved("plain"), "value")
    assert criterion("same_rate").within(slope("value for fitness, against no noise", evolved(blurred), evolved("plain")))


@hypothesis("H21", needs=NEEDS)
def test_drifting_evaluators_lose_value(drift, evolved, differ, criterion):
    """An evaluator whose signal drifts from a correlation with value of .8 to none leaves less value than one that stays."""
    differ("deceptive share by the first labels", "deceptive_first", evolved(drift), evolved("steady"), "pp")
    assert criterion("drifted").holds(differ("true value of a belief", "value_each", evolved(drift), evolved("steady"), "value"))


@hypothesis("H22", needs=NEEDS)
def test_laboratories_apart_raise_less_value_than_a_panel(apart, evolved, over_runs, criterion):
    """Three evaluators whose signals are averaged raise more value than three laboratories that each select their own models by one of them."""
    panel, alone = evolved("evaluators 3"), [evolved("evaluators 1"), *(evolved(f"{apart} {number}") for number in (2, 3))]
    ends = [one.end("value_each") for one in alone]
    values = {seed: value - sum(end[seed] for end in ends) / len(ends) for seed, value in panel.end("value_each").items()}
    assert criterion("worth_more").holds(over_runs("value of a belief, panel less laboratories", values, "value", panel, *alone))


@hypothesis("H24", needs=NEEDS)
def test_which_question_goes_hardly_matters(dropped, evolved, differ, criterion):
    """Replacing the most redundant, or the least informative, question in place of the oldest leaves the deceptive share where it is."""
    oldest, other = evolved("corrected, common"), evolved(f"corrected, {dropped}")
    differ("fitness", "fitness", other, oldest, "value")
    for name, unit in (("coverage", "pp"), ("entropy", "nats"), ("correlation", "correlation")):
        differ(f"{name} of the test", name, other, oldest, unit)
    assert criterion("unchanged").within(differ("deceptive share", "deceptive", other, oldest, "pp"))
