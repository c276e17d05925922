"""A run folder with a report, built once for the whole session."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sample_run import write_run


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample run with its report."""
    from harness.report.build import build

    folder = write_run(tmp_path_factory.mktemp("run"))
    build(folder)
    return folder


@pytest.fixture
def new_run(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """A fresh run folder, its results changed by keyword."""

    def make(**changes: Any) -> Path:
        return write_run(tmp_path_factory.mktemp("run"), **changes)

    return make
