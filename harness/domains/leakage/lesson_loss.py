"""How surprising the rows of a training are to a model before it is trained on them: the loss that their training would begin with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from harness.code_dependencies import code_fingerprint
from harness.measures.banks import partition
from harness.models.forward import check_finite, check_length, next_logits
from harness.training.tokens import IGNORED, encode_row

if TYPE_CHECKING:
    from harness.models.model import Model
    from harness.training.rows import Row

CHUNK = 16


class LessonLoss:
    """Mean negative log-probability of the tokens of each row that training would take loss on, in nats a token, under one model."""

    outcome, unit, sampling_unit = "loss", "nats", "row"

    def __init__(self, model: Model, max_length: int) -> None:
        """Raises HarnessError when a row with more than `max_length` tokens is scored, as its training would."""
        self.model, self.max_length = model, max_length

    def describe(self) -> dict[str, Any]:
        """All that decides a row, except the row itself. JSON-able."""
        return {"measure": "lesson loss", "model": self.model.fingerprint, "max_length": self.max_length, "chunk": CHUNK, "code": code_fingerprint(__name__)}

    def chunks(self, items: Sequence[Row]) -> list[list[Row]]:
        """The rows in groups of 16 by (tokens, id)."""
        return partition(self.model.tokenizer, items, lambda row: row.asked + row.answer, CHUNK)

    def score(self, chunk: Sequence[Row]) -> list[dict[str, Any]]:
        """One row per training row: {"status", "item", "prompt", "text", "loss" (nats a token), "learned" (tokens that carry it)}."""
        return [self.read(row) for row in chunk]

    def read(self, row: Row) -> dict[str, Any]:
        import torch

        encoded = encode_row(self.model.tokenizer, row, max_length=self.max_length)
        check_length(self.model, len(encoded.ids))
        wanted = [place for place, label in enumerate(encoded.labels) if label != IGNORED]
        device = self.model.model.device
        with torch.inference_mode():
            before = torch.tensor([place - 1 for place in wanted], device=device)
            logits = next_logits(self.model.model, before, input_ids=torch.tensor([encoded.ids], device=device), use_cache=False)[0]
            came = torch.tensor([encoded.ids[place] for place in wanted], device=device)
            loss = torch.nn.functional.cross_entropy(logits, came)
        check_finite(self.model, bool(loss.isfinite()))
        return {"status": "ok", "item": row.id, "prompt": row.asked, "text": row.answer, "loss": float(loss), "learned": len(wanted)}
