"""A folder of weights is what its configuration says, or it is refused in one line that names the file or the tensor."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from harness.errors import HarnessError
from harness.models import local
from harness.models.weights import weight_files
from harness.training.trainer import quiet_libraries
from small_folders import make_folder

WEIGHTS, CONFIG, INDEX = "model.safetensors", "config.json", "model.safetensors.index.json"
POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:" + "0" * 64 + "\nsize 1\n"
QUERY = "model.layers.1.self_attn.q_proj.weight"


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return make_folder(tmp_path_factory.mktemp("models") / "whole")


@pytest.fixture
def folder(whole, tmp_path):
    return shutil.copytree(whole, tmp_path / "copy")


def refused(folder):
    """What is said, in one line, when the folder is loaded."""
    with pytest.raises(HarnessError) as refusal:
        local.load(f"local/{folder}", device="cpu")
    assert "\n" not in str(refusal.value) and len(str(refusal.value)) < 700
    return str(refusal.value)


def edit(folder, change):
    """Changes the stored tensors, a dict by name, in place."""
    from safetensors.torch import load_file, save_file

    weights = load_file(folder / WEIGHTS)
    change(weights)
    save_file(weights, folder / WEIGHTS, metadata={"format": "pt"})


def configure(folder, **values):
    config = json.loads((folder / CONFIG).read_text(encoding="utf-8")) | values
    (folder / CONFIG).write_text(json.dumps(config), encoding="utf-8")


def shard(folder):
    """Writes the same weights as several shards; returns their index, a dict."""
    from transformers import AutoModelForCausalLM

    AutoModelForCausalLM.from_pretrained(folder).save_pretrained(folder, max_shard_size="30KB")
    (folder / WEIGHTS).unlink(missing_ok=True)
    return json.loads((folder / INDEX).read_text(encoding="utf-8"))


def stored(folder):
    from safetensors.torch import load_file

    return load_file(folder / WEIGHTS)


def same_weights(folder, weights):
    import torch

    model = local.load(f"local/{folder}", device="cpu").model
    return all(torch.equal(weight, weights[name]) for name, weight in model.named_parameters())


@pytest.mark.parametrize("quantisation", [{"quant_method": "nonsense"}, {"quant_method": "torchao"}, {}])
@pytest.mark.parametrize("dtype", ["int8", "float32"])
def test_a_quantisation_that_nobody_reads(folder, quantisation, dtype):
    """A configuration that names a quantiser is believed only where that quantiser is in force: codes are no weights."""
    edit(folder, cast(dtype))
    configure(folder, quantization_config=quantisation)
    assert "quantis" in (line := refused(folder)) or "cannot be loaded" in line


def test_names_without_the_models_prefix(folder):
    """Saved by the bare model, every tensor is found all the same."""
    before = stored(folder)
    edit(folder, lambda weights: [shorten(name)(weights) for name in list(weights)])
    assert same_weights(folder, before)


def test_whole_folders_load(whole, folder, tmp_path):
    """Plain, in shards, with tied embeddings, and with old buffers that models compute today: every weight is the one in the files."""
    import torch

    assert same_weights(whole, stored(whole))
    before = stored(folder)
    shard(folder)
    assert same_weights(folder, before)
    tied = make_folder(tmp_path / "tied", tie_word_embeddings=True)
    assert "lm_head.weight" not in stored(tied) and same_weights(tied, stored(tied))
    edit(tied, lambda weights: weights.update({"lm_head.weight": weights["model.embed_tokens.weight"].clone()}))
    edit(tied, lambda weights: weights.update({"model.layers.0.self_attn.rotary_emb.inv_freq": torch.ones(4)}))
    assert same_weights(tied, stored(tied)) and "unused_tensors" not in local.load(f"local/{tied}", device="cpu").card


def test_a_tensor_that_belongs_nowhere_is_told(folder):
    """A head for another task changes nothing: the model loads, and its card names what was left out."""
    import torch

    edit(folder, lambda weights: weights.update({"score.weight": torch.zeros(2, 32)}))
    assert local.load(f"local/{folder}", device="cpu").card["unused_tensors"] == ["score.weight"]


def rename(weights):
    for name in list(weights):
        weights["transformer." + name] = weights.pop(name)


def fill(name, value):
    def change(weights):
        weights[name].view(-1)[3] = value

    return change


def cast(dtype):
    import torch

    return lambda weights: weights.update({QUERY: weights[QUERY].to(getattr(torch, dtype))})


def shorten(name):
    """Leaves out the model's own prefix, which transformers adds again."""
    return lambda weights: weights.update({name.removeprefix("model."): weights.pop(name)})


