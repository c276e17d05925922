"""What ends the experiment, what must show, and what must not."""

from __future__ import annotations

from harness import control, kill

NEEDS = ["G1", "G2", "G3", "G4", "G5"]


@kill("K1", needs=["G1", "G3"])
def test_selection_selects_nothing(evolved, over_runs):
    """Under selection fitness does not rise: whatever is asked of value then has no answer."""
    arm = evolved("rho 0.4, beta 5")
    risen = over_runs("fitness gained", arm.gain("fitness"), "value", arm)
    assert risen.interval.low > 0


@kill("K2", needs=["G1", "G3"])
def test_populations_die_out(levels, evolved, measure):
    """A population of an arm without catastrophes is extinct: its means would be of those that are left."""
    arms = [evolved(name) for level in levels.values() for name in level]
    extinct = [arm.name for arm in arms for row in arm.gathered.rows if row["extinct"] is not None]
    measure("extinct runs", len(extinct), "count", n=sum(len(arm.seeds) for arm in arms), sampling_unit="run")
    assert not extinct, f"a population of {extinct[0]} is extinct"


@control("P1", "positive", needs=[*NEEDS, "K1", "K2"])
def test_value_follows_a_perfect_signal(evolved, over_runs, criterion):
    """Where the signal is the value (rho 1), value rises with fitness: if it did not show here, it could nowhere."""
    arm = evolved("rho 1, beta 5")
    assert criterion("worth_more").holds(over_runs("value gained", arm.gain("value_each"), "value", arm))


@control("N1", "negative", needs=[*NEEDS, "K1", "K2"])
def test_without_selection_nothing_rises(evolved, over_runs, criterion):
    """Without selection (beta 0) neither fitness nor value rises: what moves then is drift."""
    arm = evolved("normal, neutral")
    risen = [over_runs(f"{name} gained", arm.gain(name), "value", arm) for name in ("fitness", "value_each")]
    held = [criterion("still").within(one) for one in risen]
    assert all(held)
