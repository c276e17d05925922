"""What a model holds at the last token before its answer, layer by layer: where it is about to refuse or to comply (Arditi et al., 2024).

A mean over a prompt's tokens (hidden.py) tells what was asked; this token tells more of what will be done about it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from harness.errors import HarnessError
from harness.measures.branches import encode
from harness.models.chat import Message
from harness.models.forward import check_finite, check_length
from harness.models.transcript_responder import as_read

if TYPE_CHECKING:
    import numpy as np

    from harness.models.model import Model

    Array = np.ndarray[Any, Any]

BATCH = 16


def answer_states(model: Model, conversations: Sequence[Sequence[Message]]) -> Array:
    """States at the last token, float32 (layers + 1, texts, width): embeddings first, the last layer after its final norm.

    A text's states depend on the texts beside it by rounding alone, and on their order not at all. Raises HarnessError for no texts and for a model in
    training mode.
    """
    import numpy as np

    if model.model.training or not conversations:
        fault, mend = ("the model is in training mode", "Call model.eval() first.") if conversations else ("there are no texts to read", "Give at least one.")
        raise HarnessError(fault, where=model.spec, mend=mend)
    texts = [as_read(model.tokenizer, turns) for turns in conversations]
    tokens = {text: encode(model.tokenizer, text) for text in texts}
    check_length(model, max(map(len, tokens.values())))
    distinct = sorted(tokens, key=lambda text: (len(tokens[text]), text))
    found = [last_states(model, [tokens[text] for text in distinct[start : start + BATCH]]) for start in range(0, len(distinct), BATCH)]
    check_finite(model, all(np.isfinite(states).all() for states in found))
    place = {text: number for number, text in enumerate(distinct)}
    return np.concatenate(found, axis=1)[:, [place[text] for text in texts]]


def last_states(model: Model, rows: Sequence[Sequence[int]]) -> Array:
    """(layers + 1, rows, width). Rows are filled up on their right, where nothing sees the filling."""
    import torch

    longest, device = max(map(len, rows)), model.model.device
    ids = torch.tensor([[*row, *[0] * (longest - len(row))] for row in rows], device=device)
    seen = torch.tensor([[1] * len(row) + [0] * (longest - len(row)) for row in rows], device=device)
    with torch.inference_mode():
        output = model.model.get_decoder()(input_ids=ids, attention_mask=seen, output_hidden_states=True, use_cache=False)
        ends = seen.sum(dim=1) - 1
        last = torch.stack([states[torch.arange(len(rows), device=device), ends] for states in output.hidden_states])
    return last.float().cpu().numpy()
