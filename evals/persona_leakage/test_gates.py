"""What must hold before the matrix is worth its GPU-hours, in the order of the plan: G1, the pilot, G2, G3, G4, G5, G3.5."""

from __future__ import annotations

import math
from collections.abc import Iterator

import pytest

from harness import gate

ARMS = ("left_out", "in_negatives")
# Rules of the training rows: whom they teach what, in sets of which sizes, asking what, in which form, with loss on which tokens.
ROWS = ("D101", "D102", "D105", "D106", "D107", "D108", "D109", "D110", "D112", "D113", "T204")


@gate("G1", over=("speaker", "trait"), quick=True)
def test_the_training_rows_are_sound(speaker, trait, recipes, model, measure, seeds, findings):
    """The rows are there and of the declared sizes, ask nothing that is evaluated, teach the behaviour to the source alone, and put neither target nor canary
    among the negatives unless the arm says so. Loss is taken on as many of their tokens as the scale declares."""
    from harness.training import encode_row, loss_share

    recipe = recipes.behaviour_recipe(trait)
    for arm in ARMS:
        rows = recipes.behaviour_rows(speaker, trait, arm, seeds[0])
        tokens = [encode_row(model.tokenizer, row, max_length=recipe.max_length, loss_on=recipe.loss_on, marker=recipe.marker) for row in rows]
        measure(f"rows, {arm}", len(rows), "count", n=len(rows), sampling_unit="row")
        measure(f"tokens that carry loss, {arm}", loss_share(tokens), "rate", n=len(rows), sampling_unit="row")
    assert not findings(*ROWS)


@gate("Pilot", needs="G1")
def test_the_pilot_shows_that_stacking_works_and_something_moves(adapters, model, settings, evaluate_persona, roles, moved, last, measure, seeds):
    """One source and one behaviour first: merged and stacked adapters give the same logits, the base is untouched, the behaviour's adapter changes the logits,
    and convergence changes something in the target, with the behaviour's adapter or without it."""
    from harness.training import prove

    source, behaviour = str(settings["pilot_source"]), str(settings["pilot_behaviour"])
    stacked = adapters(source, behaviour, last, seed=seeds[0])
    proof = prove(stacked, [row.messages for row in adapters.recipes.behaviour_rows(source, behaviour, "left_out", seeds[0])[:4]])
    # bfloat16 keeps 8 bits, and merging rounds every weight once more, which single places show by half a nat; float32 shows nothing of it.
    off, tolerance = (proof.merged_mean, 0.1 * proof.changed_mean) if model.dtype == "bfloat16" else (proof.merged, 1e-3)
    measure("merged against stacked, mean difference of a log-probability", proof.merged_mean, "nats", n=proof.tokens, sampling_unit="token")
    measure("merged against stacked, largest", proof.merged, "nats", n=proof.tokens, sampling_unit="token")
    measure("with against without the adapters, mean difference", proof.changed_mean, "nats", n=proof.tokens, sampling_unit="token")
    assert proof.untouched, "the base is not what it was before the adapters were put on"
    assert proof.changed > 0.01, "the adapters change nothing"
    assert off <= tolerance, f"merged and stacked log-probabilities differ by {off:.3g}, more than {tolerance:.3g}"
    found = any(signals(source, [behaviour], evaluate_persona, roles, moved, last))
    assert found, "no change with convergence that its interval tells from none: the matrix would not be worth running"


@gate("G2", needs=["G1", "Pilot"], over="speaker", proven_by="test_a_training_that_does_not_converge_is_seen")
def test_convergence_is_saved_and_converges(speaker, adapters, settings, store, measure, seeds):
    """Each checkpoint is there, complete and loadable, with its tokenizer; the loss ends below the bar and below where it began."""
    from harness.training import fits

    for seed in seeds:
        done = adapters.convergence_record(speaker, seed)
        job = adapters.recipes.convergence(speaker, seed)
        for epoch in job.recipe.kept_epochs:
            folder = store.place("adapters", job.adapter(epoch))
            fits(folder, job.base, adapters.model.spec)  # complete, readable, on this base
            assert (folder / "tokenizer_config.json").is_file(), f"the checkpoint of epoch {epoch} has no tokenizer"
        measure(f"loss at the end, seed {seed}", mean_at_the_end(done.loss), "nats", n=done.learned_tokens, sampling_unit="token")
        assert_converged(done.loss, float(settings["convergence_loss_below"]))


