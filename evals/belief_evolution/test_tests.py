"""How a test is made and remade: coverage, redundancy, questions that are added, panels of evaluators, networks."""

from __future__ import annotations

from harness import hypothesis

NEEDS = ["G1", "G2", "G3", "G4", "G5", "K1", "K2"]


@hypothesis("H5", needs=NEEDS)
def test_adding_questions_does_not_reduce_deception(policy, evolved, differ, criterion):
    """Questions added to the test but scored by the same deceptive signal leave the deceptive share where it is, whatever they aim at."""
    fixed, growing = evolved("mutation 0.005"), evolved(f"adding, {policy}")
    differ("fitness", "fitness", growing, fixed, "value")
    assert criterion("unchanged").within(differ("deceptive share", "deceptive", growing, fixed, "pp"))


@hypothesis("H8", needs=NEEDS)
def test_what_is_not_covered_is_not_improved(covered, evolved, differing_gains, criterion):
    """A test that covers part of the beliefs raises its own score further and true value less: what it does not see is carried along."""
    part, whole = evolved(f"coverage {covered:g}"), evolved("coverage 1")
    differing_gains("fitness gained", "fitness", part, whole)
    assert criterion("untested").holds(differing_gains("value of a belief gained", "value_each", part, whole))


@hypothesis("H9", needs=NEEDS)
def test_redundant_questions_raise_value_less(redundancy, evolved, differing_gains, criterion):
    """A test whose questions go together hangs on fewer beliefs: its score rises further, true value less."""
    alike, apart = evolved(f"correlation {redundancy:g}"), evolved("correlation 0")
    differing_gains("fitness gained", "fitness", alike, apart)
    assert criterion("untested").holds(differing_gains("value of a belief gained", "value_each", alike, apart))


@hypothesis("H10", needs=NEEDS)
def test_several_evaluators_see_more_value(panel, evolved, differ, criterion):
    """Evaluators whose errors are their own, averaged, raise more true value than one of them."""
    many, one = evolved(f"evaluators {panel}"), evolved("evaluators 1")
    differ("deceptive share by the labels of each", "deceptive", many, one, "pp")
    assert criterion("worth_more").holds(differ("value of a belief", "value_each", many, one, "value"))


@hypothesis("H11", needs=NEEDS)
def test_networks_do_not_change_what_fitness_is_worth(network, evolved, simulated, base, levels, slope, criterion):
    """Beliefs that excite and inhibit one another change what is selected together, not what a unit of fitness brings in value."""
    name = f"network, {network}"
    alone = simulated("no network", {key: value for key, value in levels["level 4"][name].items() if key != "network"}, base)
    slope("value for fitness, less rho", evolved(name), 0.4)
    assert criterion("same_rate").within(slope("value for fitness, against no network", evolved(name), alone))
