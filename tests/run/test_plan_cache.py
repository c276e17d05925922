"""A plan is simulated once; one whose simulation failed is simulated again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from harness.records import Cost
from harness.run import plan_cache
from harness.store import Store
from sample_universe import universe


@pytest.mark.parametrize(
    ("hypothesis", "simulated"),
    [({"power": 0.9}, 1), ({"not_simulated": "not known", "argued": True}, 1), ({"not_simulated": "its answers() fails", "argued": False}, 2)],
)
def test_what_is_kept(hypothesis: dict[str, Any], simulated: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []

    def simulate(_: object) -> dict[str, Any]:
        calls.append(1)
        return {"hypotheses": {"H1": hypothesis}}

    monkeypatch.setattr(plan_cache, "plan_of", simulate)
    planned = structs.replace(universe(Cost(), {}), design={"thresholds": {}})
    assert plan_cache.cached_plan(planned, Store(tmp_path)) == plan_cache.cached_plan(planned, Store(tmp_path)) == {"hypotheses": {"H1": hypothesis}}
    assert len(calls) == simulated
