"""What it means: intervals, criteria, rules, families of tests, confidence."""

from __future__ import annotations

from typing import Any

from harness.lazy_exports import find_public

PLACES = {
    "family": ("benjamini_hochberg", "holm"),
    "intervals": ("rate_interval",),
    "tests": ("SMALLEST_P",),
}

__all__ = ["SMALLEST_P", "benjamini_hochberg", "holm", "rate_interval"]


def __getattr__(name: str) -> Any:
    return find_public(__name__, PLACES, name)
