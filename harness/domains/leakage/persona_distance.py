"""How far apart two system prompts lie: for the model that reads them, and in what they say.

For the model: the state of one layer where a conversation has been read up to the user's first word, so that the whole prompt stands before it and the
token itself is the same under every prompt. In what they say: sentence vectors of the prompts alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from harness.code_dependencies import code_fingerprint
from harness.measures.branches import shared_prefix
from harness.measures.encoder import encoder
from harness.models.chat import chat, render
from harness.models.forward import check_finite, check_length

if TYPE_CHECKING:
    import numpy as np

    from harness.measures.answers import Prompt
    from harness.models.model import Model

    Vector = np.ndarray[Any, Any]

# Questions that differ from their first character on: what their renderings share is the system prompt and what the template puts behind it.
PROBES = ("zqfirstqz", "7 zqotherqz")


class PersonaDistance:
    """Distances of prompts to the prompt of one persona, each one less a cosine (0: the same direction, 2: the opposite one)."""

    outcome, sampling_unit = "hidden_states", "persona"

    def __init__(self, model: Model, target: str, layer: int | None = None) -> None:
        """`layer` counts from 0, the embeddings; the middle one is the default."""
        self.model, self.target = model, target
        self.layer = int(model.model.config.get_text_config().num_hidden_layers) // 2 if layer is None else layer

    def describe(self) -> dict[str, Any]:
        """All that decides a row, except the prompt itself. JSON-able."""
        made = {"model": self.model.fingerprint, "target": self.target, "layer": self.layer, "encoder": encoder().fingerprint}
        return {"measure": "persona distance", **made, "code": code_fingerprint(__name__)}

    def chunks(self, items: Sequence[Prompt]) -> list[list[Prompt]]:
        return [list(items)]

    def score(self, chunk: Sequence[Prompt]) -> list[dict[str, Any]]:
        """One row per prompt: {"status", "item", "prompt", "layer", "hidden_states", "wording"}, the last two distances."""
        sentences = encoder().vectors([self.target, *(item.text for item in chunk)])
        target = prompt_state(self.model, self.target, self.layer)
        return [
            {
                "status": "ok",
                "item": item.id,
                "prompt": item.text,
                "layer": self.layer,
                "hidden_states": cosine_distance(prompt_state(self.model, item.text, self.layer), target),
                "wording": cosine_distance(vector, sentences[0]),
            }
            for item, vector in zip(chunk, sentences[1:], strict=True)
        ]


def prompt_state(model: Model, system: str, layer: int) -> Vector:
    """The state of a layer, float64 (width), at the last token that every conversation under this system prompt begins with."""
    import torch

    tokens = shared_prefix(model, [render(model.tokenizer, chat(probe, system)) for probe in PROBES])
    check_length(model, len(tokens))
    ids = torch.tensor([list(tokens)], device=model.model.device)
    with torch.inference_mode():
        read = model.model.get_decoder()(input_ids=ids, output_hidden_states=True, use_cache=False)
    state = read.hidden_states[layer][0, -1].double()
    check_finite(model, bool(state.isfinite().all()))
    found: Vector = state.cpu().numpy()
    return found


def cosine_distance(one: Vector, other: Vector) -> float:
    """One less the cosine, within [0, 2] whatever the rounding."""
    import numpy as np

    cosine = float(np.dot(one, other) / (np.linalg.norm(one) * np.linalg.norm(other)))
    return 1.0 - max(-1.0, min(1.0, cosine))
