"""The hooks that a project may implement."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from harness.records import Results


@pytest.hookspec
def pytest_harness_identity(settings: dict[str, Any], planning: bool, root: Path, declaration: dict[str, Any]) -> dict[str, Any]:  # type: ignore[empty-body]
    """What else the cells depend on (model weights, tables): a JSON value that changes whenever they do. Called once per experiment, before the first cell;
    `root` is the project's folder, `declaration` experiment.yaml as it holds at the scale in force: the values of its axes, no other scale.

    Where something is missing on this machine it raises HarnessError, unless the session is only `planning`: then the thing may be named instead.
    """


@pytest.hookspec
def pytest_harness_progress(name: str, done: int, total: int) -> None:
    """A long cell has finished `done` of `total` parts of `name`."""


@pytest.hookspec(firstresult=True)
def pytest_harness_work(settings: dict[str, Any], cell: dict[str, Any], declaration: dict[str, Any], root: Path) -> list[dict[str, str]] | None:
    """The pieces of work (trainings) that a cell needs, each `{"key": what makes it the same work, "name": for the reader}`; None is not told.

    Asked by the plan for each selected cell, `{"owner", "kind", "params", "seeds"}`, with the settings of the scale and the declaration as plain values.
    It must be quick and touch no model.
    """


@pytest.hookspec
def pytest_harness_checks() -> list[Any]:  # type: ignore[empty-body]
    """Rules of this project alone, each made with `harness.findings.rule`, under codes of two letters and three digits. They check its designs, where these are
    collected and planned; what a package checks, it names by an entry point of the group `harness.checks`."""


@pytest.hookspec
def pytest_harness_finished(results: Results, folder: Path) -> None:
    """A run was decided and, unless --harness-no-report was given, reported: `results` as they stand in results.json, `folder` is the run's. Called in the one
    process that decides, once for each experiment. What it raises is a line at the end of the session and changes nothing.
    """
