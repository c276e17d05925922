"""A model's numbers are its own: of its own forward pass, within its context, and finite."""

from __future__ import annotations

import math

import pytest

from harness.errors import HarnessError
from harness.measures.branches import Branches, Tree
from harness.measures.hidden import hidden_states
from harness.models import local
from harness.models.chat import chat
from harness.models.forward import context_tokens
from harness.models.sampling import Prefilled, Sampler
from harness.training.packing import pack_batch
from harness.training.tokens import IGNORED, EncodedRow
from harness.training.trainer import learner
from small_folders import byte_tokenizer, make_folder

SIZE = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2, "initializer_range": 0.5}
# Models that do something to the logits behind the head, that add the mask to their scores, that see a window, or that count positions otherwise.
FAMILIES = {
    "Llama": {},
    "Gemma2": {"head_dim": 8, "final_logit_softcapping": 5.0, "attn_logit_softcapping": 2.0},
    "Granite": {"logits_scaling": 8.0, "residual_multiplier": 0.5},
    "Cohere": {"logit_scale": 0.0625},
    "Mistral": {"sliding_window": 12},
    "GPTJ": {"rotary_dim": 4, "num_key_value_heads": None},
    "OPT": {"ffn_dim": 64, "word_embed_proj_dim": 32, "init_std": 0.5, "num_key_value_heads": None},
}


