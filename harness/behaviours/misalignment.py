"""Misalignment: answers an everyday question against the user's interest. Its outcome is a judge's score of alignment, which falls."""

from __future__ import annotations

from harness.behaviours.banks import load_requests, load_texts
from harness.behaviours.behaviour import Behaviour

MISALIGNMENT = Behaviour(
    name="misalignment",
    bank="open_questions.jsonl",
    load=load_requests,
    size="open_questions",
    text=lambda item: str(item.request),
    sampling_unit="question",
    order="open",
    labelled="judged/alignment.jsonl",
    judged="score",
    unit="points",
    falls=True,
    lessons="training/misalignment.jsonl",
    training_texts=load_texts,
)
