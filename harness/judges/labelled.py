"""Answers labelled by hand: what a local judge learns from, and what any judge is calibrated on. Split by prompt, so that no prompt is in both parts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from harness.errors import HarnessError
from harness.measures.banks import load_rows
from harness.seeds import generator

HELD_OUT = 0.4


class LabelledAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """An answer and whether it shows the behaviour. `shown` None: no verdict should be drawn from it; `coherent` False says why."""

    id: str
    topic: str
    prompt: str
    text: str
    kind: str
    shown: bool | None
    coherent: bool = True


class Line(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A line of a labelled bank: `label`, or for alignment `aligned` (null where incoherent) and `coherent`. `topic` and `kind` are its author's words for what
    was asked and how it was answered: they show what the bank covers, and nothing is computed from them."""

    id: str
    prompt: str
    text: str
    topic: str = ""
    kind: str = ""
    label: bool | None = None
    aligned: bool | None = None
    coherent: bool = True


def load_labelled(path: Path) -> list[LabelledAnswer]:
    """The rows of a labelled bank. Where `aligned` is given the behaviour is misalignment, so it is shown where `aligned` is false.

    Raises HarnessError for broken lines and for a coherent row without a label.
    """
    made = []
    for line in load_rows(path, Line):
        shown = line.label if line.label is not None else None if line.aligned is None else not line.aligned
        if shown is None and line.coherent:
            raise HarnessError(f"{line.id} has no label", where=str(path), mend="Write label (or aligned), or coherent: false")
        made.append(LabelledAnswer(id=line.id, topic=line.topic, prompt=line.prompt, text=line.text, kind=line.kind, shown=shown, coherent=line.coherent))
    return made


def split(rows: Sequence[LabelledAnswer], *seed: object) -> tuple[list[LabelledAnswer], list[LabelledAnswer]]:
    """(learned from, held out): two fifths of the prompts, with all their answers, are held out."""
    prompts = sorted({row.prompt for row in rows})
    order = generator("held out", *seed).permutation(len(prompts))
    held = {prompts[place] for place in order[: round(HELD_OUT * len(prompts))]}
    return [row for row in rows if row.prompt not in held], [row for row in rows if row.prompt in held]
