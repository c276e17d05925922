"""The sections on the evolution of beliefs, gathered for templates and figures: each is there only where its facts are."""

from __future__ import annotations

from typing import Any

from harness.report import clouds, courses, deception, laws, phases, published
from harness.report.cloud_figure import cloud_figure
from harness.report.course_figure import course_figure
from harness.report.deception_figure import deception_figure
from harness.report.phase_figure import phase_figure
from harness.report.view import View


def parts(view: View) -> dict[str, Any]:
    """What the templates of these sections may call by name."""
    mapped, held, deceived = phases.phases(view), clouds.clouds(view), deception.deceived(view)
    return {
        "evolving": courses.courses(view),
        "courses": courses,
        "deceived": deceived,
        "deceptions_drawn": deception.drawable(deceived),
        "deception": deception,
        "mapped": mapped,
        "maps_drawn": phases.drawable(mapped),
        "phases": phases,
        "held": held,
        "clouds_drawn": clouds.drawable(held),
        "clouds": clouds,
        "recorded": published.published(view),
        "published": published,
        "obeyed": laws.laws(view),
        "laws": laws,
    }


def pictures(view: View) -> dict[str, bytes]:
    """The figures of these sections by file name: courses panel by panel, deception, maps, clouds."""
    found = parts(view)
    drawn: dict[str, bytes] = {}
    for panel in found["evolving"].panels:
        drawn |= course_figure(view, panel)
    drawn |= deception_figure(view, found["deceptions_drawn"]) if found["deceptions_drawn"] else {}
    drawn |= phase_figure(view, found["maps_drawn"]) if found["maps_drawn"] else {}
    return drawn | (cloud_figure(view, found["clouds_drawn"]) if found["clouds_drawn"] else {})


def stems(found: dict[str, Any]) -> list[str]:
    """The names of the figures that there are, without their endings."""
    present = {deception.STEM: found["deceptions_drawn"], phases.STEM: found["maps_drawn"], clouds.STEM: found["clouds_drawn"]}
    return [*(panel.stem for panel in found["evolving"].panels), *(stem for stem, there in present.items() if there)]
