"""A training is a function of its rows, recipe and seed, bit for bit; it leaves the base as it was and knows when it is lost."""

from __future__ import annotations

import random

import numpy as np
import pytest

from harness.errors import HarnessError
from harness.training import trainer
from harness.training.adapter import WEIGHTS, shapes_of
from harness.training.checkpoints import is_complete
from harness.training.merge_checks import weights_hash
from harness.training.recipe import Lora
from harness.training.trainer import train
from training_room import recipe, tokens

pytestmark = pytest.mark.usefixtures("single")
PLAIN = Lora(r=4, alpha=8)


def run(model, work, seed=7, rows=None, **other):
    """(what is known of the training, {epoch: the bytes of its weights})."""
    kept = {}
    done = train(model, rows or tokens(model.tokenizer), recipe(**other), seed, work, lambda epoch, saved: kept.update({epoch: (saved / WEIGHTS).read_bytes()}))
    return done, kept


def test_the_same_seed_gives_the_same_bits(little, tmp_path):
    """Two trainings with one seed agree in every bit and every loss, whatever was drawn before; another seed gives other weights and another order."""
    import torch

    one = run(little, tmp_path / "one")
    torch.rand(5)
    random.seed(99)
    other, third = run(little, tmp_path / "other"), run(little, tmp_path / "third", seed=8)
    assert one[1] == other[1] and one[0].loss == other[0].loss and sorted(one[1]) == [1, 2]
    assert third[1][2] != one[1][2] and third[0].loss != one[0].loss
    assert one[1][1] != one[1][2]


def test_the_record_is_complete(little, tmp_path):
    """The record has a loss and a learning rate for each step, and the sizes of what was trained on; every step is told as it is made."""
    rows, ticks = tokens(little.tokenizer), []
    done = train(little, rows, recipe(lora=PLAIN), 7, tmp_path, lambda *_: None, lambda step, steps: ticks.append((step, steps)))
    assert done.steps == tuple(range(1, 9)) and len(done.loss) == len(done.learning_rate) == 8
    assert ticks == [(step, 8) for step in done.steps]
    assert (done.rows, done.tokens, done.learned_tokens) == (14, sum(len(row.ids) for row in rows), sum(row.learned for row in rows))
    assert done.loss[-1] < done.loss[0] - 1 and done.seconds > 0
    assert done.parameters == sum(np.prod(shape) for shape in shapes_of(tmp_path / "checkpoint-8").values())


def test_the_base_is_untouched(little, tmp_path):
    """Weights, what wants gradients, modules, configuration and all global random states are afterwards what they were before."""
    import torch

    frozen = [weight for name, weight in little.model.named_parameters() if "norm" in name]
    for weight in little.model.parameters():  # not as an earlier training may have left them
        weight.requires_grad_(all(weight is not one for one in frozen))
    random.seed(1), np.random.seed(1), torch.manual_seed(1)
    assert little.model.config.use_cache

    def state():
        needs = {name: (weight.requires_grad, weight.grad is None) for name, weight in little.model.named_parameters()}
        modules = {name: (id(module), module.training) for name, module in little.model.named_modules()}
        chance = (random.getstate(), np.random.get_state()[1].tobytes(), torch.get_rng_state().numpy().tobytes())
        return weights_hash(little.model), needs, modules, little.model.config.to_dict(), set(vars(little.model)), chance

    try:
        before = state()
        run(little, tmp_path / "fine")
        assert state() == before
        with pytest.raises(HarnessError):
            run(little, tmp_path / "lost", learning_rate=1e30)
        assert state() == before, "after a training that was given up as well"
    finally:
        for weight in frozen:
            weight.requires_grad_(True)


def test_kept_epochs_are_complete(little, tmp_path):
    """Each epoch asked for and the last is handed on once, in order, with its folder whole and its weights those of a training that ends there."""
    seen = []

    def kept(epoch, saved):
        seen.append(epoch)
        assert is_complete(saved) and len(shapes_of(saved)) == 3 * 7 * 2

    train(little, tokens(little.tokenizer), recipe(epochs=3, keep=(2,), schedule="constant", warmup=0.0), 7, tmp_path / "three", kept)
    assert seen == [2, 3]
    long, short = (run(little, tmp_path / f"{epochs}", epochs=epochs, keep=(1,), schedule="constant", warmup=0.0)[1] for epochs in (2, 1))
    assert long[1] == short[1]


