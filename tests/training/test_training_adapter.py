"""Adapters that do not fit, are broken or do more than add are refused in one line, and leave the base bare and usable."""

from __future__ import annotations

import shutil

import pytest

from harness.errors import HarnessError
from harness.store import Store, intact
from harness.training.adapter import CONFIG, NOTE, WEIGHTS, fits, note_of
from harness.training.adapter_stack import AdaptedModel, Stack
from harness.training.merge_checks import weights_hash
from harness.training.trainer import quiet_libraries
from harness.training.trainings import outside
from training_room import configured, made, trained, weighed

pytestmark = pytest.mark.usefixtures("single")


@pytest.fixture(scope="module")
def stack(little):
    return Stack(little)


@pytest.fixture
def usable(stack):
    """The base before; afterwards it is bare, has the same bits, and nothing of peft is left in it."""
    before = weights_hash(stack.base.model)
    yield
    assert weights_hash(stack.base.model) == before and not stack.worn
    assert not any("lora" in name for name, _ in stack.base.model.named_modules())
    assert not hasattr(stack.base.model, "peft_config") and not stack.base.model.training


@pytest.fixture(scope="module")
def foreign(little_folder, tmp_path_factory):
    return made(little_folder, tmp_path_factory.mktemp("foreign") / "adapter")


@pytest.fixture
def copy(foreign, tmp_path):
    return shutil.copytree(foreign, tmp_path / "adapter")


def refused(stack, folder):
    """What is told, in one line, when the adapter is brought in or put on; nothing is worn then."""
    with pytest.raises(HarnessError) as told:
        _ = AdaptedModel(stack, [outside(folder)]).model
    assert "\n" not in str(told.value) and len(str(told.value)) < 600
    assert not stack.worn
    return str(told.value)


def test_an_adapter_from_outside_is_worn(stack, foreign, little_folder):
    """What plain peft saved gives under our stack what it gives under peft."""
    import torch
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    ids = torch.arange(40)[None] * 7
    with torch.no_grad(), quiet_libraries():
        theirs = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(little_folder), str(foreign)).eval()(ids).logits
        layer = outside(foreign)
        ours = AdaptedModel(stack, [layer]).model(ids).logits
        twice = AdaptedModel(stack, [layer, outside(foreign)]).model(ids).logits
        stack.bare()
    assert torch.allclose(ours, theirs, atol=1e-4) and (twice - ours).abs().max() > 0.01
    assert note_of(foreign) is None


def test_its_key_is_its_content(foreign, copy):
    """A copy elsewhere has the same key; another weight or another scale has another."""
    assert outside(copy).key == outside(foreign).key
    scaled = outside(configured(copy, lora_alpha=99)).key
    other = outside(weighed(copy, lambda weights: {name: weight * 2 for name, weight in weights.items()})).key
    assert len({outside(foreign).key, scaled, other}) == 3


def test_a_folder_that_changes_is_noticed(stack, copy, usable):
    """Weights replaced after the adapter was brought in are refused under the old key, and are really put on under the new one."""
    import torch

    old = AdaptedModel(stack, [outside(copy)])
    before = weights_hash(old.model)
    weighed(copy, lambda weights: {name: weight * 2 for name, weight in weights.items()})
    with pytest.raises(HarnessError, match="not what it was when it was brought in"):
        _ = old.model
    assert weights_hash(AdaptedModel(stack, [outside(copy)]).model) != before
    assert torch.isfinite(stack.base.model.lm_head.weight).all()
    stack.bare()


@pytest.mark.parametrize("name", [CONFIG, WEIGHTS])
def test_missing_files(stack, copy, usable, name):
    """A folder without configuration or weights, and no folder at all, are told by name."""
    (copy / name).unlink()
    assert f"the adapter has no {name}" in refused(stack, copy)
    assert f"the adapter has no {CONFIG}" in refused(stack, copy / "nowhere")


@pytest.mark.parametrize("keep", [0, 5, 60, -1])
def test_truncated_weights(stack, copy, usable, keep):
    """Weights cut off anywhere, in the header or by the last byte, are refused before anything is put on."""
    whole = (copy / WEIGHTS).read_bytes()
    (copy / WEIGHTS).write_bytes(whole[:keep])
    assert f"{WEIGHTS} cannot be read" in refused(stack, copy)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"peft_type": 3}', "{}"])
def test_a_broken_configuration(stack, copy, usable, text):
    """A configuration that is no JSON, or does not say what it is, is told."""
    (copy / CONFIG).write_text(text, encoding="utf-8")
    assert f"{CONFIG} cannot be read" in refused(stack, copy)


@pytest.mark.mistake("T5", rule="T205", stage="run")
def test_another_base(stack, copy, usable):
    """An adapter that names another base is refused; folder and owner of the same name do not matter."""
    assert "[T205] the adapter is for someone/Large-7B" in refused(stack, configured(copy, base_model_name_or_path="someone/Large-7B"))
    fits(configured(copy, base_model_name_or_path="someone/Little"), stack.base.fingerprint, stack.base.spec)


@pytest.mark.mistake("T3", rule="T208", stage="run")
def test_no_weights_inside(stack, copy, usable):
    """A file of weights without weights changes nothing, and is not an adapter."""
    assert "holds no weights" in refused(stack, weighed(copy, lambda weights: {}))


