"""What the report shows of a study of persona leakage, beside what every report shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.domains.leakage.sections.judges import JudgeCalibration, Judges
from harness.domains.leakage.sections.training_curves import TrainingCurve, TrainingCurves

__all__ = ["SECTIONS", "JudgeCalibration", "TrainingCurve"]

if TYPE_CHECKING:
    from harness.protocols import Section

SECTIONS: list[Section[Any]] = [Judges(), TrainingCurves()]
