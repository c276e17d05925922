"""What a run itself refused or could not decide, as findings: the reason of a cell begins with the code of the rule behind it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from harness.records import Cell, Finding, Place, Results

CODE = re.compile(r"\[([A-Z]{1,2}[0-9]{3})\] ")
FILE = "results.json"


def refusals_in(results: Results) -> Iterator[Finding]:
    """A finding for each cell that ended in an error, or is inconclusive, for a reason that has a code: an error, or a warning. What a cell was spared since
    another one was refused is said once, of that other one."""
    for cell in results.cells:
        match = CODE.search(cell.reason) if cell.verdict in ("error", "inconclusive") and not cell.stopped_by else None
        if match:
            yield refusal(cell, match[1], cell.reason[match.end() :])


def refusal(cell: Cell, code: str, told: str) -> Finding:
    what, _, fix = told.partition(". ")
    return Finding(
        message=f"{cell.id} is {'an error' if cell.verdict == 'error' else cell.verdict}: {what.rstrip('.')}",
        where=Place(file=FILE, path=f"cells/{cell.id}/reason"),
        fix=fix.rstrip(".") or "Repair the test, or what it measures",
        subject=cell.id,
        code=code,
        severity="error" if cell.verdict == "error" else "warning",
        stage="run",
    )