def add(name):
    import torch

    return lambda weights: weights.update({name: torch.zeros(32)})


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda weights: weights.pop(QUERY), f"the weights lack {QUERY}"),
        (lambda weights: weights.pop("lm_head.weight"), "the weights lack lm_head.weight"),
        (rename, "the weights lack lm_head.weight, .* and 18 more"),
        (lambda weights: add("model.layers.0.self_attn.q_proj.bias")(weights), "does not describe: model.layers.0.self_attn.q_proj.bias"),
        (lambda weights: add("model.layers.0.self_attn.q_norm.weight")(weights), "does not describe: model.layers.0.self_attn.q_norm.weight"),
        (lambda weights: add("model.layers.2.input_layernorm.weight")(weights), "does not describe: model.layers.2.input_layernorm.weight"),
        (lambda weights: add("model.embed_norm.weight")(weights), "does not describe: model.embed_norm.weight"),
        (fill(QUERY, float("nan")), f"{QUERY} holds numbers that are not finite"),
        (fill("lm_head.weight", float("inf")), "lm_head.weight holds numbers that are not finite"),
        (lambda weights: cast("int8")(weights), f"{QUERY} is stored as I8"),
        (lambda weights: cast("float8_e4m3fn")(weights), f"{QUERY} is stored as F8_E4M3"),
        (lambda weights: cast("int8")(weights) or shorten(QUERY)(weights), f"{QUERY.removeprefix('model.')} is stored as I8"),
        (lambda weights: weights.update({QUERY.removeprefix("model."): weights[QUERY] * 5}), f"q_proj.weight and {QUERY} are both stored"),
        (lambda weights: weights.update({"model." + QUERY: weights[QUERY] * 5}), f"{QUERY} and model.{QUERY} are both stored"),
        (lambda weights: weights[QUERY].zero_(), f"{QUERY} holds nothing but zeros"),
        (lambda weights: [weight.zero_() for weight in weights.values()], "holds nothing but zeros"),
        (lambda weights: weights.clear(), "holds no tensors"),
    ],
)
def test_tensors_that_are_not_what_they_should_be(folder, change, words):
    """Missing, renamed, foreign, not finite or quantised without a word: refused by name."""
    import re

    edit(folder, change)
    assert re.search(words, refused(folder))


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"num_hidden_layers": 3}, "lack model.layers.2"),
        ({"num_hidden_layers": 1}, "does not describe: model.layers.1"),
        ({"intermediate_size": 48}, r"other shapes than config.json says: model.layers.0.mlp.down_proj.weight \(32, 64\) instead of \(32, 48\)"),
        ({"tie_word_embeddings": True}, "ties reading and writing embeddings"),
        ({"model_type": "unheard"}, "cannot be loaded: .*unheard"),
        ({"model_type": "bert"}, "cannot be loaded|lack"),
        ({"hidden_size": "wide"}, "cannot be loaded"),
    ],
)
def test_a_configuration_of_another_model(folder, values, words):
    """What the configuration asks for and the file does not hold, or the other way round."""
    import re

    configure(folder, **values)
    assert re.search(words, refused(folder))


@pytest.mark.mistake("T2", rule="T206", stage="run")
def test_weights_without_a_tokenizer(folder):
    """What reads the weights must have learned with them."""
    (folder / "tokenizer.json").unlink()
    assert "[T206] the folder holds no tokenizer" in refused(folder)


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", POINTER, None])
@pytest.mark.parametrize("name", [CONFIG, "tokenizer.json"])
def test_broken_files(folder, name, text):
    """Configuration and tokenizer that are absent, cut off, empty or git-lfs pointers are named."""
    if text is None:
        (folder / name).unlink()
    else:
        (folder / name).write_text(text, encoding="utf-8")
    line = refused(folder)
    assert folder.name in line and ("tokenizer" in line or name in line)
    assert ("git-lfs" in line) == (text == POINTER)


@pytest.mark.parametrize("name", ["generation_config.json", "tokenizer_config.json", "special_tokens_map.json"])
def test_broken_settings(folder, name):
    """transformers goes on without a generation_config.json that it cannot read, and so without its end of turn."""
    (folder / name).write_text("{", encoding="utf-8")
    assert f"{name}: not JSON" in refused(folder)


@pytest.mark.parametrize("keep", [0, 5, 60, -1])
def test_weights_cut_off(folder, keep):
    """Weights cut off in the header or by the last byte."""
    (folder / WEIGHTS).write_bytes((folder / WEIGHTS).read_bytes()[:keep])
    assert f"{WEIGHTS}: the weights cannot be read" in refused(folder)


