"""A training that was killed is taken up where its last whole checkpoint stands, and ends with the same bits."""

from __future__ import annotations

import shutil

import pytest

from harness.errors import HarnessError
from harness.training.adapter import WEIGHTS
from harness.training.checkpoints import STATE, checkpoints, step_of
from harness.training.trainer import train
from training_room import apart, killed, recipe, tokens, train_and_die

pytestmark = pytest.mark.usefixtures("single")


def run(model, work):
    """(what is known of the training, the bytes of each kept epoch, the steps that this call made)."""
    kept, ticks = {}, []

    def keep(epoch, saved):
        kept[epoch] = (saved / WEIGHTS).read_bytes()

    done = train(model, tokens(model.tokenizer), recipe(), 7, work, keep, lambda step, steps: ticks.append(step))
    return done, kept, ticks


@pytest.fixture(scope="module")
def undisturbed(little, single, tmp_path_factory):
    return run(little, tmp_path_factory.mktemp("work"))


@pytest.fixture(scope="module")
def left(little_folder, tmp_path_factory):
    """The folder that a training left which saved every step and was killed at its seventh of eight."""
    work = tmp_path_factory.mktemp("work")
    assert killed(apart(train_and_die, little_folder, work, 7, 0.0))
    return work


def differing(found, undisturbed):
    """What is not to the bit as in a run that nothing disturbed: the last epoch and any other that was kept, the loss curve, the rates."""
    epochs = [f"epoch {epoch}" for epoch in sorted({2, *found[1]}) if found[1].get(epoch) != undisturbed[1][epoch]]
    return epochs + [name for name in ("steps", "loss", "learning_rate") if getattr(found[0], name) != getattr(undisturbed[0], name)]


def test_killed_and_taken_up_gives_the_same_bits(little, undisturbed, left, tmp_path):
    """With dropout and a falling learning rate, kill -9 and a second call end in the same weights, loss curve and rates; finished steps are not made again."""
    work = shutil.copytree(left, tmp_path / "work")
    assert [step_of(folder) for folder in checkpoints(work)] == [5, 6]
    found = run(little, work)
    assert differing(found, undisturbed) == [] and found[2] == [7, 8]


def test_killed_at_an_epochs_end(little, little_folder, undisturbed, tmp_path):
    """Where only epochs are saved, a kill in the second epoch is taken up after the first, which is handed on again in case it was not kept."""
    assert killed(apart(train_and_die, little_folder, tmp_path, 6, 1e9))
    found = run(little, tmp_path)
    assert sorted(found[1]) == [1, 2]
    assert differing(found, undisturbed) == [] and found[2] == [5, 6, 7, 8]


def test_finished_but_not_recorded(little, undisturbed, tmp_path):
    """Called again after its last checkpoint a training makes no step and hands on the same bits and record."""
    run(little, tmp_path)
    found = run(little, tmp_path)
    assert differing(found, undisturbed) == [] and found[2] == []


@pytest.mark.parametrize("name", STATE)
@pytest.mark.parametrize("harm", ["missing", "empty"])
def test_half_written_checkpoints_are_ignored(left, tmp_path, name, harm):
    """A checkpoint that lacks a file, or has it empty, is removed; the one before it is taken."""
    work = shutil.copytree(left, tmp_path / "work")
    last = work / "checkpoint-6" / name
    last.unlink() if harm == "missing" else last.write_bytes(b"")
    assert [step_of(folder) for folder in checkpoints(work)] == [5] and not last.parent.exists()


def test_truncated_state_is_taken_up_from_the_one_before(little, undisturbed, left, tmp_path):
    """A state file cut off in the middle, which the trainer writes last, costs the steps since the checkpoint before and no bit."""
    work = shutil.copytree(left, tmp_path / "work")
    state = work / "checkpoint-6" / "trainer_state.json"
    state.write_bytes(state.read_bytes()[: state.stat().st_size // 2])
    found = run(little, work)
    assert differing(found, undisturbed) == [] and found[2] == [6, 7, 8]


def test_nothing_whole_begins_anew(little, undisturbed, left, tmp_path):
    """Without any whole checkpoint the training starts from the beginning."""
    work = shutil.copytree(left, tmp_path / "work")
    for folder in checkpoints(work):
        (folder / "optimizer.pt").unlink()
    found = run(little, work)
    assert differing(found, undisturbed) == [] and found[2] == list(range(1, 9))


def test_a_callers_own_failure_is_taken_up_too(little, undisturbed, tmp_path):
    """A full disk while an epoch is kept ends the training with that error; the next call keeps it and goes on."""

    def full(epoch, saved):
        raise HarnessError("cannot write: No space left on device")

    with pytest.raises(HarnessError, match="No space"):
        train(little, tokens(little.tokenizer), recipe(), 7, tmp_path, full)
    found = run(little, tmp_path)
    assert sorted(found[1]) == [1, 2]
    assert differing(found, undisturbed) == [] and found[2] == [5, 6, 7, 8]
