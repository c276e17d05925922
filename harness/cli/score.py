"""`harness score`: is an experiment worth running, and what is open before it may?"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.cli.collecting import collect
from harness.cli.command import CLEAN, FINDINGS, Answer, add_command
from harness.commands import command
from harness.errors import HarnessError

if TYPE_CHECKING:
    from harness.design.score import Score

MORE = (
    "score.yaml beside experiment.yaml holds five dimensions from 1 to 5, required changes, questions and findings; without one, it is written for you to "
    "fill in. RUN at 3.5 and above, MODIFY from 2.5, SKIP below. Open points block a run at scale full. A folder of experiments gives the queue by priority."
)


def add(commands: Any) -> None:
    command = add_command(commands, "score", run, "score an experiment, or list scored experiments by priority", MORE)
    command.add_argument("path", nargs="?", type=Path, default=Path("evals"), help="an experiment, or a folder of experiments (default: evals)")


def run(arguments: argparse.Namespace) -> Answer:
    path: Path = arguments.path
    if (path / "experiment.yaml").exists():
        return score_one(path.resolve())
    folders = sorted(found.parent.resolve() for found in path.glob("*/experiment.yaml"))
    if not folders:
        raise HarnessError("holds no experiment", where=str(path), mend="Name the folder of an experiment, or of several, such as evals")
    return queue(folders)


def score_one(folder: Path) -> Answer:
    from harness.design.score import FILE_NAME, read_score, template
    from harness.store import write_text

    score = read_score(folder)
    if score is None:
        write_text(folder / FILE_NAME, template())
        told = f"wrote {folder / FILE_NAME}: fill in the scores and their reasons, then run this again"
        return FINDINGS, {"written": str(folder / FILE_NAME)}, [told]
    record(folder, score)
    value = described(folder, score)
    code = CLEAN if score.decision == "RUN" and not score.open_points else FINDINGS
    return code, value, list(lines_of(value, score))


def record(folder: Path, score: Score) -> None:
    """Writes into the experiment's history that it was scored, where that is new, and that its last question was answered."""
    from harness.history import read_events, record_event

    known = [event for event in read_events(folder) if event.event in ("scored", "clarified")]
    scored = [event.note for event in known if event.event == "scored"]
    if score.summary() != (scored[-1] if scored else None):
        record_event(folder, "scored", score.summary())
    if score.spec.questions and all(question.answer.strip() for question in score.spec.questions):
        note = f"questions answered: {len(score.spec.questions)}"
        if not any(event.event == "clarified" and event.note == note for event in known):
            record_event(folder, "clarified", note)


def described(folder: Path, score: Score | None) -> dict[str, Any]:
    """An experiment with its score, its open points, and its cost at the largest declared scale."""
    from harness.design.score import compute_label

    plan = planned(folder)
    return {
        "experiment": folder.name,
        "score": score.total if score else None,
        "decision": score.decision if score else None,
        "scores": score.values if score else {},
        "open": [{"kind": point.kind, "text": point.text} for point in score.open_points] if score else [],
        "scale": plan["scale"],
        "cost": plan["cost"],
        "compute": compute_label(plan["cost"]),
    }


def planned(folder: Path) -> dict[str, Any]:
    """Cost of all cells at the largest declared scale."""
    from harness.design.experiment import experiment_in, order_scales
    from harness.design.plan import costs

    scale = order_scales(experiment_in(folder).scales)[-1]

    def cost(session: Any) -> list[dict[str, Any]]:
        return [{"scale": scale, **costs(active.universe, active.universe.cells)} for active in session.actives()]

    found: dict[str, Any] = collect([str(folder), "--harness-scale", scale], cost)[0]
    return found


def lines_of(value: dict[str, Any], score: Score) -> Iterator[str]:
    yield f"{value['experiment']}: {score.arithmetic}: {score.decision}"
    for name, points in score.values.items():
        yield f"  {name.replace('_', '-') if name == 'de_risking' else name.replace('_', ' ')} {points}: {getattr(score.spec.scores, name).why}"
    yield cost_line(value)
    for change in score.spec.required_changes:
        yield f"  [{'x' if change.done.strip() else ' '}] change: {change.change}"
    for question in score.spec.questions:
        yield f"  [{'x' if question.answer.strip() else ' '}] question: {question.question}"
    for finding in score.spec.findings:
        yield f"  [{'x' if finding.resolved.strip() else ' '}] finding: {finding.finding}"


def cost_line(value: dict[str, Any]) -> str:
    from harness.costs import in_words
    from harness.records import Cost, decode

    return f"compute: {value['compute']} ({in_words(decode(value['cost'], Cost))} at scale {value['scale']})"


def queue(folders: list[Path]) -> Answer:
    """All experiments by priority: decision, score, then fewer GPU-hours; those without a score last."""
    from harness.design.score import find_score

    order = {"RUN": 0, "MODIFY": 1, "SKIP": 2, None: 3}
    entries = [described(folder, find_score(folder)) for folder in folders]
    entries.sort(key=lambda one: (order[one["decision"]], -(one["score"] or 0), one["cost"].get("gpu_hours") or 0.0, one["experiment"]))
    lines = [
        f"{place}. {one['experiment']}: {one['score']:.2f} {one['decision']}, {cost_line(one)}, open points: {len(one['open'])}"
        if one["score"] is not None
        else f"-  {one['experiment']}: not scored ({command('harness', 'score', folder_of(folders, one['experiment']))})"
        for place, one in enumerate(entries, start=1)
    ]
    return (FINDINGS if any(one["open"] or one["score"] is None for one in entries) else CLEAN), {"queue": entries}, lines


def folder_of(folders: list[Path], name: str) -> Path:
    return next(folder for folder in folders if folder.name == name)
