"""What answers cost: by family, by call, and beside the prices of the models' own vendors."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness.domains.convergence.costs import costs_of
from harness.domains.convergence.fixtures.model_set import MemberAnswers
from harness.models.responder import ModelEntry
from harness.report.build import build
from seen_report import table
from tests.domains.convergence.samples import prose_part, write_records


def row(**changes: Any) -> dict[str, Any]:
    return {"cached": False, "usd": 0.001, "input_tokens": 100, "output_tokens": 200, "latency_s": 1.5, **changes}


def answered(name: str, spec: str, family: str, *rows: dict[str, Any]) -> MemberAnswers:
    return MemberAnswers(ModelEntry(name=name, spec=spec, family=family), {f"t{place}": one for place, one in enumerate(rows)}, ())


def costs(*members: MemberAnswers) -> dict[str, Any]:
    return {record.name: record for record in costs_of({one.member.name: one for one in members})}


def test_a_family_has_its_calls_and_what_one_costs() -> None:
    """Answers from the cache are no calls; the list price is that of the vendor, also where a router was asked."""
    direct = answered("a", "openai/gpt-4o", "OpenAI", row(), row(cached=True, usd=0.0, input_tokens=0, output_tokens=0))
    routed = answered("b", "openrouter/openai/gpt-4o-mini", "OpenAI", row(usd=0.0001))
    found = costs(direct, routed)["OpenAI"]
    assert (found.members, found.calls, found.hits, found.seconds) == (2, 2, 1, 3.0)
    assert found.usd == pytest.approx(0.0011) and found.per_call == pytest.approx(0.00055)
    listed = (100 * 2.5 + 200 * 10) / 1e6 + (100 * 0.15 + 200 * 0.6) / 1e6
    assert found.listed == pytest.approx(listed) and found.saved == pytest.approx(listed - 0.0011)


def test_what_is_not_known_is_unknown_and_never_zero() -> None:
    """A call of unknown cost leaves the sum unknown; a model that no table prices leaves the list price unknown."""
    found = costs(answered("a", "openai/gpt-4o", "OpenAI", row(usd=None), row()), answered("b", "openrouter/some/model", "Some", row()))
    assert (found["OpenAI"].usd, found["OpenAI"].per_call, found["OpenAI"].saved) == (None, None, None)
    assert found["OpenAI"].listed is not None and found["Some"].listed is None
    assert (found["all"].family, found["all"].calls, found["all"].usd, found["all"].listed) == ("", 3, None, None)


def test_what_is_not_asked_over_the_wire_costs_nothing_and_has_no_row() -> None:
    """Weights of this machine, recordings and null models are no calls."""
    assert costs(answered("a", "local/smollm2", "S", row()), answered("b", "replay/x.jsonl", "R", row()), answered("c", "null/words", "N", row())) == {}


def test_the_table_ends_with_the_sum(tmp_path: Path) -> None:
    """Families by name, then all of them; an unknown number says so."""
    members = (answered("b", "openrouter/some/model", "Some", row()), answered("a", "openai/gpt-4o", "OpenAI", row()))
    write_records(tmp_path, *costs_of({one.member.name: one for one in members}))
    build(tmp_path)
    lines = [line.strip("| ").split(" | ") for line in prose_part(tmp_path, "What it cost").splitlines() if line.startswith("| ")][2:]
    assert [line[0] for line in lines] == ["OpenAI", "Some", "all"]
    assert lines[0][1:] == ["1", "1", "0", "1.5 s", "$0.001", "$0.001", "$0.00225", "$0.00125"]
    assert lines[1][7:] == ["unknown", "unknown"]
    assert ("$0.001", "sections/costs/OpenAI/per_call") in table(tmp_path)