def test_pointers_and_dead_links_in_place_of_weights(folder):
    """A file that git-lfs did not fetch, and a link of the hub's cache that leads nowhere."""
    (folder / WEIGHTS).write_text(POINTER, encoding="utf-8")
    assert f"{WEIGHTS}: this is a git-lfs pointer" in refused(folder)
    (folder / WEIGHTS).unlink()
    os.symlink(folder / "blob", folder / WEIGHTS)
    assert f"{WEIGHTS}: the link leads to no file" in refused(folder)


def test_folders_without_weights(whole, tmp_path):
    """An empty folder, no folder, pickles alone, and safetensors by a name that nobody reads."""
    assert "holds no *.safetensors" in refused(tmp_path)
    assert "neither a folder nor a model" in refused(tmp_path / "nowhere")
    (tmp_path / "pytorch_model.bin").write_bytes(b"not read")
    assert "pickled weights are never loaded" in refused(tmp_path)
    shutil.copytree(whole, tmp_path, dirs_exist_ok=True)
    (tmp_path / WEIGHTS).rename(tmp_path / "consolidated.safetensors")
    assert f"the folder has no {WEIGHTS}" in refused(tmp_path)


def test_shards_and_their_index(folder):
    """A shard that is absent or cut off, an index that names what no shard holds, and weights beside an index."""
    index = shard(folder)
    first, *others = sorted(set(index["weight_map"].values()))
    assert others
    whole = (folder / first).read_bytes()
    (folder / first).write_bytes(whole[:-1])
    assert f"{first}: the weights cannot be read" in refused(folder)
    (folder / first).unlink()
    assert f"the shard {first} is not in the folder" in refused(folder)
    (folder / first).write_bytes(whole)
    placed = index["weight_map"]
    wrong = next(name for name in (first, *others) if name != placed[QUERY])
    for weight_map in (placed | {"model.more": first}, placed | {QUERY: wrong}, {}, {QUERY: f"../{first}"}):
        (folder / INDEX).write_text(json.dumps(index | {"weight_map": weight_map}), encoding="utf-8")
        assert f"{INDEX}: the " in refused(folder)
    (folder / WEIGHTS).write_bytes(whole)
    assert "holds both" in refused(folder)


def test_a_tokenizer_of_another_model(folder):
    """A tokenizer that writes tokens without an embedding."""
    from small_folders import byte_tokenizer

    tokenizer = byte_tokenizer()
    tokenizer.add_tokens([" comes", " right"])
    tokenizer.save_pretrained(folder)
    assert "the tokenizer writes token" in refused(folder)


def test_an_adapter_in_the_folder(folder, tmp_path):
    """transformers would put it on unasked; alone, it would fetch the base that it names. Both are refused, and the mend says how to load it."""
    from peft import LoraConfig, get_peft_model

    with quiet_libraries():
        model = get_peft_model(local.load(f"local/{folder}", device="cpu").model, LoraConfig(task_type="CAUSAL_LM", target_modules=["q_proj"]))
    for place in (folder, tmp_path / "alone"):
        model.save_pretrained(place)
        assert "holds an adapter" in refused(place) and "docs/persona_leakage.md" in refused(place)
    for name in ("adapter_config.json", "adapter_model.safetensors"):
        (folder / name).unlink()
    assert local.load(f"local/{folder}", device="cpu").card["parameters"]


def test_files_that_change_while_they_are_loaded(folder, monkeypatch):
    """The fingerprint is that of the weights that were loaded."""
    first = local.identity(f"local/{folder}")["weights_sha256"]
    answers = iter([first, "another"])
    monkeypatch.setattr(local, "weights_sha256", lambda spec: next(answers))
    assert "changed while they were loaded" in refused(folder)


def test_identity_reads_every_file_that_decides(folder):
    """Weights, tokenizer, settings and templates, those of tools included, change the identity; a README does not."""
    spec, seen = f"local/{folder}", set()
    (folder / "additional_chat_templates").mkdir()
    for name in ("README.md", WEIGHTS, "tokenizer.json", "generation_config.json", "chat_template.jinja", "additional_chat_templates/tool_use.jinja"):
        path = folder / name
        path.write_bytes((path.read_bytes() if path.exists() else b"") + b" ")
        seen.add(local.identity(spec)["weights_sha256"])
        assert (path in local.spec_files(spec)) == (name != "README.md")
    assert len(seen) == 6 and local.spec_files(spec) == weight_files(Path(folder))
