"""What selection on the signal alone does to true value, how hard it is driven, and where beliefs come in clusters."""

from __future__ import annotations

from harness import hypothesis

NEEDS = ["G1", "G2", "G3", "G4", "G5", "K1", "K2"]


@hypothesis("H1", needs=NEEDS)
def test_value_lags_behind_fitness(rho, evolved, over_runs, criterion):
    """Selected for the signal alone, value gained falls behind fitness gained, as far as the signal does not go with value."""
    arm = evolved(f"rho {rho:g}, beta 5")
    value, fitness = arm.gain("value_tested"), arm.gain("fitness")
    over_runs("fitness gained", fitness, "value", arm)
    over_runs("value gained", value, "value", arm)
    assert criterion("lag").holds(over_runs("fitness less value gained", {seed: fitness[seed] - value[seed] for seed in fitness}, "value", arm))


@hypothesis("H2", needs=NEEDS)
def test_pressure_does_not_change_what_fitness_is_worth(beta, evolved, over_runs, slope, criterion):
    """Pressure changes how fast and how far fitness rises, not what a unit of it brings in value: that is the correlation, at a beta of 5 as at any other."""
    arm, usual = evolved(f"rho 0.4, beta {beta:g}"), evolved("rho 0.4, beta 5")
    before, after = usual.gain("fitness"), arm.gain("fitness")
    over_runs("fitness gained, against beta 5", {seed: after[seed] - before[seed] for seed in after}, "value", arm, usual)
    slope("value for fitness, less rho", arm, 0.4)
    assert criterion("same_rate").within(slope("value for fitness, against beta 5", arm, usual))


@hypothesis("H3", needs=NEEDS)
def test_a_deceptive_cluster_captures(cluster, evolved, differ, differing_gains, criterion):
    """A small cluster with the best signal captures the population whatever its value: deceptive, it brings deception that selection alone does not."""
    captured, free, benevolent = (evolved(name) for name in (f"{cluster} cluster", f"{cluster} cluster, neutral", "benevolent cluster"))
    differ("value against drift", "value_each", captured, free, "value")
    differing_gains("value gained against the benevolent cluster", "value_each", captured, benevolent)
    # Rises, not shares: the two pools do not begin with the same share.
    assert criterion("captured").holds(differing_gains("rise of the deceptive share against the benevolent cluster", "deceptive", captured, benevolent, "pp"))
