"""What changes while a population evolves: mutation, better evaluators, better questions, and makers of models who answer them."""

from __future__ import annotations

from harness import hypothesis

NEEDS = ["G1", "G2", "G3", "G4", "G5", "K1", "K2"]


@hypothesis("H4", needs=NEEDS)
def test_mutation_raises_fitness(rate, evolved, differ, simulated, levels, base, criterion):
    """New beliefs carry fitness beyond the best founder, which copies alone cannot pass."""
    fixed = simulated("no mutation", dict(levels["level 3"][f"mutation {rate:g}"]) | {"mutation.rate": 0}, base)
    mutating = evolved(f"mutation {rate:g}")
    differ("deceptive share", "deceptive", mutating, fixed, "pp")
    assert criterion("fitter").holds(differ("fitness", "fitness", mutating, fixed, "value"))


@hypothesis("H6", needs=NEEDS)
def test_improving_everything_together_reduces_deception(remedy, evolved, differ, criterion):
    """Improving evaluators, questions that are replaced and scored better, and mutation, together, leave less of what was deceptive, and keep fitness."""
    before, after = evolved("mutation 0.005"), evolved(remedy)
    differ("deceptive share by the labels of the day", "deceptive", after, before, "pp")
    differ("true value of a belief", "value_each", after, before, "value")
    kept = differ("fitness", "fitness", after, before, "value")
    fewer = differ("deceptive share by the first labels", "deceptive_first", after, before, "pp")
    assert criterion("kept").within(kept)
    assert criterion("less_deceived").holds(fewer)


@hypothesis("H7", needs=NEEDS)
def test_a_better_evaluator_relabels(relabelled, evolved, over_runs, criterion):
    """Without any selection an improving evaluator lowers the deceptive share: it calls fewer beliefs so, in the pool as in the population."""
    arm = evolved(f"{relabelled}, neutral")
    share, pool = arm.gain("deceptive"), arm.gain("pool")
    over_runs("deceptive share of the pool, change", {seed: 100 * value for seed, value in pool.items()}, "pp", arm)
    fallen = over_runs("deceptive share, change", {seed: 100 * value for seed, value in share.items()}, "pp", arm)
    rich = over_runs("enrichment less 1", {seed: None if value is None else value - 1 for seed, value in arm.end("enrichment").items()}, "ratio", arm)
    assert criterion("not_selected").within(rich)
    assert criterion("relabel").holds(fallen)


@hypothesis("H12", needs=NEEDS)
def test_makers_of_tests_hold_makers_of_models(play, evolved, differ, criterion):
    """Against makers who choose beliefs for their score and against their value, questions that are replaced in time leave less deception than a fixed test."""
    fixed, playing = evolved("makers, fixed test"), evolved(play)
    differ("fitness", "fitness", playing, fixed, "value")
    differ("true value of a belief", "value_each", playing, fixed, "value")
    assert criterion("less_deceived").holds(differ("deceptive share", "deceptive", playing, fixed, "pp"))
