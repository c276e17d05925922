"""Every kind of adapter that the installed peft knows is worn as peft itself wears it and taken off to the bit, or refused with the base untouched.

The kinds are read from peft's own lists, so that a new one has to be decided upon here.
"""

from __future__ import annotations

import dataclasses
import enum
import re
import shutil

import pytest

from harness.errors import HarnessError
from harness.models.local import load
from harness.training.adapter import INITIAL, NOTES, OFF, PRODUCTS, WEIGHTS, adapter_files, config_of, fits
from harness.training.adapter_stack import Stack, load_beside
from harness.training.merge_checks import weights_hash
from harness.training.trainer import quiet_libraries
from small_folders import make_folder
from training_room import configured, made, weighed

peft = pytest.importorskip("peft")

# How each choice of `LoraConfig` is tried out, where it is not a note: worn (True) or refused (False).
WORN = {
    "r": {"r": 2},
    "lora_alpha": {"lora_alpha": 32},
    "target_modules": {"target_modules": "all-linear"},
    "exclude_modules": {"exclude_modules": ["layers.0.self_attn.q_proj"]},
    "layers_to_transform": {"layers_to_transform": [1]},
    "layers_pattern": {"layers_to_transform": [0], "layers_pattern": "layers"},
    "rank_pattern": {"rank_pattern": {"q_proj": 2}},
    "alpha_pattern": {"alpha_pattern": {"q_proj": 64}, "use_rslora": True},
    "use_rslora": {"use_rslora": True},
    "use_dora": {"use_dora": True, "use_rslora": True, "rank_pattern": {"q_proj": 2}},
}
REFUSED = {
    "bias": "all",
    "modules_to_save": ["norm"],
    "megatron_config": {"tensor_model_parallel_size": 1},
    "trainable_token_indices": [5, 6],
    "loftq_config": {"loftq_bits": 4},
    "corda_config": {"cache_file": None, "covariance_file": None},
    "lora_ga_config": {"direction": "ArB2r"},
    "velora_config": {"num_groups": 2},
    "alora_invocation_tokens": [5, 6],
    "use_qalora": True,
    "monteclora_config": {"num_samples": 8},
    "layer_replication": [[0, 2], [1, 2]],
    "lora_bias": True,
    "target_parameters": ["model.layers.0.self_attn.q_proj.weight"],
    "use_bdlora": {"nblocks": 2},
    "arrow_config": {"top_k": 3},
    "kasa_config": {"beta": 1.0},
    "ensure_weight_tying": True,
}


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return make_folder(tmp_path_factory.mktemp("models") / "base")


@pytest.fixture(scope="module")
def stack(base):
    return Stack(load(f"local/{base}", device="cpu"))


@pytest.fixture(scope="module")
def plain(base, tmp_path_factory):
    return made(base, tmp_path_factory.mktemp("adapters") / "plain")


@pytest.fixture
def copy(plain, tmp_path):
    return shutil.copytree(plain, tmp_path / "adapter")


@pytest.fixture(autouse=True)
def untouched(stack):
    """Whatever the test does, the base has the same bits and tensors afterwards, and its answers are the same."""
    import torch

    before, places, said = weights_hash(stack.base.model), places_of(stack), logits(stack.base.model)
    yield
    stack.wear([])
    assert weights_hash(stack.base.model) == before and places_of(stack) == places
    assert torch.equal(logits(stack.base.model), said) and not hasattr(stack.base.model, "peft_config")


def places_of(stack):
    return {name: weight.data_ptr() for name, weight in stack.base.model.state_dict().items()}


def logits(model):
    import torch

    with torch.inference_mode():
        return model(input_ids=torch.arange(40)[None]).logits.clone()


def theirs(base, folder):
    """What peft says with the adapter beside a fresh base."""
    with quiet_libraries():
        return logits(load_beside(load(f"local/{base}", device="cpu").model, folder).eval())


def assert_worn(stack, base, folder):
    import torch

    fits(folder, stack.base.fingerprint, stack.base.spec)
    stack.bare()
    bare, ours = logits(stack.base.model), logits(stack.wear([folder]))
    assert torch.allclose(ours, theirs(base, folder), atol=1e-4) and (ours - bare).abs().max() > 1e-3


def refused(stack, folder):
    """What is said, in one line, by the check and by the stack alone; nothing of the base changes at any moment."""
    before = weights_hash(stack.base.model)
    lines = []
    for attempt in (lambda: fits(folder, stack.base.fingerprint, stack.base.spec), lambda: stack.wear([folder])):
        with pytest.raises(HarnessError) as refusal:
            attempt()
        assert "\n" not in str(refusal.value) and len(str(refusal.value)) < 600
        assert weights_hash(stack.base.model) == before
        lines.append(str(refusal.value))
    assert lines[0] == lines[1]
    return lines[0]


