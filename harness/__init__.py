"""harness: alignment experiments as pytest tests. This is the public door; what is not named here may change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from harness.design.declaring import control, gate, hypothesis, kill
    from harness.errors import HarnessError, Inconclusive
    from harness.records import Calibration, Cell, Effect, Interval, Measurement, Results, Threshold

__version__ = "0.1.0"

__all__ = [
    "Calibration",
    "Cell",
    "Effect",
    "HarnessError",
    "Inconclusive",
    "Interval",
    "Measurement",
    "Results",
    "Threshold",
    "control",
    "gate",
    "hypothesis",
    "kill",
]

PLACES = {
    "design.declaring": ("control", "gate", "hypothesis", "kill"),
    "errors": ("HarnessError", "Inconclusive"),
    "records": ("Calibration", "Cell", "Effect", "Interval", "Measurement", "Results", "Threshold"),
}


def __getattr__(name: str) -> Any:
    """Loads a public name on first use, so that importing the package costs next to nothing."""
    from importlib import import_module

    for place, names in PLACES.items():
        if name in names:
            return getattr(import_module(f"harness.{place}"), name)
    raise AttributeError(f"module 'harness' has no attribute {name!r}")
