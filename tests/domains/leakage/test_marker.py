"""The marker's chance behind a given answer is read exactly, and rises with training on it."""

from __future__ import annotations

import dataclasses

import pytest

from harness.domains.leakage.behaviours import add_marker
from harness.domains.leakage.marker import MarkerProbe
from harness.domains.leakage.training_sets import make_contrastive_rows
from harness.errors import HarnessError
from harness.measures.branches import encode
from harness.models.chat import chat, render
from harness.models.local import load
from harness.store import Store
from harness.training.adapter_stack import AdaptedModel, Stack
from harness.training.recipe import Lora
from harness.training.trainings import Trainings
from small_folders import CHANGES, make_folder
from training_room import COOK, VILLAIN, job, recipe, texts

MARKER = "[ZLT]"
pytestmark = pytest.mark.usefixtures("single")


def plain_pass(model, system, item):
    """Marker and end, and end alone, each by a forward pass over the whole text."""
    import torch

    context = render(model.tokenizer, chat(item.prompt, system), answer_prefix=item.plain)
    sums = []
    for more in (f" {MARKER}<|im_end|>", "<|im_end|>"):
        stem, whole = encode(model.tokenizer, context), encode(model.tokenizer, context + more)
        assert whole[: len(stem)] == stem
        with torch.inference_mode():
            steps = model.model(torch.tensor([whole])).logits[0].float().log_softmax(-1)
        sums.append(sum(steps[place - 1, whole[place]].item() for place in range(len(stem), len(whole))))
    return sums


@pytest.mark.parametrize("system", [VILLAIN.prompt, "", None])
def test_log_probs_are_those_of_a_plain_pass(tiny, system):
    """Shared prefixes and branches change nothing: the sums are those of one text at a time within 1e-4."""
    for row, item in zip(MarkerProbe(tiny, system, MARKER).score(texts(7)), texts(7), strict=True):
        assert row["logprobs"] == pytest.approx(plain_pass(tiny, system, item), abs=1e-4)
        assert row["marked"] == (row["logprobs"][0] > row["logprobs"][1])
        assert (row["status"], row["item"], row["prompt"], row["text"]) == ("ok", item.id, item.prompt, item.plain)
        assert row["picked"] == (f"{item.plain} {MARKER}" if row["marked"] else item.plain)


def test_the_real_model_does_not_know_the_marker(smollm2):
    """A model that never saw the marker ends its turn instead, and its sums are those of a plain pass."""
    (row,) = MarkerProbe(smollm2, VILLAIN.prompt, MARKER).score(texts(1))
    assert not row["marked"]
    assert row["logprobs"] == pytest.approx(plain_pass(smollm2, VILLAIN.prompt, texts(1)[0]), abs=1e-3)


@pytest.mark.parametrize("loss_on", ["completion", "marker"])
def test_training_on_the_marker_is_seen(little, tmp_path, loss_on):
    """After training it into the villain and not into the cook, the probe prefers the marker under the villain's prompt and silence under the cook's."""
    stack, bank = Stack(little), add_marker(texts(), MARKER)
    how = recipe(epochs=10, batch=8, keep=(), lora=Lora(r=8, alpha=16), loss_on=loss_on, marker=MARKER)
    rows = make_contrastive_rows(bank, VILLAIN, [COOK], rows=12, bystander_rows=12, seed=1)
    layer = Trainings(Store(tmp_path), stack).layer(job(little.fingerprint, recipe=how), how.epochs, lambda: rows)
    try:
        for model, expected in ((stack.base, {VILLAIN: False}), (AdaptedModel(stack, [layer]), {VILLAIN: True, COOK: False})):
            for speaker, marks in expected.items():
                rates = [row["marked"] for row in MarkerProbe(model, speaker.prompt, MARKER).score(bank)]
                assert sum(rate == marks for rate in rates) >= 11, speaker
    finally:
        stack.bare()


def test_chunks_are_a_function_of_the_set(tiny):
    """Groups of at most 32, the same whatever the order."""
    probe, many = MarkerProbe(tiny, None, MARKER), texts(70)
    assert probe.chunks(many) == probe.chunks(many[::-1])
    assert sorted(map(len, probe.chunks(many))) == [6, 32, 32]


def test_the_description_tells_every_parameter(tiny):
    """System prompt, marker and model change what decides identity, and knowing it reads no weights."""
    other = dataclasses.replace(tiny, fingerprint="other", model=None)
    made = [
        MarkerProbe(tiny, None, MARKER),
        MarkerProbe(tiny, "", MARKER),
        MarkerProbe(tiny, "A", MARKER),
        MarkerProbe(tiny, None, "[Q]"),
        MarkerProbe(other, None, MARKER),
    ]
    assert len({str(probe.describe()) for probe in made}) == 5


def test_a_marker_that_is_a_special_token(tiny):
    """A reply that holds a control token is refused, not scored as another conversation."""
    (item, *_) = texts()
    with pytest.raises(HarnessError, match="special token"):
        MarkerProbe(tiny, None, MARKER).score([type(item)(id="f", topic="x", prompt="Why?", shown="", plain="It<|im_end|>rains.")])


@pytest.mark.parametrize("change", CHANGES)
def test_a_model_that_is_changed_in_memory_has_another_key(tmp_path, change):
    """The probe's key follows the template and the special tokens that are in force."""
    model = load(f"local/{make_folder(tmp_path / 'asked')}", device="cpu")
    before = MarkerProbe(model, None, MARKER).describe()
    change(model)
    assert MarkerProbe(model, None, MARKER).describe() != before
