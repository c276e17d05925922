"""What the report shows of a study of evolving populations, beside what every report shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.domains.evolution.sections.beliefs import BeliefCloud, Beliefs
from harness.domains.evolution.sections.deception import Deception, Deceptions
from harness.domains.evolution.sections.laws import Law, Laws
from harness.domains.evolution.sections.phases import PhaseMap, PhaseMaps
from harness.domains.evolution.sections.published import PublishedFigure, PublishedFigures
from harness.domains.evolution.sections.time_series import Course, Courses, MeasuredCourse

__all__ = ["SECTIONS", "BeliefCloud", "Course", "Deception", "Law", "MeasuredCourse", "PhaseMap", "PublishedFigure"]

if TYPE_CHECKING:
    from harness.protocols import Section

SECTIONS: list[Section[Any]] = [Laws(), Courses(), Deceptions(), PhaseMaps(), Beliefs(), PublishedFigures()]
