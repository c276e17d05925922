"""The hooks that a project may implement."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.hookspec
def pytest_harness_identity(settings: dict[str, Any]) -> dict[str, Any]:  # type: ignore[empty-body]
    """What else the cells depend on (model weights, tables): a JSON value that changes whenever they do. Called once per experiment, before the first cell."""


@pytest.hookspec
def pytest_harness_progress(name: str, done: int, total: int) -> None:
    """A long cell has finished `done` of `total` parts of `name`."""
