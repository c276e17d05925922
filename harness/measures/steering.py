"""Is a direction in a layer more than a reading: does a model act otherwise when it is added? (Turner et al., 2023; Arditi et al., 2024)

A difference of means between texts of two kinds is a direction along which they can be told apart. Only adding it, beside a random direction as long,
says whether the model goes by it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

from harness.code_dependencies import code_fingerprint
from harness.errors import HarnessError
from harness.measures.refusal_openings import RefusalScorer
from harness.seeds import generator

if TYPE_CHECKING:
    import numpy as np

    from harness.measures.banks import Request
    from harness.models.model import Model

    Array = np.ndarray[Any, Any]


def difference_of_means(states: Array, labels: Sequence[bool]) -> Array:
    """(width,): the mean of the states (texts, width) labelled true less that of the others. Raises HarnessError where a kind has none."""
    import numpy as np

    told = np.asarray(labels, dtype=bool)
    if len(told) != len(states) or told.all() or not told.any():
        raise HarnessError(f"{told.sum()} of {len(told)} labels for {len(states)} texts are true", where="difference_of_means", mend="Give both kinds.")
    found: Array = states[told].mean(axis=0) - states[~told].mean(axis=0)
    return found


def random_direction(width: int, norm: float, *seed: object) -> Array:
    """(width,): a direction drawn evenly from all, of length `norm`."""
    import numpy as np

    drawn: Array = generator("random direction", *seed).normal(size=width)
    return drawn * (norm / float(np.linalg.norm(drawn)))


@contextmanager
def steered(model: Model, layer: int, direction: Array) -> Iterator[None]:
    """Inside, `direction` (width,) is added to what the model holds in `layer` at every token; layers count as in `hidden_states`, 1 is behind the first
    block. Raises HarnessError for the embeddings, the last layer (it stands behind the final norm) and another width."""
    import torch

    blocks, width = model.model.get_decoder().layers, model.model.config.get_text_config().hidden_size
    if not 1 <= layer < len(blocks) or direction.shape != (width,):
        mend = f"Give a layer from 1 to {len(blocks) - 1} and a direction of {width} numbers."
        raise HarnessError(f"layer {layer} cannot be moved along a direction of shape {direction.shape}", where=model.spec, mend=mend)
    added = torch.tensor(direction, dtype=model.model.dtype, device=model.model.device)

    def add(_block: Any, _given: Any, put_out: Any) -> Any:
        return (put_out[0] + added, *put_out[1:]) if isinstance(put_out, tuple) else put_out + added

    handle = blocks[layer - 1].register_forward_hook(add)
    try:
        yield
    finally:
        handle.remove()


class SteeredRefusals:
    """Refusal of requests by log-probability, while a direction is added to one layer; without a direction, as the model is, under `system` if given."""

    outcome, unit, sampling_unit = "probability", "rate", "request"

    def __init__(self, model: Model, layer: int, direction: Array | None, made_of: Mapping[str, Any] | None = None, system: str | None = None) -> None:
        """`made_of` says what the direction was made of and determines it; without a direction it is None."""
        if (direction is None) != (made_of is None):
            raise HarnessError("a direction goes with what it was made of", where="SteeredRefusals", mend="Give both, or neither.")
        self.scorer, self.model, self.layer, self.direction, self.made_of = RefusalScorer(model, system), model, layer, direction, made_of

    def describe(self) -> dict[str, Any]:
        """All that decides a row, except the request itself. JSON-able."""
        told = None if self.made_of is None else {"layer": self.layer, **self.made_of}
        return self.scorer.describe() | {"measure": "refusal openings under a direction", "steered": told, "code": code_fingerprint(__name__)}

    def chunks(self, items: Sequence[Request]) -> list[list[Request]]:
        return self.scorer.chunks(items)

    def score(self, chunk: Sequence[Request]) -> list[dict[str, Any]]:
        """The rows of a RefusalScorer; the shared beginning of the requests is read under the direction, too."""
        with nullcontext() if self.direction is None else steered(self.model, self.layer, self.direction):
            return self.scorer.score(chunk)
