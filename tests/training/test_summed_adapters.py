"""A stack of adapters written as one LoRA of summed rank: peft reads it, and it says what the stack says."""

from __future__ import annotations

import json

import pytest

from harness.errors import HarnessError
from harness.models.local import load
from harness.store import Store
from harness.training.adapter import CONFIG, WEIGHTS
from harness.training.adapter_stack import AdaptedModel, Stack
from harness.training.recipe import Lora
from harness.training.summed_adapters import factors_of, summed_folder, write_sum
from harness.training.trainer import quiet_libraries
from harness.training.trainings import outside
from training_room import configured, made, trained

pytestmark = pytest.mark.usefixtures("single")
# Largest difference of a logit that was seen: 5.9e-5 in float32, of logits up to 13.
TOLERANCE = 1e-4


@pytest.fixture(scope="module")
def stack(little):
    found = Stack(little)
    yield found
    found.bare()


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return Store(tmp_path_factory.mktemp("store"))


def logits(model):
    import torch

    with torch.inference_mode():
        return model(input_ids=torch.arange(40)[None] * 7).logits.clone()


def worn_by_peft(little_folder, folder):
    """The logits of a fresh base with the adapter of a folder loaded by peft."""
    from peft import PeftModel

    with quiet_libraries():
        return logits(PeftModel.from_pretrained(load(f"local/{little_folder}", device="cpu").model, str(folder)).eval())


def test_two_trained_adapters_are_one(stack, store, little_folder):
    """rsLoRA on all layers, on top an ordinary LoRA of another rank on the last layer alone: base and sum give the logits of the stack, the base does not."""
    below = trained(store, stack, 3, lora=Lora(r=4, alpha=8))
    on_top = trained(store, stack, 5, (below,), lora=Lora(r=6, alpha=9, rslora=False, targets=("q_proj", "down_proj"), last_layers=1))
    adapted = AdaptedModel(stack, [below, on_top])
    folder = summed_folder(store, adapted)
    ours, bare = logits(adapted.model), logits(AdaptedModel(stack, []).model)
    one = logits(AdaptedModel(stack, [below]).model)
    assert (worn_by_peft(little_folder, folder) - ours).abs().max() < TOLERANCE
    assert (ours - bare).abs().max() > 0.1 and (ours - one).abs().max() > 0.1
    assert json.loads((folder / CONFIG).read_text())["r"] == 10
    assert summed_folder(store, AdaptedModel(stack, [below, on_top])) == folder != summed_folder(store, AdaptedModel(stack, [below]))


def test_ranks_and_scalings_by_layer_are_kept(stack, store, little_folder, tmp_path):
    """Patterns of ranks and of alphas decide as peft reads them."""
    patterns = {"rank_pattern": {"q_proj": 2, "model.layers.1.self_attn.v_proj": 7}, "alpha_pattern": {r"layers\.0\..*v_proj": 32}}
    folders = [made(little_folder, tmp_path / "one", **patterns), made(little_folder, tmp_path / "two", target_modules="all-linear", r=3)]
    adapted = AdaptedModel(stack, [outside(configured(one, base_model_name_or_path=None)) for one in folders])
    folder = summed_folder(store, adapted)
    assert (worn_by_peft(little_folder, folder) - logits(adapted.model)).abs().max() < TOLERANCE
    assert json.loads((folder / CONFIG).read_text())["r"] == 10


def test_no_adapters_are_an_adapter_that_changes_nothing(stack, store, little, little_folder):
    """To the last bit; the base as it was loaded and a stack of nothing have the same."""
    bare = AdaptedModel(stack, [])
    folder = summed_folder(store, bare)
    assert worn_by_peft(little_folder, folder).equal(logits(bare.model))
    assert summed_folder(store, little) == folder and json.loads((folder / CONFIG).read_text())["r"] == 1


def test_the_sum_has_the_precision_of_the_base(little_folder, tmp_path):
    """Adapters are trained in float32; a base in bfloat16 gets its sum in bfloat16."""
    import torch
    from safetensors.torch import load_file

    (tmp_path / "sum").mkdir()
    write_sum(tmp_path / "sum", [factors_of(made(little_folder, tmp_path / "one"))] * 2, "local/little", "bfloat16")
    tensors = load_file(tmp_path / "sum" / WEIGHTS)
    assert {weight.dtype for weight in tensors.values()} == {torch.bfloat16} and {min(weight.shape) for weight in tensors.values()} == {8}


@pytest.mark.parametrize(("how", "told"), [({"use_dora": True}, "DoRA"), ({"target_modules": ["embed_tokens"]}, "embed_tokens")])
def test_what_is_no_plain_lora_is_refused(little_folder, tmp_path, how, told):
    """A magnitude beside the product, or an embedding, has no sum of this form."""
    with pytest.raises(HarnessError, match=rf"no plain LoRA on linear layers .*{told}.*cannot be added"):
        factors_of(made(little_folder, tmp_path / "one", **how))
