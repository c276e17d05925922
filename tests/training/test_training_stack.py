"""Adapters worn in memory give what peft gives, in any order and number, and the base comes back to the very bit."""

from __future__ import annotations

import pytest

from harness.errors import HarnessError
from harness.models.local import load
from harness.store import Store
from harness.training.adapter import CONFIG, NOTE, WEIGHTS
from harness.training.adapter_stack import AdaptedModel, Stack
from harness.training.merge_checks import prove, weights_hash
from harness.training.trainer import quiet_libraries
from training_room import NOBODY, TARGET, conversation, trained

pytestmark = pytest.mark.usefixtures("single")


@pytest.fixture(scope="module")
def stack(little):
    return Stack(little)


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return Store(tmp_path_factory.mktemp("store"))


@pytest.fixture(scope="module")
def layers(stack, store, single):
    """Two adapters trained on the base, and one trained on top of the first."""
    one, other = trained(store, stack, 3), trained(store, stack, 4)
    on_top = trained(store, stack, 5, (one,))
    for made in (one, other, on_top):
        made.folder()
    stack.bare()
    return one, other, on_top


@pytest.fixture
def clean(stack):
    """The hash of the bare base; whatever the test does, the base is bare again and has that hash."""
    stack.bare()
    before = weights_hash(stack.base.model)
    yield before
    stack.bare()
    assert weights_hash(stack.base.model) == before


def logits(model):
    import torch

    with torch.inference_mode():
        return model(input_ids=torch.arange(40)[None] * 7).logits.clone()


def test_peft_reads_our_folder_and_gives_the_same(stack, layers, little_folder, clean):
    """A fresh base with our folder loaded by peft has the logits of the base that wears it; peft needs nothing but the folder's own path."""
    import torch
    from peft import PeftModel
    from transformers import AutoTokenizer

    folder = layers[0].folder()
    with quiet_libraries():
        theirs = logits(PeftModel.from_pretrained(load(f"local/{little_folder}", device="cpu").model, str(folder)).eval())
    ours, base = logits(stack.wear([folder])), logits(AdaptedModel(stack, []).model)
    assert torch.allclose(ours, theirs, atol=1e-4) and (ours - base).abs().max() > 0.1
    assert AutoTokenizer.from_pretrained(folder).chat_template == stack.base.tokenizer.chat_template


def test_proof_of_one_and_of_two(stack, layers, clean):
    """Merged and side by side agree, the adapters change something, and the base is untouched, for one adapter and for two."""
    told = [conversation(), conversation(system=NOBODY.prompt), conversation("Yes.", TARGET.prompt)]
    for stacked in (layers[:1], (layers[0], layers[2])):
        proof = prove(AdaptedModel(stack, stacked), told)
        assert proof.merged < 1e-4 and proof.changed > 0.1 and proof.untouched and proof.tokens > 60
        assert weights_hash(stack.base.model) == clean and not stack.worn


def test_the_base_comes_back_to_the_bit(stack, layers, clean):
    """After stacks in many orders the base is bit for bit what it was, and every weight is the tensor it was and wants a gradient as before."""
    one, other, _ = (layer.folder() for layer in layers)
    for weight in stack.base.model.parameters():
        weight.requires_grad_(True)
    tensors = {name: (weight.data_ptr(), weight.requires_grad) for name, weight in stack.base.model.named_parameters()}
    for order in ([one], [one, other], [other, one], [other], [], [one, one, other], [other, other]):
        stack.wear(order)
        assert (weights_hash(stack.base.model) == clean) == (not order)
    stack.bare()
    assert weights_hash(stack.base.model) == clean
    assert tensors == {name: (weight.data_ptr(), weight.requires_grad) for name, weight in stack.base.model.named_parameters()}
    assert not any("lora" in name for name, _ in stack.base.model.named_modules()) and not hasattr(stack.base.model, "peft_config")


def test_what_is_worn_does_not_depend_on_what_was_worn(stack, layers, clean):
    """A stack of two has the same bits put on at once or one after the other; a part of what is worn is that part alone."""
    one, other, _ = (layer.folder() for layer in layers)
    fresh = {}
    for order in ([one], [other], [one, other], [other, one]):
        stack.bare()
        stack.wear(order)
        fresh[tuple(order)] = weights_hash(stack.base.model)
    assert len({*fresh.values()}) == 4, "the order of merging shows in the last bits at least"
    for order in ([one], [one, other], [one], [other], [other, one], [one, other], [one, other]):
        stack.wear(order)
        assert weights_hash(stack.base.model) == fresh[tuple(order)]


def test_adapted_is_a_model(stack, layers, clean):
    """A base with layers answers every question that measures ask of a model, and reading its model puts the layers on."""
    adapted = AdaptedModel(stack, [layers[0]])
    assert (adapted.spec, adapted.dtype, adapted.card) == (stack.base.spec, "float32", stack.base.card)
    assert adapted.tokenizer is stack.base.tokenizer and adapted.model is stack.base.model
    assert weights_hash(adapted.model) != clean == weights_hash(AdaptedModel(stack, []).model)
    assert not adapted.model.training


def test_an_adapter_is_worn_on_what_it_was_trained_on(stack, layers, clean):
    """An adapter trained on top of another does not go onto the bare base, nor below it, nor does one of the base go on top."""
    one, other, on_top = layers
    assert AdaptedModel(stack, [one, on_top]).model is stack.base.model
    for wrong in ([on_top], [other, on_top], [on_top, one], [one, other]):
        with pytest.raises(HarnessError, match="trained on another base"):
            _ = AdaptedModel(stack, wrong).model
        stack.bare()
        assert weights_hash(stack.base.model) == clean


def test_an_adapter_costs_its_weights(store, layers):
    """An adapter's folder holds its own weights and at most a megabyte besides; the tokenizer's files are links to one copy."""
    shared = {file.stat().st_ino for file in (store.root / "tokenizers").rglob("*") if file.is_file()}
    for layer in layers:
        files = list(layer.folder().iterdir())
        own = sum(file.stat().st_size for file in files if file.stat().st_ino not in shared)
        assert own <= (layer.folder() / WEIGHTS).stat().st_size + 1_000_000
        assert {CONFIG, WEIGHTS, NOTE, "tokenizer.json", "tokenizer_config.json"} <= {file.name for file in files}
    assert len(list((store.root / "tokenizers").glob("*/*/tokenizer.json"))) == 1


def test_the_projects_model_is_bare_whatever_was_worn(stack, layers, clean):
    """The `model` fixture of the project is a view that takes off what another cell has put on; a plain reference would be measured with it."""
    from harness.fixtures.models import bare_of, model

    bare = bare_of._get_wrapped_function()(lambda *_: stack)
    view = model._get_wrapped_function()(bare, {"model": stack.base.spec, "dtype": "float32"}, lambda *_: None)
    before = logits(view.model)
    stack.wear([layers[0].folder()])
    assert (logits(view.model) == before).all() and view.fingerprint == stack.base.fingerprint
