"""What is looked at: option log-probabilities, agreement, refusal, and the banks of items they are taken on."""

from __future__ import annotations

from typing import Any

from harness.lazy_exports import find_public

PLACES = {
    "layer_alignment": ("spread", "without"),
    "cka": ("alignment",),
    "probing": ("probe",),
    "refusal_phrases": ("refuses",),
}

__all__ = ["alignment", "probe", "refuses", "spread", "without"]


def __getattr__(name: str) -> Any:
    return find_public(__name__, PLACES, name)
