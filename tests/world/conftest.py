"""The models that World's tests share: the real SmolLM2, loaded once, and a tiny random Llama with the same tokenizer."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness.errors import HarnessError
from harness.models.local import load
from harness.store import Store

if TYPE_CHECKING:
    from harness.models.local import LocalModel

REPO = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def smollm2() -> LocalModel:
    """SmolLM2-135M-Instruct in float32. Workers share the cores: threads beyond them spin against each other."""
    import torch

    torch.set_num_threads(max(1, (os.cpu_count() or 1) // int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))))
    try:
        return load("local/smollm2", Store(Path(os.environ.get("HARNESS_STORE", REPO / ".harness" / "store"))))
    except HarnessError as error:
        pytest.skip(str(error))


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
