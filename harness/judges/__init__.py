"""Judges of answers: classifiers on this machine, models behind an API with a rubric, and how often either is right."""

from __future__ import annotations

from typing import Any

from harness.lazy_exports import find_public

PLACES = {"judging": ("answers_of",), "likeness": ("Likeness",)}

__all__ = ["Likeness", "answers_of"]


def __getattr__(name: str) -> Any:
    return find_public(__name__, PLACES, name)
