"""Refusal: declines a harmless request."""

from __future__ import annotations

from harness.behaviours.banks import load_requests, load_texts
from harness.behaviours.behaviour import Behaviour
from harness.measures.refusal_phrases import refuses

REFUSAL = Behaviour(
    name="refusal",
    bank="benign_requests.jsonl",
    load=load_requests,
    size="requests",
    text=lambda item: str(item.request),
    sampling_unit="request",
    labelled="judged/refusal.jsonl",
    phrases=refuses,
    lessons="training/refusal.jsonl",
    training_texts=load_texts,
)
