"""What answers cost, by family and in all, and what the same tokens cost where their vendors sell them directly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from harness.domains.convergence.sections import FamilyCost
from harness.models.capabilities import list_price
from harness.models.prices import Tokens, cost, sum_known
from harness.models.responder import ModelEntry

ROUTER = "openrouter/"


def costs_of(replies: Mapping[str, Any]) -> list[FamilyCost]:
    """A record for each family of the members behind an API, and one for all of them; none where no member is."""
    asked = [one for one in replies.values() if one.rows and is_api(one.member)]
    families = dict.fromkeys(one.member.group for one in asked)
    found = [family_cost(family, [one for one in asked if one.member.group == family]) for family in families]
    return [*found, family_cost("", asked)] if found else []


def is_api(member: ModelEntry) -> bool:
    """Whether a member is asked over the wire: no weights of this machine, no recording, no null model."""
    from harness.extensions import responders

    return member.spec.partition("/")[0] not in responders()


def family_cost(family: str, members: Sequence[Any]) -> FamilyCost:
    sent = [(one.member.spec, row) for one in members for row in one.rows.values() if not row["cached"]]
    usd, listed = (sum_known(values) for values in ([row["usd"] for _, row in sent], [listed_cost(spec, row) for spec, row in sent]))
    return FamilyCost(
        name=family or "all",
        family=family,
        members=len(members),
        calls=len(sent),
        hits=sum(len(one.rows) for one in members) - len(sent),
        seconds=sum(row["latency_s"] for _, row in sent),
        usd=usd,
        per_call=None if usd is None or not sent else usd / len(sent),
        listed=listed,
        saved=None if usd is None or listed is None else listed - usd,
    )


def listed_cost(spec: str, row: Mapping[str, Any]) -> float | None:
    """What a call's tokens cost at the list price of the model's own vendor, also where a router was asked; None where a price or a count is unknown."""
    vendor, _, model = spec.removeprefix(ROUTER).partition("/")
    used = Tokens(input=row["input_tokens"], output=row["output_tokens"], cached=row.get("cached_tokens"), written=row.get("written_tokens"))
    return cost(list_price(vendor, model), used)
