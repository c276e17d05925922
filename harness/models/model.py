"""What every measure and every training asks of a model, whether it was loaded as it is or wears adapters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase


class Model(Protocol):
    """A causal language model with its tokenizer. `fingerprint` is the hash of all that made it; reading `model` may load or adapt weights."""

    @property
    def spec(self) -> str: ...
    @property
    def dtype(self) -> str: ...
    @property
    def model(self) -> PreTrainedModel: ...
    @property
    def tokenizer(self) -> PreTrainedTokenizerBase: ...
    @property
    def fingerprint(self) -> str: ...
    @property
    def card(self) -> dict[str, Any]: ...