def initialisations():
    """What peft says `init_lora_weights` may be, with a number where it wants one."""
    field = next(field for field in dataclasses.fields(peft.LoraConfig) if field.name == "init_lora_weights")
    named = re.findall(r"['\"]([^'\"]+)['\"]", str(field.type))
    assert {"gaussian", "pissa"} <= set(named)
    # Taken by peft's code without being listed, and one that no version knows.
    return [True, False, *(re.sub(r"\[.*\]", "4", name) for name in named), "lora_ga", "pissa_niter_16", "PiSSA", "tomorrow", None, 1, {}]


@pytest.mark.parametrize("initial", initialisations(), ids=str)
def test_every_initialisation(stack, base, copy, initial):
    """Those that leave the base alone are worn; those that rewrite it, or are not known, are refused by name."""
    configured(copy, init_lora_weights=initial)
    if any(initial is known or (initial == known and type(initial) is type(known)) for known in INITIAL):
        assert_worn(stack, base, copy)
    else:
        assert f"init_lora_weights {initial!r}" in refused(stack, copy)


def test_what_rewrites_the_base_is_not_proved():
    """The list of what is worn is as long as what has been proved here, and a new member of peft's own list is not in it."""
    listed = {one for one in initialisations()[:-7] if one in INITIAL}
    assert listed == set(INITIAL)
    assert set(initialisations()[:-7]) - listed == {"pissa", "pissa_niter_4", "olora", "corda", "loftq"}


@pytest.mark.parametrize("initial", [True, "gaussian", "orthogonal", "mica"])
def test_as_trained(stack, base, tmp_path, initial):
    """Made by peft, changed as training changes it, saved: what is worn is what peft held before it was saved."""
    import torch

    with quiet_libraries(), torch.random.fork_rng():
        config = peft.LoraConfig(r=4, target_modules=["q_proj", "v_proj"], task_type="CAUSAL_LM", init_lora_weights=initial)
        model = peft.get_peft_model(load(f"local/{base}", device="cpu").model, config).eval()
        with torch.no_grad():
            for name, weight in model.named_parameters():
                if "lora_" in name:
                    weight.add_(torch.randn_like(weight) * 0.05)
        model.save_pretrained(tmp_path / "adapter")
    assert torch.allclose(logits(stack.wear([tmp_path / "adapter"])), logits(model), atol=1e-4)


def test_every_choice_is_decided():
    """A field that a newer peft adds belongs to one of these lists before anybody relies on it."""
    fields = {field.name for field in dataclasses.fields(peft.LoraConfig)}
    tried = set(WORN) | set(REFUSED) | NOTES | {"init_lora_weights", "fan_in_fan_out", "eva_config"}
    assert fields == tried and set(REFUSED).isdisjoint(PRODUCTS | NOTES) and tried - set(REFUSED) >= PRODUCTS


@pytest.mark.parametrize("choice", WORN)
def test_choices_that_are_worn(stack, base, tmp_path, choice):
    """Ranks, scales and layers by pattern, DoRA and rank stabilisation give what they give under peft."""
    assert_worn(stack, base, made(base, tmp_path / "adapter", **WORN[choice]))


@pytest.mark.parametrize("choice", REFUSED)
def test_choices_that_are_refused(stack, copy, choice):
    """What does more than add products to weights is named before anything is changed."""
    assert choice in refused(stack, configured(copy, **{choice: REFUSED[choice]}))


def test_choices_of_a_newer_peft(stack, base, copy):
    """A field that is not known here is refused where it is in use, and does not matter where it says that it is not."""
    assert "use_tomorrow True" in refused(stack, configured(copy, use_tomorrow=True))
    for off in OFF:
        assert_worn(stack, base, configured(copy, use_tomorrow=off))


@pytest.mark.parametrize("kind", [kind.value for kind in peft.PeftType] + ["TOMORROW"])
def test_every_other_type(stack, copy, kind):
    """Adapters that are no LoRA are refused by the name of their type."""
    configured(copy, peft_type=kind)
    if kind == "LORA":
        assert isinstance(peft.PeftType.LORA, enum.Enum) and config_of(copy).peft_type == kind
    else:
        assert f"is a {kind}, not a LORA" in refused(stack, copy)


def test_eva_and_its_settings(stack, base, copy):
    """An adapter that EVA began holds EVA's settings, which matter to its beginning alone."""
    assert_worn(stack, base, configured(copy, init_lora_weights="eva", eva_config=dataclasses.asdict(peft.EvaConfig())))


