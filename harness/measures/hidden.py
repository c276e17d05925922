"""What a model makes of a text, layer by layer: the mean of its hidden states over the prompt's tokens.

Every conversation begins with the same tokens (the begin-of-text token, the template's or the transcript's opening). A token sees only what stands
before it, so their states are the same whatever is asked; in a mean they would tell nothing but the text's length, and loudly, since the first
token's state is far larger than all others. They are read, and left out of the mean.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from harness.errors import HarnessError
from harness.measures.branches import encode, shared_prefix
from harness.models.chat import Message, chat
from harness.models.forward import check_finite, check_length
from harness.models.transcript_responder import as_read

if TYPE_CHECKING:
    import numpy as np

    from harness.models.model import Model

    Array = np.ndarray[Any, Any]

BATCH = 16
PROBES = ("zqfirstqz", "7 zqotherqz")


def conversation_states(model: Model, conversations: Sequence[Sequence[Message]], *, base: bool = False) -> Array:
    """`hidden_states` of conversations as the model reads them before it answers: its chat template, or a transcript for a `base` model."""
    texts = [as_read(model.tokenizer, turns, base=base) for turns in conversations]
    return hidden_states(model, texts, skip=opening(model, base=base))


def opening(model: Model, *, base: bool = False) -> int:
    """With how many tokens every conversation without a system turn begins."""
    return len(shared_prefix(model, [as_read(model.tokenizer, chat(probe), base=base) for probe in PROBES]))


def hidden_states(model: Model, texts: Sequence[str], *, skip: int = 0) -> Array:
    """Mean-pooled states, float32 (layers + 1, texts, width): embeddings first, the last layer after its final norm. `skip` tokens are left out.

    In float32 a text's vectors depend on the texts beside it by less than 1e-5 of the vector's length, and on their order not at all; in bfloat16 by
    about 1e-2. Texts hold their own special tokens. Raises HarnessError for a text of no more than `skip` tokens, and for a model in training mode.
    """
    import numpy as np

    if model.model.training:
        raise HarnessError("the model is in training mode, so dropout would decide its states", where=model.spec, mend="Call model.eval() first.")
    tokens = {text: encode(model.tokenizer, text) for text in texts}
    for text, ids in tokens.items():
        if len(ids) <= skip:
            raise HarnessError(f"a text has {len(ids)} tokens, and {skip} are left out", where=repr(text[:60]), mend="Give longer texts, or a smaller skip.")
    check_length(model, max(map(len, tokens.values()), default=0))
    distinct = sorted(tokens, key=lambda text: (len(tokens[text]), text))
    if not distinct:
        raise HarnessError("there are no texts to read", where=model.spec, mend="Give at least one.")
    found = [batch(model, [tokens[text] for text in distinct[start : start + BATCH]], skip) for start in range(0, len(distinct), BATCH)]
    check_finite(model, all(np.isfinite(states).all() for states in found))
    place = {text: number for number, text in enumerate(distinct)}
    return np.concatenate(found, axis=1)[:, [place[text] for text in texts]]


def batch(model: Model, rows: Sequence[Sequence[int]], skip: int) -> Array:
    """(layers + 1, rows, width). Rows are filled up on their right, where nothing sees the filling, and the mean does not count it."""
    import torch

    longest, device = max(map(len, rows)), model.model.device
    ids = torch.tensor([[*row, *[0] * (longest - len(row))] for row in rows], device=device)
    seen = torch.tensor([[1] * len(row) + [0] * (longest - len(row)) for row in rows], device=device)
    counted = (seen.cumsum(dim=1) > skip) & seen.bool()
    with torch.inference_mode():
        output = model.model.get_decoder()(input_ids=ids, attention_mask=seen, output_hidden_states=True, use_cache=False)
        means = [mean_over_tokens(states, counted) for states in output.hidden_states]
    return torch.stack(means).cpu().numpy()


def mean_over_tokens(states: Any, counted: Any) -> Any:
    """Means over the counted tokens, float32 (rows, width) from (rows, tokens, width), added up in float64."""
    weights = counted.double()
    return ((states.double() * weights[..., None]).sum(dim=1) / weights.sum(dim=1, keepdim=True)).float()
