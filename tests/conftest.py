"""What all tests share: pytest's own tester, and the place of the shared real inputs."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

from harness.models.precision import steady

steady()  # before anything brings torch along
# In CI the same examples every time: a rare counter-example is for the one who changes the code, not for whoever pushes next.
settings.register_profile("ci", derandomize=True)
if os.environ.get("CI"):
    settings.load_profile("ci")

pytest_plugins = ["pytester"]

ROOT = Path(__file__).parents[1]
SHARED = ROOT.parent / "shared"


@pytest.fixture
def shared() -> Path:
    """The folder of real inputs; the test is skipped, naming the path, where it is absent."""
    if not (SHARED / "data").is_dir():
        pytest.skip(f"{SHARED / 'data'} is not there")
    return SHARED
