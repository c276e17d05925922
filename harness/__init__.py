"""harness: alignment experiments as pytest tests. This is the public door; what is not named here may change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from harness.design.declaring import control, gate, hypothesis, kill
    from harness.errors import HarnessError, Inconclusive
    from harness.records import Calibration, Cell, Effect, Interval, Measurement, Results, SectionRecord, Threshold
    from harness.run.loading import LoadedRun, load
    from harness.yamlfile import read_yaml

__version__ = "0.1.0"

__all__ = [
    "Calibration",
    "Cell",
    "Effect",
    "HarnessError",
    "Inconclusive",
    "Interval",
    "LoadedRun",
    "Measurement",
    "Results",
    "SectionRecord",
    "Threshold",
    "control",
    "gate",
    "hypothesis",
    "kill",
    "load",
    "read_yaml",
]

PLACES = {
    "design.declaring": ("control", "gate", "hypothesis", "kill"),
    "errors": ("HarnessError", "Inconclusive"),
    "yamlfile": ("read_yaml",),
    "records": ("Calibration", "Cell", "Effect", "Interval", "Measurement", "Results", "SectionRecord", "Threshold"),
    "run.loading": ("LoadedRun", "load"),
}


def __getattr__(name: str) -> Any:
    """Loads a public name on first use, so that importing the package costs next to nothing."""
    from harness.lazy_exports import find_public

    return find_public("harness", PLACES, name)
