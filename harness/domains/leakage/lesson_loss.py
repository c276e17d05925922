"""How surprising the rows of a training are to a model before it is trained on them: the loss that their training would begin with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from harness.code_dependencies import code_fingerprint
from harness.measures.banks import partition
from harness.models.forward import check_finite, check_length, mask_of, next_logits
from harness.training.packing import group_by_stem, pack_batch
from harness.training.tokens import encode_row

if TYPE_CHECKING:
    from harness.models.model import Model
    from harness.training.rows import Row
    from harness.training.tokens import EncodedRow

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
        encoded = [encode_row(self.model.tokenizer, row, max_length=self.max_length) for row in chunk]
        ordered = [row for group in group_by_stem(encoded) for row in group]  # as they are packed
        losses = dict(zip(map(id, ordered), self.read(ordered), strict=True))
        return [
            {"status": "ok", "item": row.id, "prompt": row.asked, "text": row.answer, "loss": losses[id(tokens)], "learned": tokens.learned}
            for row, tokens in zip(chunk, encoded, strict=True)
        ]

    def read(self, rows: Sequence[EncodedRow]) -> list[float]:
        """The mean loss of each row, of all in one pass: rows under one system prompt share its tokens, as in training."""
        import torch

        check_length(self.model, max(len(row.ids) for row in rows), packed=True)
        model, batch = self.model.model, pack_batch(rows)
        reads, labels = (batch.pop(name).to(model.device) for name in ("reads", "labels"))
        seen = {name: values.to(model.device) for name, values in batch.items()}
        seen["attention_mask"] = mask_of(model, seen["attention_mask"])
        with torch.inference_mode():
            logits = next_logits(model, reads, **seen, use_cache=False)[0]
            losses = torch.nn.functional.cross_entropy(logits, labels, reduction="none")
        check_finite(self.model, bool(losses.isfinite().all()))
        return [float(part.double().mean()) for part in torch.split(losses, [row.learned for row in rows])]
