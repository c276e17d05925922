"""How beliefs are inherited, added up, called on and lost: what the formalism says beside what a simple simulation does."""

from __future__ import annotations

from harness import hypothesis

NEEDS = ["G1", "G2", "G3", "G4", "G5", "K1", "K2"]


@hypothesis("H13", needs=NEEDS)
def test_recombining_goes_further_at_the_same_rate(recombined, evolved, differ, slope, criterion):
    """Children that take each belief from the whole population (sum of w_i [b in m_i]) go further than copies, in value too, and a unit of fitness is worth
    as much value: recombination is not stopped by the best founder."""
    arm, copied = evolved(f"recombining, rho {recombined:g}"), evolved("plain" if recombined == 0.4 else f"copied, rho {recombined:g}")
    differ("fitness", "fitness", arm, copied, "value")
    differ("deceptive share", "deceptive", arm, copied, "pp")
    assert criterion("same_rate").within(slope("value for fitness, less rho", arm, recombined))
    assert criterion("further").holds(differ("true value of a belief", "value_each", arm, copied, "value"))


@hypothesis("H14", needs=NEEDS)
def test_sums_select_as_means_do(summed, evolved, differ, criterion):
    """Additive fitness, with a beta smaller by as much as sums are larger than means, raises value as the mean over questions does."""
    differ("deceptive share", "deceptive", evolved(summed), evolved("plain"), "pp")
    assert criterion("equal").within(differ("true value of a belief", "value_each", evolved(summed), evolved("plain"), "value"))


@hypothesis("H15", needs=NEEDS)
def test_what_is_called_on_does_not_change_what_fitness_is_worth(activation, evolved, slope, criterion):
    """Activations with a heavy tail, and personalities in which a question calls on other beliefs, change how far fitness rises, not its worth in value."""
    slope("value for fitness, less rho", evolved(activation), 0.4)
    assert criterion("same_rate").within(slope("value for fitness, against the plain test", evolved(activation), evolved("plain")))


@hypothesis("H17", needs=NEEDS)
def test_gained_and_lost_beliefs_raise_fitness(beliefs, evolved, differ, criterion):
    """Beliefs that come and go carry fitness beyond the best founder, as replaced ones do."""
    differ("true value of a belief", "value_each", evolved(beliefs), evolved("plain"), "value")
    assert criterion("fitter").holds(differ("fitness", "fitness", evolved(beliefs), evolved("plain"), "value"))


@hypothesis("H26", needs=NEEDS)
def test_beliefs_that_are_misjudged_are_lost(lost, evolved, over_runs, criterion):
    """Of the four quadrants, selection empties both with a negative signal: what is good and taken for bad goes with what is bad and seen to be."""
    arm = evolved("plain")
    changes = {name: {seed: 100 * value for seed, value in arm.gain(name).items()} for name in ("beneficial", "deceptive", "harmful", lost)}
    found = {name: over_runs(f"share that is {name}, change", values, "pp", arm) for name, values in changes.items()}
    assert criterion("lost").holds(found[lost])
