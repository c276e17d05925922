"""What all tests share: pytest's own tester, small models, a toy experiment, and the place of the shared real inputs."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path

import pytest
from hypothesis import settings

from harness.models.precision import use_deterministic_sums

use_deterministic_sums()  # before anything brings torch along
# In CI the same examples every time: a rare counter-example is for the one who changes the code, not for whoever pushes next.
settings.register_profile("ci", derandomize=True)
if os.environ.get("CI"):
    settings.load_profile("ci")

pytest.register_assert_rewrite("hostile_text")
pytest_plugins = ["pytester", "small_models", "toy", "planted"]

# Warnings are errors in tests alone: in an experiment a third party's warning is no evidence against anything. The last line counts first.
STRICT = (
    "error",
    # swig's own types, imported by a dependency of transformers
    "ignore:builtin type .* has no __module__ attribute:DeprecationWarning",
)


def pytest_configure(config: pytest.Config) -> None:
    for line in STRICT:
        config.addinivalue_line("filterwarnings", line)


ROOT = Path(__file__).parents[1]
SHARED = ROOT.parent / "shared"


@pytest.fixture
def shared() -> Path:
    """The folder of real inputs; the test is skipped, naming the path, where it is absent."""
    if not (SHARED / "data").is_dir():
        pytest.skip(f"{SHARED / 'data'} is not there")
    return SHARED


@pytest.fixture(scope="session")
def every_domain() -> None:
    """For tests of what describes all domains of this package: skipped, with the path named, where the folder of one was removed."""
    points = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["entry-points"]["harness.domains"]
    for point in points.values():
        folder = ROOT / point.partition(":")[0].replace(".", "/")
        if not folder.is_dir():
            pytest.skip(f"{folder} is not there")
