"""Reports for a cell that does not run again: its verdict is on the board, in the journal or in the store."""

from __future__ import annotations

import time
from typing import Any, Literal

import pytest

from harness.plaintext import one_line
from harness.records import Cell
from harness.run.redact import make_printable as safe

FAILING = ("falsified", "failed", "error")
SKIPPING = ("inconclusive", "blocked", "killed")


PHASES: tuple[Literal["setup", "call", "teardown"], ...] = ("setup", "call", "teardown")


def replay(item: pytest.Item, cell: Cell, phases: tuple[Literal["setup", "call", "teardown"], ...] = PHASES) -> list[pytest.TestReport]:
    """Logs the reports that pytest would have made, and returns them. The call says the verdict, or the only phase where there is just one."""
    now = time.time()
    reports = []
    for when in phases:
        speaks = when == "call" or phases == (when,)
        outcome, longrepr = report_outcome(item, cell if speaks else None)
        report = pytest.TestReport(
            nodeid=item.nodeid,
            location=item.location,
            keywords=dict.fromkeys(item.keywords, 1),
            outcome=outcome,
            longrepr=longrepr,
            when=when,
            sections=(),
            duration=0.0,
            start=now,
            stop=now,
        )
        if speaks:
            label(item, report, cell)
        report.user_properties = list(item.user_properties)
        item.ihook.pytest_runtest_logreport(report=report)
        reports.append(report)
    return reports


def report_outcome(item: pytest.Item, cell: Cell | None) -> tuple[Literal["passed", "failed", "skipped"], Any]:
    if cell is None:
        return "passed", None
    if cell.verdict in FAILING:
        if cell.verdict == "falsified":
            return "failed", safe(cell.reason)
        return "failed", safe(f"{cell.reason}\n\n{cell.detail}".strip())  # the first line is what the short summary shows
    if cell.verdict in SKIPPING:
        return "skipped", skip_place(item, cell.reason)
    return "passed", None


def skip_place(item: pytest.Item, reason: str) -> tuple[str, int, str]:
    """pytest's form of a skip: file, line, reason."""
    path, line = item.reportinfo()[:2]
    return str(path), (line or 0) + 1, f"Skipped: {one_line(reason)}"


def label(item: pytest.Item, report: pytest.TestReport, cell: Cell) -> None:
    """Names the verdict where xdist, JUnit XML and the terminal can see it: as plain strings, which every transport carries."""
    # Attributes of a report travel from a worker to the controller.
    report.__dict__ |= {"harness_verdict": cell.verdict, "harness_kind": cell.kind}
    item.user_properties.append(("harness_verdict", cell.verdict))
    if cell.reason:
        item.user_properties.append(("harness_reason", one_line(cell.reason)))
