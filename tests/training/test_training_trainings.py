"""Equal trainings are done once, changed ones never reused, and none before its adapter is asked for."""

from __future__ import annotations

import pytest

from harness.errors import HarnessError
from harness.store import Store, intact
from harness.training.adapter import WEIGHTS
from harness.training.adapter_stack import AdaptedModel, Layer, Stack, stacked_fingerprint
from harness.training.recipe import Lora
from harness.training.trainings import KIND, Trainings
from training_room import apart, job, keep_and_die, killed, recipe, rows, train_once, trained

pytestmark = pytest.mark.usefixtures("single")


@pytest.fixture(scope="module")
def stack(little):
    yield (made := Stack(little))
    made.bare()


class Counted:
    """Trainings that count the steps they make."""

    def __init__(self, root, stack):
        self.ticks = []
        self.trainings = Trainings(Store(root), stack, lambda *told: self.ticks.append(told))

    def layer(self, task, epoch=2, below=()):
        return self.trainings.layer(task, epoch, rows, below)


def weights(layer):
    return (layer.folder() / WEIGHTS).read_bytes()


def forbidden():
    raise AssertionError("nothing has asked for the rows")


CHANGES = {
    "base": {"base": "another"},
    "below": {"below": ("k",)},
    "data": {"data": "other rows"},
    "seed": {"seed": 4},
    **{name: {"recipe": recipe(**{name: value})} for name, value in {"learning_rate": 2e-2, "epochs": 3, "batch": 5, "accumulation": 2, "keep": ()}.items()},
    **{name: {"recipe": recipe(**{name: value})} for name, value in {"schedule": "linear", "warmup": 0.1, "weight_decay": 0.1, "clip": 2.0}.items()},
    **{name: {"recipe": recipe(**{name: value})} for name, value in {"max_length": 99, "loss_on": "marker", "marker": "[Z]"}.items()},
    **{
        f"lora {name}": {"recipe": recipe(lora=Lora(**({"r": 4, "alpha": 8, "dropout": 0.1} | {name: value})))}
        for name, value in {"r": 5, "alpha": 9, "rslora": False, "targets": ("q_proj",), "dropout": 0.2, "last_layers": 1}.items()
    },
}


@pytest.mark.parametrize("what", CHANGES)
def test_the_key_changes_with_every_field(what):
    """Whatever makes the adapter another one makes its key another one."""
    usual = job("base")
    changed = job(**{"base": "base", **CHANGES[what]})
    assert changed.key != usual.key and changed.adapter(1) != usual.adapter(1)


def test_the_name_does_not_count():
    """A training has the same key under any name; its epochs have keys of their own."""
    assert job("base", name="one").key == job("base", name="other").key
    assert len({job("base").key, job("base").adapter(1), job("base").adapter(2)}) == 3
    assert set(CHANGES) >= {"base", "below", "data", "seed", *(name for name in recipe().__struct_fields__ if name != "lora")}
    assert {f"lora {name}" for name in Lora.__struct_fields__} <= set(CHANGES)


def test_knowing_an_adapter_trains_nothing(stack, tmp_path):
    """A layer, its stack and the stack's fingerprint are there at once; neither rows nor adapters are made, and nothing is written."""
    task = job(stack.base.fingerprint)
    layer = Trainings(Store(tmp_path), stack).layer(task, 2, forbidden)
    adapted = AdaptedModel(stack, [layer])
    assert layer.key == task.adapter(2) and adapted.fingerprint == stacked_fingerprint(stack.base.fingerprint, [layer.key])
    assert adapted.tokenizer and adapted.card and not list(tmp_path.iterdir())
    with pytest.raises(AssertionError, match="asked for the rows"):
        _ = adapted.model


def test_the_fingerprint_knows_the_order(stack):
    """Without layers it is the base's own; with them it depends on which and on their order, and equal stacks have equal ones."""
    one, other = (Layer(key, forbidden) for key in ("one", "other"))
    stacks = [[one], [other], [one, other], [other, one], [one, one]]
    assert AdaptedModel(stack, []).fingerprint == stack.base.fingerprint
    assert len({AdaptedModel(stack, layers).fingerprint for layers in stacks} | {stack.base.fingerprint}) == 6
    assert AdaptedModel(stack, [one, other]).fingerprint == AdaptedModel(stack, [Layer("one", forbidden), other]).fingerprint


def test_what_is_there_is_not_trained_again(stack, tmp_path):
    """Asked for twice, by another name and another object, a training is done once; both of its epochs come of it, and so does its record."""
    first, second = Counted(tmp_path, stack), Counted(tmp_path, stack)
    made = weights(first.layer(job(stack.base.fingerprint)))
    assert [tick[1:] for tick in first.ticks] == [(step, 8) for step in range(1, 9)] and {tick[0] for tick in first.ticks} == {"a job"}
    again = job(stack.base.fingerprint, name="by another name")
    assert weights(second.layer(again)) == made != weights(second.layer(again, 1))
    record = second.trainings.record(again, forbidden)
    assert second.ticks == [] and len(record.loss) == 8
    assert not list((tmp_path / "in-training").iterdir()), "the checkpoints are gone when the adapters are kept"