def family(folder, name, **other):
    """A loaded model of that family, of random weights."""
    import torch
    import transformers

    tokenizer = byte_tokenizer()
    ends = {"bos_token_id": tokenizer.bos_token_id, "eos_token_id": tokenizer.eos_token_id, "pad_token_id": None}
    settings = {key: value for key, value in ({"vocab_size": len(tokenizer)} | SIZE | ends | FAMILIES.get(name, {}) | other).items() if value is not None}
    with torch.random.fork_rng():
        torch.manual_seed(0)
        config = getattr(transformers, f"{name}Config")(**settings)
        getattr(transformers, f"{name}ForCausalLM")(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return local.load(f"local/{folder}", device="cpu")


def own(model, ids):
    """Logits (tokens, vocabulary) of the model itself."""
    import torch

    with torch.inference_mode():
        return model.model(input_ids=torch.tensor([list(ids)])).logits[0].float()


@pytest.mark.parametrize("name", FAMILIES)
def test_logits_are_the_models_own(tmp_path, name):
    """Sampled, scored and trained on, a text has the logits that the model itself gives: padded, packed and behind a shared prefix."""
    import torch

    model = family(tmp_path / name, name)
    prompts = [[5, 6, *range(20, 40)], [5, 6, 9]]
    with torch.inference_mode():
        state = Prefilled(model, prompts, 1)
        first = state.logits()
        state.step([50, 51])
    for row, prompt in enumerate(prompts):
        assert torch.allclose(first[row], own(model, prompt)[-1], atol=1e-4)
        assert torch.allclose(state.logits()[row], own(model, [*prompt, 50 + row])[-1], atol=1e-4)
    tree = Tree(context=(5, 6, 7, 8), branches=((30, 31), (32,)))
    sums = [own(model, tree.context + branch).log_softmax(-1)[3:-1].gather(1, torch.tensor(branch)[:, None]).sum().item() for branch in tree.branches]
    assert Branches(model, (5, 6)).score([tree])[0] == pytest.approx(sums, abs=1e-4)
    rows = [EncodedRow(ids=(5, 6, 7, *ids), labels=(IGNORED, IGNORED, IGNORED, *ids), stem=2) for ids in ((40, 41), (42, 43, 44))]
    losses = [torch.nn.functional.cross_entropy(own(model, row.ids)[:-1], torch.tensor(row.labels)[1:], reduction="sum") for row in rows]
    assert loss(model.model, rows).item() == pytest.approx(sum(one.item() for one in losses), rel=1e-5)


def loss(model, rows):
    """What the trainer's loss is, summed over all tokens, without training."""
    from types import SimpleNamespace

    bare = SimpleNamespace(unwrap_model=lambda wrapped: SimpleNamespace(get_base_model=lambda: wrapped))
    return learner().compute_loss(SimpleNamespace(accelerator=bare), model, pack_batch(rows), num_items_in_batch=1)


@pytest.mark.parametrize(("name", "more"), [("Mamba", {"num_key_value_heads": None}), ("Lfm2", {"layer_types": ["conv", "full_attention"]}), ("Mpt", {})])
def test_a_model_that_does_not_go_by_the_mask_is_refused(tmp_path, name, more):
    """Recurrent layers and positions counted by place mix what is packed or padded: refused at load, in one line."""
    with pytest.raises(HarnessError, match="padded or packed") as refusal:
        family(tmp_path / name, name, **more)
    assert "\n" not in str(refusal.value)


@pytest.fixture(scope="module")
def short(tmp_path_factory):
    """A model that reads 40 tokens."""
    return local.load(f"local/{make_folder(tmp_path_factory.mktemp('models') / 'short', max_position_embeddings=40)}", device="cpu")


def test_texts_beyond_the_context_are_refused(short):
    """Prompts with their answers, choices, texts to read and training rows: up to the context, and not one token beyond."""
    from harness.training.recipe import Recipe
    from harness.training.trainer import train

    sampler, beyond = Sampler(short, max_new_tokens=8), "context of 40"
    prompt = [short.tokenizer("x" * 32)["input_ids"], "x" * 32]
    assert sampler.complete([prompt[1]], seed=1)[0].tokens <= 8
    assert len(Branches(short).score([Tree(context=tuple(range(39)), branches=((1,),))])) == 1 and hidden_states(short, ["x" * 40]).shape[1] == 1
    row = EncodedRow(ids=(5,) * 41, labels=(IGNORED,) * 40 + (5,))
    for ask in (
        lambda: sampler.complete(["x", "x" * 33], seed=1),
        lambda: sampler.answer([chat("x" * 300)], seed=1),
        lambda: Branches(short).score([Tree(context=tuple(range(39)), branches=((1,), (1, 2)))]),
        lambda: hidden_states(short, ["x", "x" * 41]),
        lambda: train(short, [row], Recipe(learning_rate=1e-3, epochs=1), 1, None, lambda *_: None),
    ):
        with pytest.raises(HarnessError, match=beyond) as refusal:
            ask()
        assert "\n" not in str(refusal.value)


def test_packed_texts_beyond_the_window_are_refused(tmp_path):
    """A mask of ours has no window, so a packed text must fit in it."""
    model = family(tmp_path / "window", "Mistral")
    assert Branches(model).score([Tree(context=tuple(range(11)), branches=((1,),))])
    with pytest.raises(HarnessError, match="more than the 12 that a layer"):
        Branches(model).score([Tree(context=tuple(range(12)), branches=((1,),))])


def test_the_context_is_what_the_configuration_says():
    """Under whatever name, stretched by YaRN, or none at all."""
    from types import SimpleNamespace

    from transformers import GPT2Config, LlamaConfig

    assert context_tokens(GPT2Config(n_positions=64)) == 64 and context_tokens(LlamaConfig(max_position_embeddings=128)) == 128
    yarn = {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 128, "rope_theta": 10000.0}
    assert context_tokens(SimpleNamespace(max_position_embeddings=128, rope_parameters=yarn)) == 512
    assert context_tokens(SimpleNamespace(max_position_embeddings=128, rope_parameters={"full_attention": yarn, "sliding_attention": None})) == 512
    assert context_tokens(SimpleNamespace(max_position_embeddings=None)) is None and context_tokens(SimpleNamespace()) is None


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_numbers_that_are_not_finite_are_refused(short, value, monkeypatch):
    """Whatever is asked of a model whose logits or states are not finite, greedily or drawn: an error, never an answer."""
    import torch

    weight = short.model.model.norm.weight
    spoilt = torch.full_like(weight, value)
    monkeypatch.setattr(weight, "data", spoilt)
    for ask in (
        lambda: Sampler(short, max_new_tokens=4, temperature=0).complete(["x"], seed=1),
        lambda: Sampler(short, max_new_tokens=4).complete(["x"], seed=1),
        lambda: Branches(short).score([Tree(context=(5, 6), branches=((1,), (2,)))]),
        lambda: hidden_states(short, ["xx"]),
    ):
        with pytest.raises(HarnessError, match="not finite"):
            ask()


def test_weights_that_overflow_are_refused_at_load(tmp_path):
    """Finite weights whose logits are not."""
    from safetensors.torch import load_file, save_file

    file = make_folder(tmp_path / "huge") / "model.safetensors"
    weights = load_file(file)
    weights["model.norm.weight"] *= 1e38
    save_file(weights, file, metadata={"format": "pt"})
    with pytest.raises(HarnessError, match="not finite"):
        local.load(f"local/{tmp_path / 'huge'}", device="cpu")


@pytest.mark.parametrize("temperature", [math.nan, math.inf, -1.0, 1e-40])
def test_temperatures_that_cannot_be_divided_by(short, temperature):
    """Not a number, infinite, negative, or so small that logits leave the range of float32."""
    with pytest.raises(HarnessError, match="cannot be sampled with"):
        Sampler(short, max_new_tokens=4, temperature=temperature)