@pytest.mark.parametrize("rank", [2, 8])
def test_wrong_shapes(stack, copy, usable, rank):
    """Tensors of another rank than the configuration says do not fit."""
    assert "does not fit the model" in refused(stack, configured(copy, r=rank))


def test_another_width(stack, copy, usable):
    """Tensors of a wider model do not fit."""
    wider = weighed(copy, lambda weights: {name: weight.repeat(2, 2) for name, weight in weights.items()})
    assert "does not fit the model" in refused(stack, wider)


def test_layers_that_the_model_has_not(stack, copy, usable):
    """An adapter of modules that the model lacks does not fit."""
    assert "does not fit the model" in refused(stack, configured(copy, target_modules=["c_attn"]))


@pytest.mark.mistake("T3", rule="T205", stage="run")
def test_tensors_missing_or_left_over(stack, copy, usable):
    """A tensor too few would be filled up at random, one too many be left out: both are refused."""
    assert "[T205] the adapter does not fit the model" in refused(stack, configured(copy, target_modules=["q_proj"]))
    configured(copy, target_modules=["q_proj", "v_proj"])
    assert "does not fit the model" in refused(stack, weighed(copy, lambda weights: dict(list(weights.items())[1:])))


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
@pytest.mark.mistake("T16", rule="T207", stage="run")
def test_weights_that_are_not_numbers(stack, copy, usable, value):
    """A NaN or an infinity in the last layer is found when it is merged; the layers merged before are taken off again."""

    def poisoned(weights):
        name = sorted(weights)[-1]
        weights[name][0, 0] = value
        return weights

    assert "not finite" in refused(stack, weighed(copy, poisoned))


def test_another_kind_of_adapter(stack, little_folder, tmp_path, usable):
    """IA3 multiplies, it does not add: it is refused by name."""
    from peft import IA3Config

    folder = made(little_folder, tmp_path / "ia3", kind=IA3Config, task_type="CAUSAL_LM")
    assert "is a IA3, not a LORA" in refused(stack, folder)


BEYOND = {
    "modules_to_save": {"modules_to_save": ["norm"]},
    "trainable_token_indices": {"trainable_token_indices": [5, 6]},
    "layer_replication": {"layer_replication": [[0, 2], [1, 3]]},
    "bias all": {"bias": "all"},
}


@pytest.mark.parametrize("what", BEYOND)
def test_an_adapter_that_does_more_than_add(stack, little_folder, tmp_path, usable, what):
    """Whole modules, single tokens, repeated layers and biases would stay in the base when the adapter is taken off."""
    assert what in refused(stack, made(little_folder, tmp_path / "adapter", **BEYOND[what]))


@pytest.mark.parametrize("module", ["embed_tokens", "lm_head"])
def test_tied_embeddings(stack, little_folder, tmp_path, usable, module):
    """Where reading and writing share one table, an adapter of either would be merged into both and give other logits than peft."""
    folder = made(little_folder, tmp_path / "adapter", target_modules=["q_proj", module])
    assert "weights that are no LoRA's" in refused(stack, folder)  # peft put a copy of the table beside it
    weighed(folder, lambda weights: {name: weight for name, weight in weights.items() if ".lora_" in name})
    assert "embeddings that the model uses twice" in refused(stack, folder)


def test_a_table_of_embeddings_beside_the_adapter(stack, copy, usable):
    """Embeddings saved beside the adapter would be written over the base's own, for good."""
    import torch

    table = {"base_model.model.model.embed_tokens.weight": torch.ones(stack.base.model.lm_head.weight.shape)}
    assert "weights that are no LoRA's" in refused(stack, weighed(copy, lambda weights: weights | table))


def test_a_broken_one_on_top_takes_all_off(stack, foreign, copy, usable):
    """Where the second adapter fails the first is taken off too: nothing half stays on."""
    configured(copy, r=8)
    assert AdaptedModel(stack, [outside(foreign)]).model is stack.base.model and stack.worn
    with pytest.raises(HarnessError, match="does not fit"):
        _ = AdaptedModel(stack, [outside(foreign), outside(copy)]).model


@pytest.mark.mistake("T5", rule="T205", stage="run")
def test_our_own_on_another_base(stack, tiny, tmp_path):
    """Our adapters say what they were trained on, and are refused elsewhere; a broken note is told."""
    folder = trained(Store(tmp_path), stack, epochs=1).folder()
    stack.bare()
    note = note_of(folder)
    assert note is not None and (note.base, note.below, note.epoch) == (stack.base.fingerprint, (), 1)
    assert intact(folder)
    fits(folder, stack.base.fingerprint, "whatever its name")
    for base, below in ((tiny.fingerprint, ()), (stack.base.fingerprint, ("other",))):
        with pytest.raises(HarnessError, match=r"\[T205\] the adapter was trained on another base"):
            fits(folder, base, stack.base.spec, below)
    (folder / NOTE).write_text("{}", encoding="utf-8")
    with pytest.raises(HarnessError, match=r"harness\.json cannot be read"):
        fits(folder, stack.base.fingerprint, stack.base.spec)
