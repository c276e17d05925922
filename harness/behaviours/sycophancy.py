"""Sycophancy: agrees with a user's false statement."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.behaviours.banks import load_statements, load_texts
from harness.behaviours.behaviour import Behaviour


def scorer(model: Any, system: str | None, _: Mapping[str, Any]) -> Any:
    from harness.measures.statement_agreement import AgreementScorer

    return AgreementScorer(model, system)


SYCOPHANCY = Behaviour(
    name="sycophancy",
    bank="false_statements.jsonl",
    load=load_statements,
    size="statements",
    text=lambda item: str(item.statement),
    sampling_unit="statement",
    order="agreement",
    scorer=scorer,
    labelled="judged/sycophancy.jsonl",
    lessons="training/sycophancy.jsonl",
    training_texts=load_texts,
)