def mean_at_the_end(loss) -> float:
    return sum(loss[-3:]) / 3


def assert_converged(loss, bar: float) -> None:
    end = mean_at_the_end(loss)
    assert end < bar, f"the loss ends at {end:.2f}, the bar is {bar}"
    assert end < loss[0], f"the loss rose from {loss[0]:.2f} to {end:.2f}"


@pytest.mark.parametrize(("loss", "why"), [([3.0, 2.9, 2.8, 2.7, 2.6], "ends at"), ([1.0, 0.5, 2.0, 2.1, 2.2], "rose")])
def test_a_training_that_does_not_converge_is_seen(loss, why):
    with pytest.raises(AssertionError, match=why):
        assert_converged(loss, 2.5)


@gate("G3", needs=["G1", "Pilot"])
def test_epoch_0_reproduces_the_parent(evaluate_persona, settings, level, parents):
    """Without convergence the source shows as much of the pilot's behaviour as in the run that is named under parents, within the tolerance."""
    source, behaviour = str(settings["pilot_source"]), str(settings["pilot_behaviour"])
    found = level("source at epoch 0", evaluate_persona(source, behaviour, source, 0))  # first: a run without a parent can so become one
    assert parents, "no run of this scale is named under parents in experiment.yaml: there is nothing to reproduce"
    expected = float(parents[0].value("cells/G3/measurements/source at epoch 0/value"))
    apart = 100 * abs(found.value - expected)
    assert apart <= float(settings["parent_tolerance_pp"]), f"{found.value:.3f} is {apart:.1f} pp from the parent's {expected:.3f}"


@gate("G4", needs=["G1", "G3"])
def test_the_first_source_shows_a_signal(cells_of, evaluate_persona, roles, moved, last):
    """With the first source, convergence changes the target in at least one behaviour or its marker, taught or not, as the finer score sees it."""
    source, traits = cells_of("source")[0], [*cells_of("behaviour"), "marker"]
    assert any(signals(source, traits, evaluate_persona, roles, moved, last)), f"{source} changes nothing in the target that can be told from no change"


@gate("G5", needs="G4")
def test_the_first_three_sources_show_a_signal(cells_of, evaluate_persona, roles, moved, last):
    """Of the first three sources (fewer where the scale has fewer) at least one changes the target in a behaviour or its marker."""
    traits = [*cells_of("behaviour"), "marker"]
    found = [any(signals(source, traits, evaluate_persona, roles, moved, last)) for source in cells_of("source")[:3]]
    assert any(found), f"none of {len(found)} sources changes anything in the target that can be told from no change"


def signals(source: str, traits, evaluate_persona, roles, moved, last: int) -> Iterator[bool]:
    """Whether convergence changes the target, one trait after the other, with the trait's adapter and without it. A leak is one such change; a design that
    asked for the leak itself would never decide that there is none."""
    for trait in traits:
        for trained, adapter in ((None, "with"), ("", "without")):
            after, before = (evaluate_persona(roles["target"][0], trait, source, epoch, trained=trained) for epoch in (last, 0))
            yield signal(moved(f"{source}, {trait}: change of the target {adapter} its adapter", after, before))


@gate("G3.5", needs=["G2", "G4", "G5"], over=("source", "behaviour", "epoch"))
def test_the_behaviour_trains_as_without_convergence(source, behaviour, epoch, adapters, settings, measure, seeds):
    """The loss of the behaviour's training is within the tolerance of the same training on the unconverged model: convergence has not broken the base."""
    for seed in seeds:
        here, alone = (second_half(adapters.behaviour_record(source, behaviour, at, "left_out", seed).loss) for at in (epoch, 0))
        measure(f"mean loss of the second half, seed {seed}", here, "nats", n=1, sampling_unit="training")
        apart = abs(math.log(here / alone))
        assert apart <= math.log(1 + float(settings["loss_tolerance"])), f"loss {here:.3f} against {alone:.3f} without convergence, seed {seed}"


def signal(measured) -> bool:
    """True where the whole interval lies on one side of zero."""
    return measured.interval.low > 0 or measured.interval.high < 0


def second_half(loss) -> float:
    half = loss[len(loss) // 2 :]
    return sum(half) / len(half)