def test_layers_that_lie_the_other_way(tmp_path):
    """GPT-2 keeps its weights transposed (fan_in_fan_out): worn as peft does, and given back."""
    import torch
    from transformers import GPT2Config, GPT2LMHeadModel

    make_folder(tmp_path / "gpt")
    GPT2LMHeadModel(GPT2Config(vocab_size=261, n_embd=32, n_layer=2, n_head=2, bos_token_id=0, eos_token_id=1)).save_pretrained(tmp_path / "gpt")
    gpt = Stack(load(f"local/{tmp_path / 'gpt'}", device="cpu"))
    before = weights_hash(gpt.base.model)
    for choices in ({}, {"use_dora": True}):
        folder = made(tmp_path / "gpt", tmp_path / "adapter", target_modules=["c_attn"], fan_in_fan_out=True, **choices)
        assert_worn(gpt, tmp_path / "gpt", folder)
        gpt.bare()
        assert weights_hash(gpt.base.model) == before and torch.isfinite(logits(gpt.base.model)).all()


def test_another_scale_is_put_on(stack, copy):
    """The same weights under another configuration are another adapter, and are not taken for what is worn already."""
    worn = logits(stack.wear([configured(copy, lora_alpha=8)]))
    assert (logits(stack.wear([configured(copy, lora_alpha=16)])) - worn).abs().max() > 1e-3


@pytest.mark.parametrize("half", ["lora_A", "lora_B", ""])
def test_an_adapter_that_changes_nothing(stack, copy, half):
    """A scale of 0 and weights that were never trained: refused like an empty file, alone and on top of another adapter, and the base is bare again."""
    from safetensors.torch import load_file, save_file

    below, before = shutil.copytree(copy, copy.parent / "below"), weights_hash(stack.base.model)
    if half:
        weights = {name: weight * 0 if half in name else weight for name, weight in load_file(copy / WEIGHTS).items()}
        save_file(weights, copy / WEIGHTS, metadata={"format": "pt"})
    else:
        configured(copy, lora_alpha=0)
    for worn in ([copy], [below, copy]):
        with pytest.raises(HarnessError, match="the adapter changes nothing") as refusal:
            stack.wear(worn)
        assert "\n" not in str(refusal.value) and weights_hash(stack.base.model) == before


def test_weights_that_fit_nothing(stack, copy):
    """A tensor that peft has no place for would be left out in silence."""
    import torch

    name = "base_model.model.model.layers.0.self_attn.k_proj.lora_A.weight"
    weighed(copy, lambda weights: weights | {name: torch.ones(4, 32)})
    with pytest.raises(HarnessError, match=r"does not fit the model: .*k_proj"):
        stack.wear([copy])


def test_files_of_an_adapter(stack, copy):
    """What wearing reads is listed; a pointer or whole numbers in place of weights are refused."""
    assert [path.name for path in adapter_files(copy)] == ["adapter_config.json", "adapter_model.safetensors"]
    weighed(copy, lambda weights: {name: weight.char() for name, weight in weights.items()})
    with pytest.raises(HarnessError, match=r"no floats: .* \(I8\)"):
        fits(copy, stack.base.fingerprint, stack.base.spec)
    (copy / WEIGHTS).write_text("version https://git-lfs.github.com/spec/v1\n", encoding="utf-8")
    assert "git-lfs pointer" in refused(stack, copy)


@pytest.mark.parametrize("how", ["replaced", "written into"])
def test_a_base_that_is_rewritten_while_loading(stack, base, plain, monkeypatch, how):
    """Should peft rewrite the base all the same, it is noticed: a new tensor is put back, a changed one is told."""

    model, honest = stack.base.model, load_beside
    query = model.model.layers[0].self_attn.q_proj.weight
    before = query.data.clone()

    def rewriting(model, folder):
        wrapped = honest(model, folder)
        if how == "replaced":
            query.data = query.data * 2
        else:
            query.data.mul_(2)
        return wrapped

    from harness.training import adapter_stack

    monkeypatch.setattr(adapter_stack, "load_beside", rewriting)
    with pytest.raises(HarnessError, match=r"rewrote the base|was changed"):
        stack.wear([plain])
    if how == "written into":
        query.data.copy_(before)
    assert not stack.worn


def test_a_base_that_is_written_into_while_worn(stack, plain):
    """Taking off notices that the weights set aside are not what they were."""
    stack.wear([plain])
    name, (weight, _) = next(iter(stack._wear.aside.items()))
    before = weight.clone()
    weight.mul_(2)
    with pytest.raises(HarnessError, match=f"changed while it wore adapters: {name}"):
        stack.bare()
    weight.copy_(before)