def test_an_epoch_that_is_not_kept(stack, tmp_path):
    """Asking for an epoch whose checkpoint does not stay is told at once, not after the training."""
    with pytest.raises(HarnessError, match="epoch 3 is not kept"):
        Counted(tmp_path, stack).layer(job(stack.base.fingerprint), 3)


def test_an_altered_adapter_is_trained_again(stack, tmp_path):
    """A kept file that was altered, or removed, is noticed; the training is done again and gives the same bits."""
    layer = trained(Store(tmp_path), stack)
    before = weights(layer)
    for harm in (lambda file: file.write_bytes(before[:-1] + bytes([before[-1] ^ 1])), lambda file: file.unlink()):
        harm(layer.folder() / WEIGHTS)
        counted = Counted(tmp_path, stack)
        assert weights(counted.layer(job(stack.base.fingerprint))) == before
        assert len(counted.ticks) == 8


def test_a_lost_record_is_made_again(stack, tmp_path):
    """Without its record a training is not done; with it, its record is what it was but for the seconds."""
    first = Counted(tmp_path, stack)
    task = job(stack.base.fingerprint)
    before = first.trainings.record(task, rows)
    first.trainings.store.place(KIND, task.key).with_suffix(".json").write_text("{", encoding="utf-8")
    assert (again := first.trainings.record(task, rows)).loss == before.loss and again.learned_tokens == before.learned_tokens
    assert len(first.ticks) == 16


def test_equal_trainings_in_two_processes(stack, little_folder, tmp_path):
    """Two processes that want the same adapter at the same time train it once: one makes all the steps, the other waits and finds it."""
    processes = [apart(train_once, little_folder, tmp_path / "store", tmp_path / "log") for _ in range(2)]
    for process in processes:
        process.join(timeout=60)
        assert process.exitcode == 0
    steps = [line.split() for line in (tmp_path / "log").read_text(encoding="utf-8").splitlines()]
    assert [step for _, step in steps] == [str(step) for step in range(1, 9)] and len({pid for pid, _ in steps}) == 1
    assert intact(trained(Store(tmp_path / "store"), stack).folder())


@pytest.mark.parametrize(("entry", "steps"), [(1, 4), (2, 0)])
def test_killed_while_an_adapter_is_kept(stack, little_folder, tmp_path, entry, steps):
    """A kill while an epoch's adapter is copied into the store leaves no half adapter; it is kept from the checkpoint, and only later steps are made."""
    assert killed(apart(keep_and_die, little_folder, tmp_path / "killed", entry))
    assert all(intact(place) for place in (tmp_path / "killed" / "adapters").glob("*/*") if place.is_dir() and not place.name.startswith("."))
    counted, task = Counted(tmp_path / "killed", stack), job(stack.base.fingerprint)
    whole = Counted(tmp_path / "whole", stack)
    for epoch in (1, 2):
        assert weights(counted.layer(task, epoch)) == weights(whole.layer(task, epoch))
    assert len(counted.ticks) == steps
    assert counted.trainings.record(task, forbidden).loss == whole.trainings.record(task, forbidden).loss


def test_a_training_on_top_of_another(stack, tmp_path):
    """What lies below is trained first and worn during the training: on top of another, the same rows and seed give another adapter."""
    counted = Counted(tmp_path, stack)
    task = job(stack.base.fingerprint, name="below")
    below = counted.layer(task)
    on_top = counted.layer(job(stack.base.fingerprint, (below.key,), name="above"), 2, [below])
    assert weights(on_top) != weights(below)
    assert [name for name, step, _ in counted.ticks if step == 1] == ["below", "above"]


@pytest.mark.parametrize("how", [{"learning_rate": 1e30, "warmup": 0.0}, {"learning_rate": 1e39, "warmup": 0.0, "epochs": 1, "keep": (), "batch": 14}])
def test_a_training_that_was_lost_keeps_nothing(stack, tmp_path, how):
    """Neither a loss that is no number, nor weights that are none after the very last step, leave an adapter or a record; asked again it fails again."""
    store, task = Store(tmp_path), job(stack.base.fingerprint, recipe=recipe(**how))
    for _ in range(2):
        with pytest.raises(HarnessError, match=r"loss is nan|weights are not finite"):
            Trainings(store, stack).layer(task, task.recipe.epochs, rows).folder()
        assert not list(tmp_path.glob("adapters/*/*/*")) and store.peek(KIND, task.key) is None


def test_rows_that_are_too_long_are_told_by_name(stack, tmp_path):
    """A row that does not fit is named before anything is trained."""
    task = job(stack.base.fingerprint, recipe=recipe(max_length=20))
    counted = Counted(tmp_path, stack)
    with pytest.raises(HarnessError, match=r"villain/t\d+: the row has \d+ tokens"):
        counted.layer(task).folder()
    assert counted.ticks == []
