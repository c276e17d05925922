"""What is looked at: option log-probabilities, agreement, refusal, and the banks of items they are taken on."""

from __future__ import annotations

from typing import Any

from harness.lazy_exports import find_public

PLACES = {
    "answers": ("Prompt",),
    "layer_alignment": ("TextAlignment", "jackknife_interval", "remove_linear_part"),
    "cka": ("alignment",),
    "probing": ("HeldOutPredictions", "probe"),
    "refusal_phrases": ("refuses",),
    "items": ("Item",),
    "recorded_scores": ("recorded",),
    "scorers": ("judge", "numeric", "regex"),
}

__all__ = [
    "HeldOutPredictions",
    "Item",
    "Prompt",
    "TextAlignment",
    "alignment",
    "jackknife_interval",
    "judge",
    "numeric",
    "probe",
    "recorded",
    "refuses",
    "regex",
    "remove_linear_part",
]


def __getattr__(name: str) -> Any:
    return find_public(__name__, PLACES, name)
