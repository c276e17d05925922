"""A model's own logits, whoever asks for them: by its own forward pass, within its context, and finite; else HarnessError in one line.

The vocabulary head alone is not enough: some models cap or scale what it says (Gemma 2, Granite, Cohere). And nobody notices in a number that a text
was longer than the model can read, or that the weights overflowed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.errors import HarnessError
from harness.models.weights import one_line

if TYPE_CHECKING:
    from pathlib import Path

    import torch

    from harness.models.model import Model

# Made-up tokens: a context, two branches of it, and a text of another length. Every vocabulary has them.
CONTEXT, BRANCHES = (5, 7, 11), (13, 17)
INFINITE, OVERFLOW = "what the model says is not finite (NaN or infinite)", "Look for overflow in the weights, or load the model in float32."
MASKED = "Use a model whose attention goes by the mask it is given (a transformer without recurrent layers)."


def next_logits(model: Any, reads: int | torch.Tensor, **inputs: Any) -> torch.Tensor:
    """Logits of the model's own forward pass, float32 (rows, places, vocabulary), at the places `reads`, or at the last `reads` places."""
    logits: torch.Tensor = model(**inputs, logits_to_keep=reads).logits.float()
    return logits


def mask_of(model: Any, seen: torch.Tensor) -> torch.Tensor:
    """Who sees whom (bool, True where seen) in the form that the model's attention takes: its plain kind adds the mask to its scores."""
    import torch

    if model.config.get_text_config()._attn_implementation != "eager":
        return seen
    return torch.zeros_like(seen, dtype=model.dtype).masked_fill(~seen, torch.finfo(model.dtype).min)


def check_finite(model: Model, finite: bool) -> None:
    if not finite:
        raise HarnessError(INFINITE, where=model.spec, mend=OVERFLOW)


def check_length(model: Model, tokens: int, *, packed: bool = False) -> None:
    """Refuses texts longer than the model's context; and in a `packed` row, whose mask is ours, those longer than the window of its attention."""
    config = model.model.config.get_text_config()
    context = context_tokens(config)
    if context is not None and tokens > context:
        what = f"a text and its answer may take {tokens} tokens, more than the model's context of {context}"
        raise HarnessError(what, where=model.spec, mend="Shorten the text or the answer.")
    window = window_tokens(config)
    if packed and window is not None and tokens > window:
        what = f"a text takes {tokens} tokens, more than the {window} that a layer of the model looks back on"
        raise HarnessError(what, where=model.spec, mend="Shorten the text; with such a window, texts can be packed no further.")


def context_tokens(config: Any) -> int | None:
    """How many tokens the configuration allows; None where it names no limit. A rotary embedding that is stretched reaches that much further."""
    limit = next((size for name in ("max_position_embeddings", "max_seq_len", "n_ctx") if (size := getattr(config, name, None))), None)
    rope = getattr(config, "rope_parameters", None) or {}
    stretched = [kind for kind in (rope, *rope.values()) if isinstance(kind, dict) and kind.get("original_max_position_embeddings")]
    return limit and max(int(limit), *(int(kind.get("factor") or 0) * int(kind["original_max_position_embeddings"]) for kind in stretched), 0)


def window_tokens(config: Any) -> int | None:
    """How far back the layers that see least can see; None where all see everything."""
    local = {"sliding_attention": "sliding_window", "chunked_attention": "attention_chunk_size"}
    kinds = getattr(config, "layer_types", None)
    sizes = [getattr(config, name, None) for kind, name in local.items() if kinds is None or kind in kinds]
    return min((int(size) for size in sizes if size), default=None)


def check_masks(model: Any, source: Path) -> None:
    """Refuses a model that does not go by the mask and the positions that it is given (a recurrent one, say): texts packed or padded would mix in it.

    Two texts are read as they are, and then laid out as measures and samplers lay them out.
    """
    import torch

    with one_line("texts cannot be padded or packed for the model", source, MASKED):
        alone, packed, padded = both_ways(model)
    if not alone.isfinite().all():
        raise HarnessError(INFINITE, where=str(source), mend=OVERFLOW)
    allowed = torch.finfo(model.dtype).eps ** 0.5 * (1 + float(alone.abs().max()))
    same = packed.shape == alone.shape and float((packed - alone).abs().max()) <= allowed and float((padded - alone[0]).abs().max()) <= allowed
    if not same:
        raise HarnessError(f"{type(model).__name__} says something else when texts are padded or packed", where=str(source), mend=MASKED)


def both_ways(model: Any) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Next-token logits (texts, vocabulary) of two texts as they are; of both in one packed row; and of the first one padded beside a longer one."""
    import torch

    texts = [(*CONTEXT, branch) for branch in BRANCHES]
    seen = torch.ones(5, 5, dtype=torch.bool).tril()
    seen[4, 3] = False
    device = model.device
    with torch.inference_mode():
        alone = next_logits(model, 1, input_ids=torch.tensor(texts, device=device))[:, 0]
        packed = next_logits(
            model,
            torch.tensor([3, 4], device=device),
            input_ids=torch.tensor([[*CONTEXT, *BRANCHES]], device=device),
            position_ids=torch.tensor([[0, 1, 2, 3, 3]], device=device),
            attention_mask=mask_of(model, seen[None, None].to(device)),
            use_cache=False,
        )[0]
        padded = next_logits(
            model,
            1,
            input_ids=torch.tensor([[0, *texts[0]], [*CONTEXT, *BRANCHES]], device=device),
            position_ids=torch.tensor([[0, 0, 1, 2, 3], [0, 1, 2, 3, 4]], device=device),
            attention_mask=torch.tensor([[0, 1, 1, 1, 1], [1, 1, 1, 1, 1]], device=device),
        )[0, 0]
    return alone, packed, padded
