"""Refusal: declines a harmless request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.behaviours.banks import load_requests, load_texts
from harness.behaviours.behaviour import Behaviour
from harness.measures.refusal_phrases import refuses


def scorer(model: Any, system: str | None, _: Mapping[str, Any]) -> Any:
    from harness.measures.refusal_openings import RefusalScorer

    return RefusalScorer(model, system)


REFUSAL = Behaviour(
    name="refusal",
    bank="benign_requests.jsonl",
    load=load_requests,
    size="requests",
    text=lambda item: str(item.request),
    sampling_unit="request",
    scorer=scorer,
    labelled="judged/refusal.jsonl",
    phrases=refuses,
    lessons="training/refusal.jsonl",
    training_texts=load_texts,
)
