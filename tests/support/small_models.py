"""The models that tests share: the real SmolLM2, loaded once, and a tiny random Llama with the same tokenizer."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness.errors import HarnessError
from harness.measures.encoder import Encoder, encoder, find_packaged_encoder
from harness.models.local import load
from harness.models.precision import threads
from harness.store import Store

if TYPE_CHECKING:
    from harness.models.local import LocalModel

REPO = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def smollm2() -> LocalModel:
    """SmolLM2-135M-Instruct in float32. Workers share the cores: threads beyond them spin against each other."""
    import torch

    torch.set_num_threads(threads("float32"))
    try:
        return load("local/smollm2", Store(Path(os.environ.get("HARNESS_STORE", REPO / ".harness" / "store"))))
    except HarnessError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def encoding() -> Iterator[Encoder]:
    """The packaged sentence encoder, on one thread: more wait for each other on busy cores. Skips where it is not installed."""
    try:
        find_packaged_encoder()
    except HarnessError as error:
        pytest.skip(str(error))
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield encoder()
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def tiny(smollm2: LocalModel) -> LocalModel:
    """Two layers of random weights, float32. Weights are large, so that its distributions are peaked as a trained model's are."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(smollm2.tokenizer),
        hidden_size=48,
        intermediate_size=96,
        num_hidden_layers=2,
        num_attention_heads=6,
        num_key_value_heads=2,
        initializer_range=0.5,
        bos_token_id=1,
        eos_token_id=2,
    )
    return dataclasses.replace(smollm2, spec="tiny", model=LlamaForCausalLM(config).eval(), fingerprint="tiny")


@pytest.fixture(scope="session")
def little_folder(smollm2: LocalModel, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of safetensors with three layers of random weights and SmolLM2's own tokenizer and template: what a training needs, 40 times smaller.

    Its embeddings are large enough that training can make a token likely: with 0.1 no log-probability could rise above -5.
    """
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    config = LlamaConfig(
        vocab_size=len(smollm2.tokenizer),
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=3,
        num_attention_heads=4,
        num_key_value_heads=2,
        tie_word_embeddings=True,
        initializer_range=0.3,
        bos_token_id=1,
        eos_token_id=2,
        pad_token_id=2,
    )
    folder = tmp_path_factory.mktemp("models") / "little"
    with torch.random.fork_rng():
        torch.manual_seed(0)
        LlamaForCausalLM(config).save_pretrained(folder)
    smollm2.tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def little(little_folder: Path) -> LocalModel:
    """The model of `little_folder`. Whoever trains or stacks adapters on it leaves it bare."""
    return load(f"local/{little_folder}", device="cpu")


@pytest.fixture(scope="module")
def single(little: LocalModel) -> Iterator[None]:
    """One thread: sums are added up in the same order in every process, and small models are faster."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
