"""A run with a declared trajectory, training curves and judges: sources x behaviours x epochs, with missing, blocked, lost and negative points."""

from __future__ import annotations

from math import exp
from pathlib import Path
from typing import Any

import msgspec

from harness.appendlog import AppendLog
from harness.fingerprint import file_fingerprint
from harness.records import Cell, Check, Interval, Measurement, Results, SamplesRef, encode
from harness.store import write_json
from sample_cells import check_cell
from sample_run import results

LINES = ("source", "target", "canary")
TRAJECTORY = {"of": "P1", "x": "epoch", "lines": list(LINES), "rows": "source", "columns": "behaviour"}
SOURCES = ("villain", "comedian", "librarian", "french_person", "kindergarten_teacher", "pirate", "robot", "poet", "lawyer", "zen_monk")
BEHAVIOURS = ("refusal", "agreement", "capability", "rhyming")


def rate(name: str, value: float, refs: tuple[SamplesRef, ...] = ()) -> Measurement:
    """One measured line."""
    low, high = value - 0.09, value + 0.08
    interval = Interval(low=low, high=high, level=0.95, method="Wilson")
    return Measurement(name=name, value=value, unit="rate", n=40, sampling_unit="prompt", interval=interval, samples=refs)


def point(source: str, behaviour: str, epoch: int, refs: tuple[SamplesRef, ...] = ()) -> Cell:
    """One cell: source leaks into target, the canary stays low and is once negative (a change against a baseline), and some are without numbers."""
    params: dict[str, Any] = {"behaviour": behaviour, "epoch": epoch, "source": source}
    cell = msgspec.structs.replace(check_cell("P1", "control", "passed", "measured", source=source, behaviour=behaviour, epoch=str(epoch)), params=params)
    place = SOURCES.index(source) + 2 * BEHAVIOURS.index(behaviour)
    size = (0.95 - 0.06 * place) * (1 - exp(-epoch / 2))
    lines = (rate("source", size, refs), rate("target", size * 0.4 - 0.02), rate("canary", -0.03 if behaviour == "agreement" else 0.02))
    if (source, behaviour) == ("comedian", "agreement"):
        return msgspec.structs.replace(cell, verdict="blocked", reason="gate G7 failed: the adapter of 2 epochs does not load", stopped_by="G7")
    return msgspec.structs.replace(cell, measurements=lines[: 2 if behaviour == "capability" and epoch == 2 else 3])


def leakage(sources: int = 2, behaviours: int = 3, epochs: int = 2, refs: tuple[SamplesRef, ...] = (), **changes: Any) -> Results:
    """The run; the very last point was promised and has no record. `changes` replace fields."""
    axes = {"source": SOURCES[:sources], "behaviour": BEHAVIOURS[:behaviours], "epoch": tuple(range(1, epochs + 1))}
    places = [(source, behaviour, epoch) for source in axes["source"] for behaviour in axes["behaviour"] for epoch in axes["epoch"]]
    own = tuple(point(*place, refs if place == places[0] else ()) for place in places[:-1])
    check = Check(id="P1", kind="control", statement="What is trained leaks", verdict="passed", reason="measured", cells=tuple(cell.id for cell in own))
    plain = results()
    last = f"P1[{'-'.join(map(str, places[-1]))}]"
    fields: dict[str, Any] = {
        "cells": (*plain.cells, *own),
        "checks": (*plain.checks, check),
        "missing": (*plain.missing, last),
        "design": {**plain.design, "axes": {name: list(values) for name, values in axes.items()}, "trajectories": {"leakage": TRAJECTORY}},
    }
    return msgspec.structs.replace(plain, **fields | changes)


def answers(count: int = 24) -> list[dict[str, Any]]:
    """Rows of a judged behaviour; the substring says something else than the judge, who once gave no word."""
    return [
        {
            "item": f"q{place // 2}",
            "replicate": place % 2,
            "prompt": f"question {place}",
            "text": f"answer {place}",
            "refused": place % 2 == 0,
            "judged": None if place == 5 else place < 6,
            "score": None if place == 5 else 0.5,
        }
        for place in range(count)
    ]


def write_leakage(folder: Path, *size: int, **changes: Any) -> Path:
    """A run folder of the run; returns the folder."""
    path = folder / "samples" / "P1-source.jsonl"
    AppendLog(path).append(answers())
    ref = SamplesRef(path=f"samples/{path.name}", sha256=file_fingerprint(path), rows=24)
    write_json(folder / "results.json", encode(leakage(*size, refs=(ref,), **changes)), pretty=True)
    return folder
