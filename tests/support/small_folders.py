"""Whole model folders made in a moment: two layers of random weights, a tokenizer of single bytes, and a plain chat template."""

from __future__ import annotations

from pathlib import Path
from typing import Any

PLAIN = "{{ bos_token }}{% for m in messages %}<|{{ m.role }}|>{{ m.content }}<|end|>{% endfor %}{% if add_generation_prompt %}<|assistant|>{% endif %}"
SPECIAL = ("<s>", "<|end|>", "<|user|>", "<|assistant|>", "<|system|>")


def byte_tokenizer(template: str = PLAIN) -> Any:
    """Every byte is a token of its own; the marks of the turns are special tokens."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    vocabulary = {letter: number for number, letter in enumerate(sorted(pre_tokenizers.ByteLevel.alphabet()))}
    plain = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    plain.pre_tokenizer, plain.decoder = pre_tokenizers.ByteLevel(add_prefix_space=False), decoders.ByteLevel()
    plain.add_special_tokens([AddedToken(token, special=True) for token in SPECIAL])
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=plain, bos_token="<s>", eos_token="<|end|>")
    tokenizer.chat_template = template
    return tokenizer


def make_folder(folder: Path, **other: Any) -> Path:
    """A Llama of random weights (seed 0) with its tokenizer, saved by `save_pretrained`; `other` goes to its configuration."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    tokenizer = byte_tokenizer()
    size = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2}
    ends = {"bos_token_id": tokenizer.bos_token_id, "eos_token_id": tokenizer.eos_token_id}
    with torch.random.fork_rng():
        torch.manual_seed(0)
        LlamaForCausalLM(LlamaConfig(**({"vocab_size": len(tokenizer), "initializer_range": 0.2} | size | ends | other))).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def change_template(model: Any) -> None:
    model.tokenizer.chat_template += "{# #}"


def change_special_token(model: Any) -> None:
    model.tokenizer.eos_token = "<|user|>"


def add_token(model: Any) -> None:
    model.tokenizer.add_special_tokens({"additional_special_tokens": ["<|user|>", "<|new|>"]})


def change_end(model: Any) -> None:
    model.model.generation_config.eos_token_id = 3


# In memory, each of them gives a model another key.
CHANGES = [change_template, change_special_token, add_token, change_end]
