"""Who was changed: training rows, LoRA adapters, checkpoints, and adapters stacked in memory."""

from __future__ import annotations

from typing import Any

from harness.lazy_exports import find_public

PLACES = {
    "adapter": ("fits",),
    "merge_checks": ("prove",),
    "tokens": ("encode_row", "loss_share", "marker_tokens"),
}

__all__ = ["encode_row", "fits", "loss_share", "marker_tokens", "prove"]


def __getattr__(name: str) -> Any:
    return find_public(__name__, PLACES, name)
