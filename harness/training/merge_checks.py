"""Proofs that stacking does what it says: merged and unmerged logits agree, the adapters change something, and the base comes back to the last bit."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from statistics import mean
from typing import TYPE_CHECKING, Any

import msgspec

from harness.measures.branches import encode
from harness.models.chat import Message, render
from harness.training.adapter_stack import AdaptedModel, gradients_kept, unwrap

if TYPE_CHECKING:
    import torch


class Proof(msgspec.Struct, frozen=True, kw_only=True):
    """Differences of a next-token log-probability (nats) over `tokens` places: merged against unmerged (`merged` the largest, `merged_mean` the mean
    of their sizes), with against without the adapters (`changed`, `changed_mean`). `untouched`: every weight of the base is bit for bit what it was."""

    merged: float
    merged_mean: float
    changed: float
    changed_mean: float
    untouched: bool
    tokens: int


def prove(adapted: AdaptedModel, conversations: Sequence[Sequence[Message]]) -> Proof:
    """Runs some conversations bare, merged and with the adapters side by side (peft's own forward pass), and compares the bare weights before and after."""
    texts = [render(adapted.tokenizer, turns[:-1], answer_prefix=turns[-1].content) for turns in conversations]
    tokens = [encode(adapted.tokenizer, text) for text in texts]
    stack = adapted.stack
    stack.bare()
    before, bare = weights_hash(stack.base.model), [chances(stack.base.model, row) for row in tokens]
    merged = [chances(adapted.model, row) for row in tokens]
    stack.bare()
    with gradients_kept(stack.base.model):
        try:
            side_by_side = [chances(model, row) for model in [activate_unmerged(adapted)] for row in tokens]
        finally:
            unwrap(stack.base.model)
    return Proof(
        merged=max(differences(merged, side_by_side)),
        merged_mean=mean(differences(merged, side_by_side)),
        changed=max(differences(merged, bare)),
        changed_mean=mean(differences(merged, bare)),
        untouched=weights_hash(stack.base.model) == before,
        tokens=sum(map(len, tokens)),
    )


def activate_unmerged(adapted: AdaptedModel) -> Any:
    """The base with all adapters of the stack active beside its weights."""
    from peft import PeftModel

    from harness.training.trainer import quiet_libraries

    names = [f"layer{depth}" for depth in range(len(adapted.layers))]
    with quiet_libraries():
        model = PeftModel.from_pretrained(adapted.stack.base.model, str(adapted.layers[0].folder()), adapter_name=names[0])
        for name, layer in zip(names[1:], adapted.layers[1:], strict=True):
            model.load_adapter(str(layer.folder()), adapter_name=name)
        model.base_model.set_adapter(names)
    return model.eval()


def chances(model: Any, tokens: Sequence[int]) -> torch.Tensor:
    """Log-probabilities of the tokens that came, float32 (tokens - 1)."""
    import torch

    ids = torch.tensor([list(tokens)], device=model.device)
    with torch.inference_mode():
        logits = model(input_ids=ids).logits[0, :-1].float()
    found: torch.Tensor = logits.log_softmax(dim=-1).gather(1, ids[0, 1:, None])[:, 0]
    return found


def differences(first: Sequence[torch.Tensor], second: Sequence[torch.Tensor]) -> list[float]:
    """The size of the difference at every place."""
    return [size for one, other in zip(first, second, strict=True) for size in (one - other).abs().tolist()]


def weights_hash(model: Any) -> str:
    """sha256 over every weight's bytes, in name order."""
    import torch

    digest = hashlib.sha256()
    for name, weight in sorted(model.named_parameters()):
        digest.update(name.encode())
        digest.update(weight.detach().cpu().contiguous().view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()
