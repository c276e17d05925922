"""Why a file could not be collected, in one line."""

from __future__ import annotations

import re
from typing import Any

import pytest
from _pytest._code.code import ReprFileLocation
from _pytest.reports import CollectErrorRepr


def reason_of(text: str) -> str:
    """The line of pytest's that says what went wrong: the last it marks with E, or the last of all; of two modules of one name, what to do."""
    lines = [line.strip() for line in text.splitlines() if line.strip()] or [text]
    if match := re.search(r"imported module '(.+)' has this __file__ attribute", text):
        return f"two files are imported as the module {match[1]!r}. Add addopts = --import-mode=importlib to pytest.ini, or rename one of them"
    return next((line[1:].strip() for line in reversed(lines) if line.startswith("E  ")), lines[-1]).removeprefix("harness.errors.HarnessError: ")


def name_reason(report: pytest.CollectReport) -> None:
    """Has pytest's short summary say why, as it does of tests: with --tb=no nothing else would. A report from a worker of pytest-xdist is text."""
    told: Any = report.longrepr
    if isinstance(told, str):
        told = report.longrepr = CollectErrorRepr(told)
    if report.failed and told is not None and not isinstance(told, tuple) and getattr(told, "reprcrash", None) is None:
        told.reprcrash = ReprFileLocation(report.nodeid, 0, reason_of(str(told)))
