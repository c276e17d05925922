"""Who answers: chat templates, local weights, sampling, and the providers behind an interface."""

from __future__ import annotations

from typing import Any

from harness.lazy_exports import find_public

PLACES = {
    "chat": ("render_question", "slipped_in"),
    "responder": ("COMPARED",),
    "status": ("ANSWERED",),
}

__all__ = ["ANSWERED", "COMPARED", "render_question", "slipped_in"]


def __getattr__(name: str) -> Any:
    return find_public(__name__, PLACES, name)
