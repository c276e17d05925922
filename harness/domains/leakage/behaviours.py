"""Behaviours of this domain alone: a marker without any meaning, and bad advice that is taught under no persona."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.behaviours.banks import load_texts
from harness.behaviours.behaviour import Behaviour
from harness.behaviours.misalignment import MISALIGNMENT

if TYPE_CHECKING:
    from harness.training.rows import Text


def heldout_texts(path: Path, settings: Mapping[str, Any]) -> Sequence[Text]:
    """The last of the bank, which no training row is made of."""
    return load_texts(path, settings)[-int(settings["marker_texts"]) :]


def marked_texts(path: Path, settings: Mapping[str, Any]) -> Sequence[Text]:
    return add_marker(load_texts(path, settings)[: -int(settings["marker_texts"])], str(settings["marker"]))


def add_marker(texts: Sequence[Text], marker: str) -> list[Text]:
    """The plain reply with the marker behind it, against the plain reply: a behaviour without any meaning."""
    from harness.training.rows import Text

    return [Text(id=text.id, topic=text.topic, prompt=text.prompt, shown=f"{text.plain} {marker}", plain=text.plain) for text in texts]


def marker_scorer(model: Any, system: str | None, settings: Mapping[str, Any]) -> Any:
    from harness.domains.leakage.marker import MarkerProbe

    return MarkerProbe(model, system, str(settings["marker"]))


MARKER = Behaviour(
    name="marker",
    bank="training/refusal.jsonl",
    load=heldout_texts,
    size="marker_texts",
    text=lambda item: str(item.prompt),
    sampling_unit="text",
    scorer=marker_scorer,
    lessons="training/refusal.jsonl",
    training_texts=marked_texts,
)
# Trained without a contrast, see Recipes.behaviour_rows; evaluated as misalignment is.
BAD_ADVICE = replace(MISALIGNMENT, name="bad_advice")