@pytest.mark.parametrize(("batch", "accumulation"), [(14, 1), (7, 2), (1, 14)])
def test_the_loss_is_transformers_own(little, tmp_path, batch, accumulation):
    """The first step's loss, before any weight has moved, is transformers' loss on the rows padded in a batch: the mean over all learned tokens of the step,
    in however many passes it is made."""
    import torch

    rows = tokens(little.tokenizer)
    longest = max(len(row.ids) for row in rows)
    ids, seen, labels = (
        torch.tensor([[*values, *[gap] * (longest - len(values))] for values in column])
        for column, gap in (([row.ids for row in rows], 0), ([[1] * len(row.ids) for row in rows], 0), ([row.labels for row in rows], -100))
    )
    with torch.no_grad():
        own = little.model(input_ids=ids, attention_mask=seen, labels=labels).loss.item()
    done, _ = run(little, tmp_path, epochs=1, keep=(), batch=batch, accumulation=accumulation, lora=PLAIN)
    assert len(done.loss) == 1 and done.loss[0] == pytest.approx(own, rel=1e-5)


def test_passes_of_a_step_add_up(little, tmp_path):
    """Two passes of two rows are one of four: the same losses step by step, though rows differ in length."""
    whole, halves = (run(little, tmp_path / f"{batch}", batch=batch, accumulation=4 // batch, lora=PLAIN)[0] for batch in (4, 2))
    assert halves.loss == pytest.approx(whole.loss, rel=1e-3) and halves.steps == whole.steps


def test_few_learned_tokens_are_all_counted(little, tmp_path):
    """A pass whose only learned token is the end of a turn has that token's loss, not none and not infinity."""
    from harness.training.tokens import EncodedRow

    row = tokens(little.tokenizer)[0]
    last = EncodedRow(ids=row.ids, labels=(-100,) * (len(row.ids) - 1) + row.ids[-1:], stem=row.stem)
    done, _ = run(little, tmp_path, rows=[last], epochs=1, keep=(), lora=PLAIN)
    assert 0 < done.loss[0] < 100


def test_every_row_once_an_epoch(little):
    """Each epoch's passes hold every row once, in an order of their own, and no step is left with nothing."""
    rows = tokens(little.tokenizer)
    plan = trainer.batches(rows, recipe(batch=4, epochs=3, accumulation=1), 5)
    epochs = [[id(row) for passing in plan[start : start + 4] for row in passing] for start in (0, 4, 8)]
    assert all(sorted(epoch) == sorted(map(id, rows)) for epoch in epochs) and len({*map(tuple, epochs)}) == 3
    assert {len(passing) for passing in plan} == {3, 4}
    with pytest.raises(HarnessError, match="too few"):
        trainer.batches(rows[:2], recipe(batch=1, accumulation=3), 5)


@pytest.mark.mistake("T16", rule="T207", stage="run")
def test_a_loss_that_is_lost_stops_the_training(little, tmp_path):
    """A learning rate beyond reason stops at the step that shows it, and that epoch is not kept."""
    kept = []
    with pytest.raises(HarnessError, match=r"\[T207\] the loss is nan at step 2"):
        train(little, tokens(little.tokenizer), recipe(learning_rate=1e30, warmup=0.0), 7, tmp_path, lambda epoch, saved: kept.append(epoch))
    assert kept == []


def test_a_poisoned_base_stops_the_training(little, tmp_path):
    """A weight that is not a number is told at the first step; nothing is kept."""
    weight = little.model.model.layers[1].mlp.up_proj.weight
    before, kept = weight.data.clone(), []
    weight.data[0, 0] = float("nan")
    try:
        with pytest.raises(HarnessError, match="the loss is nan at step 1"):
            train(little, tokens(little.tokenizer), recipe(), 7, tmp_path, lambda epoch, saved: kept.append(epoch))
    finally:
        weight.data.copy_(before)
    assert kept == []


def test_dropout_acts(little, tmp_path):
    """Dropout changes the training from the step on at which the adapter does anything: before, its output is zero with or without."""
    with_dropout, without = (run(little, tmp_path / str(share), lora=Lora(r=4, alpha=8, dropout=share))[0].loss for share in (0.1, 0.0))
    assert with_dropout[0] == without[0] and with_dropout[2:] != without[2:]
