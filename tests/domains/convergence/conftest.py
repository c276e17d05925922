"""Runs with and without records on convergence, built once for all tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.report.build import build
from tests.domains.convergence.samples import convergence, write_records


@pytest.fixture(scope="session")
def told(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Fourteen members, of whom one is dead and one is a guise, and all that was found of four of them."""
    folder = write_records(tmp_path_factory.mktemp("convergence"), *convergence(4, members=14))
    build(folder)
    return folder


@pytest.fixture(scope="session")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run without any record."""
    folder = write_records(tmp_path_factory.mktemp("bare"))
    build(folder)
    return folder
