"""The documentation describes all domains of this package: where the folder of one was removed, its tests have nothing whole to look at."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOMAINS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["entry-points"]["harness.domains"]


@pytest.fixture(scope="session", autouse=True)
def every_domain_is_here() -> None:
    for point in DOMAINS.values():
        folder = ROOT / point.partition(":")[0].replace(".", "/")
        if not folder.is_dir():
            pytest.skip(f"{folder} is not there, and the documentation describes it")
