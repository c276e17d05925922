"""A stack of adapters as one LoRA of summed rank, for programs that wear one adapter at a time, such as an inference server.

The sum of low-rank products is itself one: A's above one another, B's, each times its scaling, beside one another. Nothing is merged into weights. Every
layer has the same rank and a scaling of 1, with zeros where an adapter has a smaller rank or does not reach, since not every reader knows ranks by layer.
The sum of none is a LoRA of zeros, for programs that take a base without an adapter for one with.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from harness.errors import HarnessError
from harness.fingerprint import file_fingerprint, fingerprint
from harness.store import Store, write_json
from harness.training.adapter import CONFIG, WEIGHTS, config_of
from harness.training.adapter_stack import AdaptedModel

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel

    from harness.models.model import Model

KIND = "summed-adapters"
PREFIX, FACTORS = "base_model.model.", (".lora_A.weight", ".lora_B.weight")


# A layer's (A, scaled B), (rank, in) and (out, rank), by its name.
Factors = dict[str, tuple["torch.Tensor", "torch.Tensor"]]


def summed_key(model: Model) -> str:
    """Identity of the sum: base, adapters, precision and this code."""
    return fingerprint({"stack": model.fingerprint, "dtype": model.dtype, "code": file_fingerprint(Path(__file__))})


def summed_folder(store: Store, model: Model) -> Path:
    """The folder in the store of the LoRA that changes the base as this stack does, in PEFT's form and the base's dtype; trains what is not there yet. For a
    model without adapters it changes nothing.

    Raises HarnessError for adapters that do not fit, and for those that are no plain LoRA on linear layers (DoRA, embeddings).
    """

    def make(place: Path) -> None:
        weights = model.model  # puts the adapters on, and so makes those that are not there and checks that they fit
        worn = [folder for folder, *_ in model.stack.worn] if isinstance(model, AdaptedModel) else []
        write_sum(place, [factors_of(folder) for folder in worn] or [zeros(weights)], model.spec, model.dtype)

    return store.folder(KIND, summed_key(model), make)


def zeros(model: PreTrainedModel) -> Factors:
    """Rank 1 on the first linear layer, and nothing there."""
    import torch

    name, layer = next((name, module) for name, module in model.named_modules() if isinstance(module, torch.nn.Linear))
    return {name: (torch.zeros(1, layer.in_features), torch.zeros(layer.out_features, 1))}


def write_sum(place: Path, parts: Sequence[Factors], spec: str, dtype: str) -> None:
    """Writes the sum of adapters, one or more, into `place`."""
    import torch
    from safetensors.torch import save_file

    ranks = [max(len(inner) for inner, _ in part.values()) for part in parts]
    names = sorted({name for part in parts for name in part})
    tensors: dict[str, torch.Tensor] = {}
    for name in names:
        factors = join_factors([part[name] for part in parts if name in part], sum(ranks))
        tensors |= {PREFIX + name + ending: factor.to(getattr(torch, dtype)) for ending, factor in zip(FACTORS, factors, strict=True)}
    save_file(tensors, place / WEIGHTS)
    config = {"peft_type": "LORA", "task_type": "CAUSAL_LM", "base_model_name_or_path": spec, "inference_mode": True}
    write_json(place / CONFIG, config | {"r": sum(ranks), "lora_alpha": sum(ranks), "target_modules": names}, pretty=True)


def factors_of(folder: Path) -> Factors:
    """Those of an adapter, float32."""
    from safetensors.torch import load_file

    config_of(folder)
    choices: dict[str, Any] = msgspec.json.decode((folder / CONFIG).read_bytes())
    weights = {name.removeprefix(PREFIX): weight.float() for name, weight in load_file(folder / WEIGHTS).items()}
    plain = {name for name, weight in weights.items() if name.endswith(FACTORS) and weight.dim() == 2}
    if choices.get("use_dora") or plain != weights.keys():
        told = "DoRA" if choices.get("use_dora") else min(weights.keys() - plain)
        mend = "Sample it without the setting server, or merge it into a base of its own"
        raise HarnessError(f"the adapter is no plain LoRA on linear layers ({told}), so it cannot be added to others", where=str(folder), mend=mend)
    layers = sorted({name.removesuffix(ending) for name in weights for ending in FACTORS if name.endswith(ending)})
    return {name: (weights[name + FACTORS[0]], weights[name + FACTORS[1]] * scaling(choices, name)) for name in layers}


def scaling(choices: Mapping[str, Any], layer: str) -> float:
    """By what peft multiplies the product of a layer."""
    from peft.utils.other import get_pattern_key

    rank, alpha = (
        float((choices.get(pattern) or {}).get(get_pattern_key(list(choices.get(pattern) or {}), layer), choices[whole]))
        for pattern, whole in (("rank_pattern", "r"), ("alpha_pattern", "lora_alpha"))
    )
    return alpha / math.sqrt(rank) if choices.get("use_rslora") else alpha / rank


def join_factors(factors: Sequence[tuple[torch.Tensor, torch.Tensor]], rank: int) -> tuple[torch.Tensor, torch.Tensor]:
    """One A (rank, in) and one B (out, rank), filled up with zeros, whose product is the sum of the products."""
    import torch

    inner, outer = torch.cat([a for a, _ in factors], dim=0), torch.cat([b for _, b in factors], dim=1)
    missing = rank - len(inner)
    return torch.nn.functional.pad(inner, (0, 0, 0, missing)), torch.nn.functional.pad(outer, (0, missing))


def rank_of(folder: Path) -> int:
    """The rank of a LoRA in PEFT's form."""
    return int(msgspec.json.decode((folder / CONFIG).read_bytes())["r"])
