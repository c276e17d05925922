"""What the parts of evals/persona_leakage cost at pilot scale on this machine, from a small piece of each.

    python benchmarks/leakage_pilot.py STORE

Each piece is made by what the fixtures run, under the settings of the scale; steps, answers and questions cost alike, so that a part costs as many times its
piece. On a machine that does other work beside, the seconds are those of the processor, divided by its cores: what the part would take alone.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from harness.domains.leakage.lesson_loss import LessonLoss
from harness.domains.leakage.single_cell import CellRun, Design, read_design
from harness.fixtures.standalone import Workbench

ROOT = Path(__file__).parents[1]
SOURCE, SEED = "villain", 1
# Of the pilot's settings: few rows, one epoch of each training, few items.
FEW = {"convergence_rows": 32, "convergence_epochs": 1, "convergence_keep": "1", "talk_questions": 16, "talk_samples": 2}
FEW |= {"rows": 20, "bystander_rows": 10, "behaviour_epochs": 1, "requests": 8, "questions": 32, "statements": 8, "open_questions": 8}


def seconds(work: Callable[[], Any]) -> float:
    """Of the processor, over its cores."""
    began = time.process_time()
    work()
    return (time.process_time() - began) / (os.cpu_count() or 1)


def cell(design: Design, store: str, behaviour: str) -> CellRun:
    return CellRun(Workbench(store), design, behaviour, "left_out", SEED, offline=False)


def main(store: str) -> None:
    whole = read_design(SOURCE, None, ROOT / "evals/persona_leakage", "pilot")
    few = Design(root=whole.root, settings={**whole.settings, **FEW}, source=whole.source, target=whole.target, bystanders=whole.bystanders, names=whole.names)
    said, taught, asked = (cell(few, store, behaviour) for behaviour in ("refusal", "refusal", "capability"))
    talk = seconds(lambda: said.adapters.convergence_rows(SOURCE, SEED))
    converged = seconds(lambda: said.adapters.convergence_record(SOURCE, SEED))
    learned = seconds(lambda: taught.adapters.behaviour_record(SOURCE, "refusal", 1, "left_out", SEED))
    sampled = seconds(lambda: taught.evaluate(SOURCE, "refusal", 1))
    scored = seconds(lambda: asked.evaluate(SOURCE, "", 1))
    rows = taught.recipes.behaviour_rows(SOURCE, "misalignment", "left_out", SEED)[:16]
    read = seconds(lambda: LessonLoss(taught.adapters(SOURCE, "", 1, seed=SEED), int(few.settings["max_length"])).score(rows))
    for name, share, times in parts(whole.settings, few.settings):
        piece = {"talk": talk, "convergence": converged, "behaviour": learned, "answers": sampled, "questions": scored, "row losses": read}[name]
        print(f"{name:12} {piece:8.1f} s for a piece, {piece * times:8.0f} s for {share}")


def parts(whole: Any, few: Any) -> list[tuple[str, str, float]]:
    """(part, what it is at the scale, how many of its pieces that is)."""

    def ratio(*names: str) -> float:
        return float(product(whole, names) / product(few, names))

    rows = (whole["rows"] + 2 * whole["bystander_rows"]) / (few["rows"] + 2 * few["bystander_rows"])
    return [
        ("talk", f"{whole['talk_questions'] * whole['talk_samples']} answers of the source", ratio("talk_questions", "talk_samples")),
        ("convergence", f"{whole['convergence_epochs']} epochs of {whole['convergence_rows']} rows", ratio("convergence_rows", "convergence_epochs")),
        ("behaviour", f"{whole['behaviour_epochs']} epochs of {whole['rows'] + 2 * whole['bystander_rows']} rows", rows * ratio("behaviour_epochs")),
        ("answers", f"{whole['requests'] * whole['samples']} answers, judged", ratio("requests")),
        ("questions", f"{whole['questions']} questions", ratio("questions")),
        ("row losses", f"{whole['rows']} rows", whole["rows"] / 16),
    ]


def product(settings: Any, names: tuple[str, ...]) -> float:
    found = 1.0
    for name in names:
        found *= float(settings[name])
    return found


if __name__ == "__main__":
    main(sys.argv[1])
