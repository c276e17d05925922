"""What the tests of this experiment ask for: differences of arms run by run, slopes, panels of the report, the published table."""

from __future__ import annotations

import pytest

from fixtures.evolution import report_adversaries, report_beliefs, report_courses, report_deception, report_phases  # noqa: F401  fixtures
from fixtures.evolution_measures import differ, differing_gains, over_runs, slope  # noqa: F401  fixtures
from harness import read_yaml


@pytest.fixture
def published(context):
    """(base, conditions): what all published runs set, and by "level 1, rho 0" the published figures of a condition with what it sets besides."""
    data = read_yaml(context.folder / "published.yaml")
    levels = {name: level for name, level in data.items() if name.startswith("level ")}
    conditions = {f"{name}, {each}": (stated, level["set"] | stated["set"]) for name, level in levels.items() for each, stated in level["conditions"].items()}
    return data["base"], conditions
