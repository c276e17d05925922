"""What the report shows of a study of persona leakage, beside what every report shows."""

from harness.domains.leakage.sections.judges import JudgeCalibration, Judges
from harness.domains.leakage.sections.training_curves import TrainingCurve, TrainingCurves

__all__ = ["SECTIONS", "JudgeCalibration", "TrainingCurve"]

SECTIONS = [Judges(), TrainingCurves()]
