"""How each member did, for the report: statuses, tokens and cost, and why it is not alive."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from harness.domains.convergence.sections import RespondentSummary
from harness.models.prices import sum_known
from harness.models.status import ANSWERED


def why_not_alive(one: Any, bar: float) -> str:
    """Why a member is not alive; "" where it is."""
    if not one.rows:
        return one.unpaid or one.missing or "was not asked"
    if one.share >= bar:
        return ""
    errors = Counter(row["error"] or row["status"] for row in one.rows.values() if row["status"] not in ANSWERED)
    first, count = errors.most_common(1)[0]
    return f"answered {sum(text is not None for text in one.texts.values())} of {len(one.rows)} ({count} x {first[:80]})"


def summary_of(one: Any, bar: float) -> Any:
    """A member's line in the report: statuses, tokens, and cost, each None where it is not known."""
    member, rows = one.member, list(one.rows.values())
    counts = Counter(row["status"] for row in rows)
    return RespondentSummary(
        name=member.name,
        spec=member.spec,
        kind=member.kind,
        family=member.group,
        maker=member.provider,
        region=member.region,
        architecture=member.architecture,
        size=member.size,
        base=member.base,
        answers=len(rows),
        **{status: counts[status] for status in ("ok", "truncated", "refused", "empty", "error")},
        errors=dict(Counter(row["error"].partition(":")[0] for row in rows if row["status"] == "error")),
        refusals=dict(Counter(row["refusal"] for row in rows if row.get("refusal"))),
        hits=sum(row["cached"] for row in rows),
        alive=bool(rows) and one.share >= bar,
        trouble=why_not_alive(one, bar),
        versions=tuple(sorted({row["model"] for row in rows if row["model"]})),
        providers=tuple(sorted({describe_provider(row) for row in rows if row.get("provider")})),
        input_tokens=total(rows, "input_tokens"),
        output_tokens=total(rows, "output_tokens"),
        cached_tokens=total(rows, "cached_tokens"),
        reasoning_tokens=total(rows, "reasoning_tokens"),
        usd=total_usd(rows),
    )


def describe_provider(row: Mapping[str, Any]) -> str:
    """Who ran the model, with the quantisation of its weights where that is known."""
    return f"{row['provider']} ({row['quantization']})" if row.get("quantization") else str(row["provider"])


def total_usd(rows: Sequence[Mapping[str, Any]]) -> float | None:
    """US dollars of all calls, or None where one is unknown, or there is none."""
    return sum_known(row["usd"] for row in rows) if rows else None


def total(rows: Sequence[Mapping[str, Any]], field: str) -> int | None:
    """The same of another field, over the answers."""
    values = [row.get(field) for row in rows if row["status"] in ANSWERED]
    return sum_known(values) if values else None
