"""What is looked at: option log-probabilities, agreement, refusal, and the banks of items they are taken on."""

from __future__ import annotations

from typing import Any

from harness.lazy_exports import find_public

PLACES = {
    "before_answer": ("answer_states",),
    "answers": ("AnswerProbe", "Prompt"),
    "banks": ("Request",),
    "correspondence": ("TextShares", "canonical_scores", "held_out", "linear_map", "paired_units"),
    "layer_alignment": ("TextAlignment", "cka_change", "jackknife_interval", "remove_linear_part"),
    "cka": ("alignment",),
    "probe_transfer": ("transferred",),
    "probing": ("HeldOutPredictions", "probe"),
    "steering": ("SteeredRefusals", "difference_of_means", "random_direction"),
    "refusal_phrases": ("refuses",),
    "items": ("Item",),
    "recorded_scores": ("recorded",),
    "scorers": ("judge", "numeric", "regex"),
}

__all__ = [
    "AnswerProbe",
    "HeldOutPredictions",
    "Item",
    "Prompt",
    "Request",
    "SteeredRefusals",
    "TextAlignment",
    "TextShares",
    "alignment",
    "answer_states",
    "canonical_scores",
    "cka_change",
    "difference_of_means",
    "held_out",
    "jackknife_interval",
    "judge",
    "linear_map",
    "numeric",
    "paired_units",
    "probe",
    "random_direction",
    "recorded",
    "refuses",
    "regex",
    "remove_linear_part",
    "transferred",
]


def __getattr__(name: str) -> Any:
    return find_public(__name__, PLACES, name)
