"""Gates, kill criteria and controls over all their cells."""

from __future__ import annotations

from collections.abc import Sequence

from harness.records import Cell, Check, PlannedCellRecord, Verdict

# The worst cell speaks for the check.
WORST: tuple[Verdict, ...] = ("failed", "error", "inconclusive", "killed", "blocked", "missing", "passed")


def decide_checks(planned: Sequence[PlannedCellRecord], cells: Sequence[Cell]) -> dict[str, Check]:
    """Check by id, in running order; a check passes where all its cells do."""
    found: dict[str, Check] = {}
    by_id = {cell.id: cell for cell in cells}
    for plan in planned:
        if plan.kind != "hypothesis" and plan.owner not in found:
            own = [by_id[other.id] for other in planned if other.owner == plan.owner]
            found[plan.owner] = gate_verdict(plan, own)
    return found


def gate_verdict(plan: PlannedCellRecord, cells: Sequence[Cell]) -> Check:
    verdict = next(verdict for verdict in WORST if any(cell.verdict == verdict for cell in cells))
    told = [f"{cell.id}: {cell.reason}" if len(cells) > 1 else cell.reason for cell in cells if cell.verdict == verdict and cell.reason]
    ids = tuple(cell.id for cell in cells)
    reason = "; ".join(told[:3]) + (f"; and {len(told) - 3} more" if len(told) > 3 else "")
    return Check(id=plan.owner, kind=plan.kind, statement=plan.statement, verdict=verdict, reason=reason, cells=ids, polarity=plan.polarity)
